"""The benchmark: every peer computes what ours does, and numbers become the right report."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench.errors import BenchError, UnavailableError
from bench.measure.agreement import Agreement, compare, cosine
from bench.measure.flops import gradient_operations
from bench.measure.serving import picture
from bench.peers import own as own_peer
from bench.peers.loops import pieces
from bench.peers.plan import Plan, refuse_unknown
from bench.peers.planning import plan_of
from bench.peers.sources import NetworkSource, StoredSource, default_recipe, store
from bench.peers.table import CUDA, DEVICES, FULL, HALF, TF32, Setting, chosen, load
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.graph.sizes import Geometry
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.installed import offered
from dreamlayer.core.runtime.providers import PRECISIONS

SIDE = 107
OWN = "bench.peers.own:cpu"
TERMS = (Term("mixed3"), Term("mixed5"))
MIXED_TERMS = (
    Term("mixed5", -0.5, (3, 700)),
    Term("conv2d_3", 2.0, kind="mean"),
    Term("batch_normalization_1", 1.0, (5,)),
)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network("inception_v3_mixed5")


@pytest.fixture(scope="module")
def made() -> Callable[..., Any]:
    """Makes each peer once: reading the network and tracing take longer than what is compared."""
    sources: dict[Sequence[Term], NetworkSource] = {}

    @functools.cache
    def make_once(terms: Sequence[Term], make: str, precision: str) -> Any:
        source = sources.setdefault(terms, NetworkSource(terms))
        return load(make)(source, Setting(precision=precision))

    return lambda terms, make, precision=FULL: make_once(terms, make, precision)


@pytest.fixture(scope="module")
def agreement(made: Callable[..., Any]) -> Callable[..., Agreement]:
    """Compares the named peer with our own, in this process."""

    def compared(terms: Sequence[Term], make: str, precision: str = FULL) -> Agreement:
        tile, peer = picture(SIDE), made(terms, make, precision)
        return compare("a peer", SIDE, made(terms, OWN)(tile), peer(tile), precision)

    return compared


def need(framework: str) -> None:
    pytest.importorskip(framework, reason=f"needs {framework}: pip install 'dreamlayer[bench]'")


@pytest.mark.parametrize("terms", [TERMS, MIXED_TERMS], ids=["default", "mixed"])
@pytest.mark.parametrize("name", ["eager", "channels_last"])
def test_torch_agrees_with_ours(
    agreement: Callable[..., Agreement], terms: Sequence[Term], name: str
) -> None:
    """PyTorch gives our objective and gradient, also for layers that Relu follows."""
    need("torch")
    found = agreement(terms, f"bench.peers.torch:{name}")
    assert found.holds, found


def test_torch_in_bf16_is_near_ours(agreement: Callable[..., Agreement]) -> None:
    """Products of less precision are near, and are told from those in float32."""
    need("torch")
    found = agreement(TERMS, "bench.peers.torch:channels_last", HALF)
    assert found.holds, found
    assert found.cosine < 0.9999


@pytest.mark.parametrize("terms", [TERMS, MIXED_TERMS], ids=["default", "mixed"])
@pytest.mark.parametrize("name", ["plain", "plain_for_all", "tiled"])
def test_tensorflow_agrees_with_ours(
    agreement: Callable[..., Agreement], terms: Sequence[Term], name: str
) -> None:
    """TensorFlow gives our objective and gradient, with its channels last, in each form."""
    need("tensorflow")
    found = agreement(terms, f"bench.peers.tensorflow:{name}")
    assert found.holds, found


@pytest.mark.parametrize("terms", [TERMS, MIXED_TERMS], ids=["default", "mixed"])
def test_onnx_ad_agrees_with_ours(
    agreement: Callable[..., Agreement], terms: Sequence[Term]
) -> None:
    """The gradient of onnx-ad is ours."""
    need("onnx_ad")
    found = agreement(terms, "bench.peers.onnx_ad:make")
    assert found.holds, found


LOOPS = [
    ("torch", "bench.peers.torch:eager"),
    ("tensorflow", "bench.peers.tensorflow:plain_for_all"),
    ("tensorflow", "bench.peers.tensorflow:tiled"),
    ("onnx_ad", "bench.peers.onnx_ad:make"),
]


@pytest.mark.parametrize(("side", "octaves"), [(96, 1), (512, 2)], ids=["tiles", "octaves"])
@pytest.mark.parametrize(("framework", "make"), LOOPS, ids=[make for _, make in LOOPS])
def test_loops_take_the_step_that_ours_takes(
    made: Callable[..., Any], framework: str, make: str, side: int, octaves: int
) -> None:
    """Roll, tiles, smoothing, normalisation, update and octaves: the same work, near the same."""
    need(framework)
    own, peer = made(TERMS, OWN), made(TERMS, make)
    for each in (own, peer):
        each.grid = replace(each.grid, side=side)
    # Whole tiles, so that theirs lie as ours do.
    base = picture(192) * 0.5 + 0.25
    recipe = default_recipe(TERMS, steps=1, octaves=octaves)
    ours = own.loop().dream(base, recipe) - base
    theirs = peer.loop().dream(base, recipe) - base
    assert theirs.shape == ours.shape
    assert theirs.dtype == np.float32
    assert 0.9 < np.abs(theirs).mean() / np.abs(ours).mean() < 1.1
    assert cosine(ours, theirs) > 0.99


def test_stored_source_is_the_same(tmp_path: Path) -> None:
    """Fresh processes start from the numbers that the network file holds."""
    store(TERMS, tmp_path)
    made, stored = NetworkSource(TERMS), StoredSource(tmp_path)
    assert stored.grid == made.grid
    assert stored.plan().steps == made.plan().steps
    assert stored.plan().constants.keys() == made.plan().constants.keys()
    assert stored.model() == made.model()


def test_peer_gradients_suit_the_ascent() -> None:
    """What a peer hands out is float32, planar, contiguous and may be written to."""
    need("torch")
    from bench.peers.torch import TorchPeer

    peer = TorchPeer(NetworkSource(TERMS), Setting(), channels_last=True)
    _, gradient = peer(picture(SIDE))
    assert gradient.dtype == np.float32
    assert gradient.shape == (3, SIDE, SIDE)
    assert gradient.flags.c_contiguous
    assert gradient.flags.writeable


def test_torch_without_compiler_or_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that cannot be measured here has a reason of one sentence."""
    need("torch")
    import torch

    from bench.peers import torch as torch_peer

    source = NetworkSource(TERMS)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnavailableError, match="finds no NVIDIA GPU"):
        torch_peer.eager(source, Setting(device="cuda"))
    monkeypatch.setattr(torch_peer.shutil, "which", lambda _: None)
    with pytest.raises(UnavailableError, match=r"needs a C\+\+ compiler"):
        torch_peer.compiled(source, Setting())


