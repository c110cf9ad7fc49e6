"""Provider options, without a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.device import objective as loading
from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.device.tile_graph import Layout
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import (
    PRECISIONS,
    PROVIDERS,
    RECORDING_PAYS,
    Execution,
    Provider,
    provider_of,
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
    rows = [row for row in PROVIDERS.values() if row.keeps_image]
    assert rows
    for row in rows:
        for table in (*(row.settings(precision) for precision in PRECISIONS), row.recording):
            for name, value in table.items():
                assert value in ALLOWED[name], name
    for row in PROVIDERS.values():
        assert set(row.options) in (set(), set(PRECISIONS))


def test_rows_name_variants_and_distinct_ranks() -> None:
    """Each variant exists, and no two providers have the same rank for `auto`."""
    assert {row.variant for row in PROVIDERS.values()} <= set(VARIANTS)
    ranks = [row.auto for row in PROVIDERS.values() if row.auto]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    assert PROVIDERS["cpu"].auto == max(ranks)
    assert provider_of("abacus") == Provider("abacus")


def test_precision_full_is_float32_throughout() -> None:
    """TF32 is on by default in ONNX Runtime; full precision turns it off."""
    assert PROVIDERS["cuda"].settings("full")["use_tf32"] == "0"
    assert PROVIDERS["cuda"].settings("fast")["use_tf32"] == "1"
    assert PROVIDERS["cpu"].settings("fast") == PROVIDERS["cpu"].recording == {}
    assert PROVIDERS["openvino"].settings("full", 3)["INFERENCE_NUM_THREADS"] == "3"


def test_kernels_are_recorded_where_it_pays() -> None:
    """On CUDA, with precision `fast`, for a size that is run often."""
    cuda = PROVIDERS["cuda"]
    assert cuda.records("fast", RECORDING_PAYS)
    assert not cuda.records("fast", RECORDING_PAYS - 1)
    assert not cuda.records("full", RECORDING_PAYS)
    assert not PROVIDERS["cpu"].records("fast", RECORDING_PAYS)
    assert cuda.recording["enable_cuda_graph"] == "1"
    assert "enable_cuda_graph" not in cuda.settings("fast")


def test_devices_have_onnx_runtimes_names() -> None:
    """Providers without a memory of their own use the host's."""
    names = ("cuda", "tensorrt", "cpu", "openvino")
    assert [PROVIDERS[name].device for name in names] == ["cuda", "cuda", "cpu", "cpu"]


def test_sessions_are_opened_with_the_table(
    small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a fake CUDA, by precision; a network that cannot be recorded runs unrecorded."""
    opened: list[dict[str, str]] = []
    real = loading.open_native

    def noted(model: onnx.ModelProto, execution: Execution, options: Any) -> Any:
        assert execution.provider == "cuda"
        opened.append({"precision": execution.precision, **(options or {})})
        if "enable_cuda_graph" in opened[-1]:
            raise loading.NetworkError("part of the network runs on the CPU")
        return real(model, execution.on("cpu"))

    recipe = Recipe(network=str(small_network), layers=(Term("deep"),))
    for precision, recorded in (("full", False), ("fast", True)):
        one = DeviceObjective(
            Network(recipe.network), recipe.layers, "", Execution("cpu", 1, precision)
        )
        one.provider = "cuda"
        with monkeypatch.context() as patch:
            patch.setattr(loading, "open_native", noted)
            shapes = {"dream/picture": (3, 60, 60)}
            for tiling in ("even", "random"):
                used = recipe.replace(tiling=tiling)
                one.tile_graph(used, Layout(1, 1), shapes, RECORDING_PAYS)
        plain = {"precision": precision}
        tried = {**plain, **PROVIDERS["cuda"].recording}
        assert opened == ([tried, plain] if recorded else [plain])
        opened.clear()
