"""An adopted network is compared with its source on noise that tells the two apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.adopt import comparison
from dreamlayer.export.preprocessing import Pixels

STEADY, UNSTEADY = 1e-5, 5e-4
"""By how much a source's outputs differ with and without optimizations."""


def network() -> onnx.ModelProto:
    """A network with one output."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "height", "width"])
        for name in ("image", "y")
    ]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["image"], ["y"])], "one", *map(list, zip(ends))
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def compare(
    monkeypatch: pytest.MonkeyPatch, images: list[tuple[float, float]]
) -> tuple[list[str], int]:
    """Compare where the adopted network, and the source with itself, differ so on each image.

    What was said, and on how many images they were run.
    """
    tried: list[np.ndarray] = []
    left: Iterator[tuple[float, float]] = iter(images)
    now = (0.0, 0.0)

    def run(_: onnx.ModelProto, image: np.ndarray, _images: int) -> list[np.ndarray]:
        nonlocal now
        now = next(left)
        assert not any((image == one).any() for one in tried), "the same noise again"
        tried.append(image)
        return [np.ones(4) + now[0]]

    def outputs(*_: Any, optimize: bool = True) -> list[np.ndarray]:
        return [np.ones(4) + (0.0 if optimize else now[1])]

    monkeypatch.setattr(comparison, "_run", run)
    monkeypatch.setattr(comparison, "_outputs_of", outputs)
    said = comparison.compare(network(), network(), Pixels("image"), (8, 8))
    return said, len(tried)


@pytest.mark.parametrize(
    ("images", "tried", "told"),
    [
        ([(2e-4, STEADY)], 1, "2.0e-04"),
        ([(4e-3, UNSTEADY), (3e-5, STEADY)], 2, "3.0e-05 on noise 2; on that before, the source"),
        ([(4e-3, UNSTEADY)] * 3 + [(1e-4, UNSTEADY)], 4, "1.0e-04 on noise 4; on that before"),
    ],
)
def test_noise_that_a_source_amplifies_is_replaced(
    images: list[tuple[float, float]], tried: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the source differs from itself, its difference from ours tells nothing."""
    said, count = compare(monkeypatch, images)
    assert count == tried
    assert said[0].startswith(f"Checked   outputs differ from the source's by at most {told}")
    assert ("amplifies" in said[0]) == (tried > 1)


@pytest.mark.parametrize(
    "images",
    [
        [(4e-3, STEADY)],
        [(4e-3, UNSTEADY), (4e-3, STEADY)],
        [(4e-3, 1e-4)],
        [(4e-3, UNSTEADY)] * 4,
    ],
)
def test_a_network_that_differs_is_refused(
    images: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On noise on which the source is steady, or on all that is tried."""
    with pytest.raises(NetworkError, match=r"by 0\.004 of .* more than the 0\.001"):
        compare(monkeypatch, images)
