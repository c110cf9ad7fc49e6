"""Provider options, without a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from dreamlayer.core.device import objective as loading
from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.device.tile_graph import Layout
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import PRECISIONS, SETTINGS, settings_of
from dreamlayer.core.runtime.settings import (
    GRAPHS,
    GRAPHS_PAY,
    ON_DEVICE,
    device_of,
    recordable,
    recorded_options,
)

ALLOWED = {
    "cudnn_conv_algo_search": {"EXHAUSTIVE", "HEURISTIC", "DEFAULT"},
    "arena_extend_strategy": {"kNextPowerOfTwo", "kSameAsRequested"},
    "use_tf32": {"0", "1"},
    "prefer_nhwc": {"0", "1"},
    "enable_cuda_graph": {"0", "1"},
}
"""The options that ONNX Runtime's documentation lists for CUDA, as far as they are used."""


def test_provider_options_are_known_ones() -> None:
    """A mistyped name or value would make every session fail on a GPU."""
    tables = [settings_of(name, precision) for name in ON_DEVICE for precision in PRECISIONS]
    for table in [*tables, *GRAPHS.values()]:
        for name, value in table.items():
            assert value in ALLOWED[name], name
    for by_precision in SETTINGS.values():
        assert set(by_precision) == set(PRECISIONS)


def test_precision_full_is_float32_throughout() -> None:
    """TF32 is on in ONNX Runtime unless it is told otherwise; sums never have it."""
    assert settings_of("cuda", "full")["use_tf32"] == "0"
    assert settings_of("cuda", "fast")["use_tf32"] == "1"
    assert settings_of("cpu", "fast") == recorded_options("cpu") == {}


def test_kernels_are_recorded_where_it_pays() -> None:
    """On CUDA, where speed is asked for and a size is run often."""
    assert recordable("cuda", "fast", GRAPHS_PAY)
    assert not recordable("cuda", "fast", GRAPHS_PAY - 1)
    assert not recordable("cuda", "full", GRAPHS_PAY)
    assert not recordable("cpu", "fast", GRAPHS_PAY)
    assert recorded_options("cuda")["enable_cuda_graph"] == "1"
    assert "enable_cuda_graph" not in settings_of("cuda", "fast")


def test_devices_have_onnx_runtimes_names() -> None:
    """What takes no memory of its own is on the host's."""
    assert [device_of(name) for name in ("cuda", "tensorrt", "cpu", "openvino")] == [
        "cuda",
        "cuda",
        "cpu",
        "cpu",
    ]


def test_sessions_are_opened_with_the_table(
    small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a made-up CUDA, by precision; a network that cannot be recorded runs unrecorded."""
    opened: list[dict[str, str]] = []
    real = loading.open_session

    def noted(
        model: onnx.ModelProto, provider: str, threads: int, precision: str, options: Any
    ) -> Any:
        assert provider == "cuda"
        opened.append({"precision": precision, **(options or {})})
        if "enable_cuda_graph" in opened[-1]:
            raise loading.NetworkError("part of the network runs on the CPU")
        return real(model, "cpu", threads)

    recipe = Recipe(network=str(small_network), layers=(Term("deep"),))
    for precision, recorded in (("full", False), ("fast", True)):
        one = DeviceObjective(
            Network(recipe.network), recipe.layers, "", "cpu", 1, precision=precision
        )
        one.provider = "cuda"
        with monkeypatch.context() as patch:
            patch.setattr(loading, "open_session", noted)
            shapes = {"dream/picture": (3, 60, 60)}
            for tiling in ("even", "random"):
                used = recipe.replace(tiling=tiling)
                one.tile_graph(used, Layout(1, 1), shapes, GRAPHS_PAY)
        plain = {"precision": precision}
        tried = {**plain, **recorded_options("cuda")}
        assert opened == ([tried, plain] if recorded else [plain])
        opened.clear()
