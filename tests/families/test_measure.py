"""What is told of a network's gradients, whatever becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import measure
import numpy as np
import onnx
import pytest

from dreamlayer.core.errors import UnsupportedOperatorError
from dreamlayer.core.version import VERSION


def record() -> dict[str, Any]:
    """What a framework hands over of one layer that is called `early`."""
    return {
        "late_module": "early",
        "late_activation": np.zeros((1, 4, 16, 16), np.float32),
        "late_gradients": np.ones((1, 3, 16, 16)),
        "late_missed": np.array([2e-6]),
        "images": np.zeros((1, 3, 16, 16), np.float32),
    }


class Failing:
    """In the place of a network: has no gradient."""

    def __init__(self, _name: str) -> None: ...

    def gradient_model(self, *_: Any) -> onnx.ModelProto:
        raise UnsupportedOperatorError("Sign has no gradient\nand more")


def cubes() -> onnx.ModelProto:
    """A gradient model whose loss is the sum of cubes of the image."""
    loss = "s = Mul(image, image) c = Mul(s, image) loss = ReduceSum<keepdims=0>(c)"
    text = f"""<ir_version: 9, opset_import: ["" : 18]>
        cubes (float[1, 3, 16, 16] image) => (float loss, float[1, 3, 16, 16] gradient)
        <float three = {{3}}> {{ {loss} gradient = Mul(s, three) }}"""
    return onnx.parser.parse_model(text)


class Rounded:
    """In the place of a session: gives the gradient of `cubes`, but for a part of it."""

    def __init__(self, part: float) -> None:
        self.part = part

    def run(self, _outputs: list[str], feeds: dict[str, Any]) -> list[Any]:
        return [3 * feeds["image"] ** 2 * (1 + self.part)]


@pytest.mark.parametrize("part", [0.0, 1e-2])
def test_float32_is_compared_with_float64(monkeypatch: pytest.MonkeyPatch, part: float) -> None:
    """Where the framework's gradient is missed, its own in float64 tells what float32 misses."""

    class Cubes(Failing):
        def gradient_model(self, *_: Any) -> onnx.ModelProto:
            return cubes()

    monkeypatch.setattr(measure, "Network", Cubes)
    monkeypatch.setattr(measure, "open_session", lambda _: Rounded(part))
    layers = {"conv": np.zeros((1, 4, 16, 16), np.float32)}
    pixels = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)
    handed = {**record(), "images": pixels}
    found = measure._compared("late", handed, layers, Path("adopted.onnx"))
    assert found["slopes"] < 1e-6
    assert found["rounding"] == pytest.approx(part, abs=1e-6)
    handed["late_gradients"] = Rounded(part).run([], {"image": pixels})[0]
    assert "rounding" not in measure._compared("late", handed, layers, Path("adopted.onnx"))


def test_versions_begin_with_dreamlayers_own() -> None:
    """A row can be traced to the release that it was measured with."""
    assert measure._versions()[0] == f"dreamlayer {VERSION}"


def test_a_gradient_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kind of the error and its first line; the layer that it belongs to is known."""
    monkeypatch.setattr(measure, "Network", Failing)
    layers = {"conv": np.zeros((1, 4, 16, 16), np.float32)}
    found = measure._compared("late", record(), layers, Path("adopted.onnx"))
    assert found == {
        "module": "early",
        "layer": "conv",
        "problem": "UnsupportedOperatorError: Sign has no gradient",
    }
