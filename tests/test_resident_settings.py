"""Choice of the path, provider options, float16, and the memory that a GPU has free.

No GPU is needed: providers, drivers and libraries are made up.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from core import paths
from core.climbing import Objective
from core.dreaming import Dreamer
from core.errors import MemoryLimitError, ProviderError, RecipeError
from core.memory import TILE, estimate
from core.network import Network
from core.recipe import Recipe
from core.resident import ResidentObjective
from core.resident import objective as loading
from core.resident.free import free_bytes
from core.resident.halving import halved, loss_scale
from core.resident.settings import (
    ARITHMETIC,
    GRAPHS,
    GRAPHS_PAY,
    NETWORK,
    RESIDENT,
    device_of,
    network_options,
    recordable,
)
from core.resident.tiles import Layout
from core.sessions import full_name
from core.term import Term

GIB = 2.0**30
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
    tables = [one for by_precision in NETWORK.values() for one in by_precision.values()]
    for table in [*tables, *ARITHMETIC.values(), *GRAPHS.values()]:
        for name, value in table.items():
            assert value in ALLOWED[name], name
    assert set(RESIDENT) == set(NETWORK)
    for by_precision in NETWORK.values():
        assert set(by_precision) == {"full", "fast"}


def test_precision_full_is_float32_throughout() -> None:
    """TF32 is on in ONNX Runtime unless it is told otherwise; sums never have it."""
    assert network_options("cuda", "full", recorded=False)["use_tf32"] == "0"
    assert network_options("cuda", "fast", recorded=False)["use_tf32"] == "1"
    assert ARITHMETIC["cuda"]["use_tf32"] == "0"
    assert network_options("cpu", "full", recorded=False) == {}
    assert network_options("cpu", "fast", recorded=True) == {}


def test_kernels_are_recorded_where_it_pays() -> None:
    """On CUDA, where speed is asked for and a size is run often."""
    assert recordable("cuda", "fast", GRAPHS_PAY)
    assert not recordable("cuda", "fast", GRAPHS_PAY - 1)
    assert not recordable("cuda", "full", GRAPHS_PAY)
    assert not recordable("cpu", "fast", GRAPHS_PAY)
    assert network_options("cuda", "fast", recorded=True)["enable_cuda_graph"] == "1"
    assert "enable_cuda_graph" not in network_options("cuda", "fast", recorded=False)


def test_devices_have_onnx_runtimes_names() -> None:
    """What takes no memory of its own is on the host's."""
    assert [device_of(name) for name in ("cuda", "tensorrt", "cpu", "openvino")] == [
        "cuda",
        "cuda",
        "cpu",
        "cpu",
    ]


@pytest.mark.parametrize(
    ("path", "provider", "offered", "loaded", "expected"),
    [
        ("auto", "auto", ["cpu"], "cpu", None),
        ("auto", "cpu", ["cuda", "cpu"], "cpu", None),
        ("auto", "auto", ["cuda", "cpu"], "cuda", "cuda"),
        ("auto", "auto", ["cuda", "cpu"], "cpu", None),
        ("auto", "cuda", ["cuda", "cpu"], "cuda", "cuda"),
        ("auto", "openvino", ["openvino", "cuda"], "openvino", None),
        ("numpy", "cuda", ["cuda", "cpu"], "cuda", None),
        ("resident", "cpu", ["cpu"], "cpu", "cpu"),
        ("resident", "auto", ["cuda", "cpu"], "cuda", "cuda"),
    ],
)
def test_path_goes_by_the_provider_that_loads(
    path: str,
    provider: str,
    offered: list[str],
    loaded: str,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """auto keeps the image on a GPU that really loaded, and nowhere else."""
    monkeypatch.setattr(paths, "offered", lambda: offered)
    monkeypatch.setattr(paths, "full_name", lambda name: name)
    monkeypatch.setattr(paths, "loaded_provider", lambda *_: loaded)
    assert paths.resident_provider(path, provider) == expected


def test_unknown_path_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(RecipeError, match="path 'gpu' is not known; use one of auto, numpy"):
        Dreamer(path="gpu")


def test_dreamer_takes_the_path_that_is_wished(small_network: Path) -> None:
    """On the CPU numpy's, unless the other is demanded; a missing provider is refused."""
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),))
    for path, kind in (("auto", Objective), ("numpy", Objective), ("resident", ResidentObjective)):
        found = Dreamer(recipe.network, "cpu", 1, path).objective(recipe)
        assert type(found) is kind
        assert found.provider == "cpu"
    with pytest.raises(ProviderError):
        Dreamer(recipe.network, "cuda" if not _has_cuda() else "coreml").objective(recipe)