def test_our_precision_is_the_recipes_parameter() -> None:
    """Rows in float32 ask for `full`, the others for `fast`, as anybody would."""
    assert own_peer.command_options(FULL) == ["--precision", "full"]
    assert own_peer.command_options(HALF) == ["--precision", "fast"]
    assert set(own_peer.PRECISIONS.values()) == set(PRECISIONS)


def test_our_provider_that_does_not_load_is_a_row_with_a_reason() -> None:
    """OpenVINO needs another wheel; without it nothing else is stopped."""
    if "tensorrt" in offered():
        pytest.skip("this ONNX Runtime has the provider that is to be missing")
    with pytest.raises(UnavailableError, match="not part of the installed ONNX Runtime"):
        own_peer.OwnPeer(NetworkSource(TERMS), Setting(), "tensorrt")


def test_rows_begin_with_ours_and_differ() -> None:
    """All labels differ, and the first row is what the others are divided by."""
    for device, table in DEVICES.items():
        labels = [entry.label for entry in table]
        assert len(set(labels)) == len(labels)
        assert table[0].ours
        assert {entry.setting.device for entry in table} == {device}


def test_chosen_rows_know_threads_and_interpreter() -> None:
    """Groups can be left out, and each may have an interpreter of its own."""
    rows = chosen("cpu", 3, {"torch": "python-of-torch"}, ["torch"])
    assert {row.group for row in rows} == {"cpu", "torch"}
    assert {row.setting.threads for row in rows} == {3}
    assert {row.group: row.python for row in rows} == {"cpu": "", "torch": "python-of-torch"}


def test_cuda_rows_have_each_precision() -> None:
    """PyTorch three ways, each in float32, TF32 and bf16; ours in float32 and fast."""
    torches = [row for row in CUDA if row.group == "torch"]
    assert len(torches) == 9
    assert {row.setting.precision for row in torches} == {FULL, TF32, HALF}
    assert [row.setting.precision for row in CUDA if row.ours] == [FULL, HALF]