def _has_cuda() -> bool:
    try:
        full_name("cuda")
    except ProviderError:
        return False
    return True


def test_sessions_are_opened_with_the_table(
    small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a made-up CUDA, by precision; a network that cannot be recorded runs unrecorded."""
    opened: list[dict[str, str]] = []
    real = loading.open_session

    def noted(model: onnx.ModelProto, provider: str, threads: int, options: Any) -> Any:
        assert provider == "cuda"
        opened.append(dict(options))
        if "enable_cuda_graph" in options:
            raise loading.NetworkError("part of the network runs on the CPU")
        return real(model, "cpu", threads)

    recipe = Recipe(network=str(small_network), layers=(Term("deep"),))
    for precision, recorded in (("full", False), ("fast", True)):
        one = ResidentObjective(
            Network(recipe.network), recipe.layers, "", "cpu", 1, precision=precision
        )
        one.provider = "cuda"
        with monkeypatch.context() as patch:
            patch.setattr(loading, "open_session", noted)
            shapes = {"picture": (3, 60, 60)}
            for tiling in ("even", "random"):
                used = recipe.replace(tiling=tiling)
                one.tile_routine(used, Layout(1, 1), shapes, GRAPHS_PAY)
        wanted = [True, False] if recorded else [False]
        assert opened == [network_options("cuda", precision, recorded=r) for r in wanted]
        opened.clear()


def test_float16_network_gives_nearly_the_same_gradient(small_network: Path) -> None:
    """Its loss and gradient come out in float32 and in the units of the float32 one."""
    terms = (Term("deep"), Term("first", 0.1, (), "original"))
    recipe = Recipe(network=str(small_network), layers=terms, precision="fast", octaves=1, steps=1)
    pixels = np.random.default_rng(0).random((50, 40, 3), np.float32)
    full, fast = (
        Dreamer(recipe.network, "cpu", 1, "resident").dream(pixels, recipe.replace(precision=p))
        for p in ("full", "fast")
    )
    a, b = full - pixels, fast - pixels
    assert (full != fast).any(), "float16 was not used"
    assert float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)) > 0.999


def test_shipped_network_computes_in_float16() -> None:
    """Its tensors do; image, weights as stored and the layers' names stay."""
    network = Network()
    half = halved(network.model, ["mixed3", "mixed4"])
    found = onnx.shape_inference.infer_shapes(half).graph
    kinds = {i.name: i.type.tensor_type.elem_type for i in [*found.value_info, *found.output]}
    assert kinds["mixed3"] == kinds["mixed4"] == onnx.TensorProto.FLOAT16
    convolutions = [node for node in half.graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        assert kinds[node.output[0]] == onnx.TensorProto.FLOAT16
    assert {t.data_type for t in half.graph.initializer} <= {
        t.data_type for t in network.model.graph.initializer
    } | {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}


def test_loss_scale_rounds_nothing() -> None:
    """A power of two that grows with positions; 1 for sums, which do not vanish."""
    network = Network()
    near, deep = (loss_scale(network, (Term(name),)) for name in ("mixed0", "mixed5"))
    assert near > deep > 1
    assert np.log2([near, deep]) == pytest.approx(np.round(np.log2([near, deep])))
    assert loss_scale(network, (Term("mixed3", 1.0, (), "content"),)) == 1.0


class Cuda:
    """A CUDA runtime that tells its memory, or an error code; it has nothing else."""

    def __init__(self, free: int, code: int = 0) -> None:
        self._free, self._code = free, code

    def cudaMemGetInfo(self, free: Any, total: Any) -> int:  # noqa: N802  (its name)
        free._obj.value, total._obj.value = self._free, 2 * self._free
        return self._code


def absent(name: str) -> Any:
    """No library is there."""
    raise OSError(f"{name}: cannot open shared object file")


GPUS = "0, GPU-aaaa-1, 8000\n1, GPU-bbbb-2, 24000\n2, GPU-cccc-3, [N/A]\n"


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, 8000),
        ("1", 24000),
        ("1,0", 24000),
        ("GPU-bbbb", 24000),
        ("GPU-bbbb-2", 24000),
        ("2", None),
        ("7", None),
        ("", None),
        ("-1", None),
        ("MIG-1", None),
    ],
)
def test_free_memory_is_that_of_the_first_visible_gpu(
    visible: str | None, expected: int | None
) -> None:
    """By number or name, as CUDA itself numbers them."""
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    found = free_bytes("cuda", load=absent, ask=lambda: GPUS, environment=environment)
    assert found == (None if expected is None else expected * 2**20)