def test_operations_are_those_of_the_convolutions() -> None:
    """One convolution of 3 by 3, 3 to 8 channels, on 10 by 10 pixels: counted by hand."""
    image = helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [1, 3, "h", "w"])
    wide = helper.make_tensor_value_info("wide", TensorProto.FLOAT, [1, 8, "a", "b"])
    kernel = numpy_helper.from_array(np.ones((8, 3, 3, 3), np.float32), "kernel")
    node = helper.make_node("Conv", [IMAGE, "kernel"], ["wide"])
    model = helper.make_model(helper.make_graph([node], "small", [image], [wide], [kernel]))
    plan = plan_of(model, [Term("wide")])
    forward = 2 * 3 * 3 * 3 * 8 * 8 * 8
    assert gradient_operations(model, plan, 10, 10) == 2 * forward


def test_operations_of_the_default_network(network: Network) -> None:
    """InceptionV3 to mixed5 at 299 pixels is known to take 14.5 GFLOP forward and backward."""
    plan = plan_of(network.model, [Term("mixed5")])
    assert gradient_operations(network.model, plan, 299, 299) == pytest.approx(14.5e9, rel=0.02)


def test_tiles_of_the_loops_cover_an_axis_once() -> None:
    """Own parts follow one another; all tiles are of one length."""
    grid = Grid(512, 0, Geometry(75, 8))
    for size in (100, 512, 513, 700, 1024, 4000):
        found = pieces(size, grid)
        assert [part[1] for part in found] == [0, *(part[2] for part in found[:-1])]
        assert found[-1][2] == size
        assert len({end - start for start, _, end in found}) == 1
        assert all(start >= 0 for start, _, _ in found)


def test_plan_needs_no_tensor_that_was_dropped(network: Network) -> None:
    """Each step finds its inputs, and in the end only the tapped layers are left."""
    plan = plan_of(network.model, TERMS)
    there = {IMAGE}
    for step in plan.steps:
        assert set(step.inputs) <= there | set(plan.constants)
        there.difference_update(step.drops)
        there.add(step.output)
    assert there == {"mixed3", "mixed5"}


def test_plan_evaluates_the_compressed_kernels(network: Network) -> None:
    """Weights are float32 numbers; nothing of their compressed form is left to the peers."""
    plan = plan_of(network.model, TERMS)
    stored = {t.name: numpy_helper.to_array(t) for t in network.model.graph.initializer}
    parts = (f"conv2d/kernel/{part}" for part in ("codes", "scale", "minimum"))
    codes, scale, minimum = (stored[part] for part in parts)
    np.testing.assert_array_equal(
        plan.constants["conv2d/kernel"], codes.astype(np.float32) * scale + minimum
    )
    assert {value.dtype for value in plan.constants.values()} == {np.dtype(np.float32)}
    assert "Cast" not in {step.op for step in plan.steps}


def test_unknown_operator_is_refused_by_name() -> None:
    """A network that a peer cannot carry out is refused before anything runs."""
    graph = helper.make_graph(
        [helper.make_node("Tanh", [IMAGE], ["bent"])],
        "small",
        [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info("bent", TensorProto.FLOAT, [1, 3, 4, 4])],
    )
    plan = plan_of(helper.make_model(graph), [Term("bent")])
    assert plan == Plan({}, plan.steps, (Term("bent"),))
    with pytest.raises(BenchError, match=r"the PyTorch peer does not know Tanh \('bent'\)"):
        refuse_unknown(plan, ["Relu"], "PyTorch")


@pytest.mark.parametrize(
    "theirs",
    [
        (1.001, np.ones((3, 2, 2), np.float32)),
        (1.0, np.arange(12, dtype=np.float32).reshape(3, 2, 2)),
        (math.nan, np.ones((3, 2, 2), np.float32)),
        (1.0, np.full((3, 2, 2), math.nan, np.float32)),
    ],
    ids=["loss", "gradient", "loss-nan", "gradient-nan"],
)
def test_disagreement_is_seen(theirs: tuple[float, npt.NDArray[np.float32]]) -> None:
    """A peer that computes something else is told from one that does not, with both numbers."""
    ours = 1.0, np.ones((3, 2, 2), np.float32)
    assert compare("same", 2, ours, ours).holds
    found = compare("other", 2, ours, theirs)
    assert not found.holds
    assert found.refusal.startswith("differs from ours on 2 × 2")