def test_cuda_is_asked_before_its_tool() -> None:
    """It knows which devices it may see; where it fails or nobody answers, nothing is claimed."""

    def nobody() -> str:
        raise FileNotFoundError("nvidia-smi")

    def slow() -> str:
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    assert free_bytes("cuda", load=lambda _: Cuda(5 << 30), ask=nobody) == 5 * GIB
    assert free_bytes("cuda", load=lambda _: Cuda(5, code=100), ask=slow, environment={}) is None
    assert free_bytes("cuda", load=absent, ask=nobody, environment={}) is None
    assert free_bytes("cpu", load=lambda _: Cuda(5), ask=nobody) is None
    assert free_bytes("rocm", load=lambda _: Cuda(5), ask=nobody) is None


def test_tile_is_the_whole_image_where_the_gpu_has_room() -> None:
    """Less where it has not; a tile that was asked for is kept or refused."""
    network, recipe = Network(), Recipe()

    def tile(free: float, **knobs: Any) -> int:
        used = recipe.replace(**knobs)
        return estimate(3000, 2000, used, network, free=64 * GIB, device=free).tile

    assert tile(70 * GIB) == 3000
    assert TILE <= tile(6 * GIB) < 3000
    assert tile(5 * GIB) <= tile(6 * GIB) <= tile(12 * GIB)
    assert tile(70 * GIB, tile=700) == 700
    assert tile(12 * GIB, precision="fast") >= tile(12 * GIB)
    with pytest.raises(MemoryLimitError, match="of GPU memory, but only 512 MiB are free"):
        tile(0.5 * GIB)
    with pytest.raises(MemoryLimitError, match="of GPU memory"):
        tile(6 * GIB, tile=3000)
    with pytest.raises(MemoryLimitError, match="of memory, but only"):
        estimate(3000, 2000, recipe, network, free=0.1 * GIB, device=70 * GIB)
    found = estimate(3000, 2000, recipe, network, free=64 * GIB, device=70 * GIB)
    assert found.bytes < found.device < 70 * GIB


def test_free_memory_is_asked_once(small_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first dream holds must not make the second one's tiles smaller."""
    answers = iter([20 * GIB, 1 * GIB])
    monkeypatch.setattr("core.dreaming.free_bytes", lambda _: next(answers))
    monkeypatch.setattr("core.dreaming.resident_provider", lambda *_: "cuda")
    dreamer = Dreamer(str(small_network))
    recipe = Recipe(layers=(Term("deep"),))
    first, second = (dreamer.estimate(1000, 800, recipe) for _ in range(2))
    assert first.tile == second.tile == 1000
