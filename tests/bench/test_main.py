"""The benchmark: every peer computes what ours does, and numbers become the right report."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bench.errors import UnavailableError
from bench.measure.agreement import Agreement, compare, cosine
from bench.measure.serving import picture
from bench.peers import own as own_peer
from bench.peers.sources import NetworkSource, StoredSource, store
from bench.peers.subjects import (
    DEFAULT,
    INCEPTION,
    Subject,
    picture_recipe,
)
from bench.peers.table import CUDA, DEVICES, FULL, HALF, TF32, Setting, chosen, load
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.presets import DEFAULT_PRESET, preset
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.installed import offered
from dreamlayer.core.runtime.providers import PRECISIONS

SIDE = 107
OWN = "bench.peers.own:cpu"
MIXED = replace(
    INCEPTION,
    terms=(
        Term("mixed5", -0.5, (3, 700)),
        Term("conv2d_3", 2.0, kind="mean"),
        Term("batch_normalization_1", 1.0, (5,)),
    ),
)
SUBJECTS = pytest.mark.parametrize(
    "subject", [DEFAULT, INCEPTION, MIXED], ids=["default", "inception", "mixed"]
)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network("inception_v3_mixed5")


@pytest.fixture(scope="module")
def made() -> Callable[..., Any]:
    """Makes each peer once: reading the network and tracing take longer than what is compared."""
    source = functools.cache(NetworkSource)

    @functools.cache
    def make_once(subject: Subject, make: str, precision: str) -> Any:
        return load(make)(source(subject), Setting(precision=precision))

    return lambda subject, make, precision=FULL: make_once(subject, make, precision)


@pytest.fixture(scope="module")
def agreement(made: Callable[..., Any]) -> Callable[..., Agreement]:
    """Compares the named peer with our own, in this process."""

    def compared(subject: Subject, make: str, precision: str = FULL) -> Agreement:
        tile, peer = picture(SIDE), made(subject, make, precision)
        return compare("a peer", SIDE, made(subject, OWN)(tile), peer(tile), precision)

    return compared


def need(framework: str) -> None:
    pytest.importorskip(framework, reason=f"needs {framework}: pip install 'dreamlayer[bench]'")


@SUBJECTS
@pytest.mark.parametrize("name", ["eager", "channels_last", "folded"])
def test_torch_agrees_with_ours(
    agreement: Callable[..., Agreement], subject: Subject, name: str
) -> None:
    """PyTorch gives our objective and gradient, also for layers that Relu follows."""
    need("torch")
    found = agreement(subject, f"bench.peers.torch:{name}")
    assert found.holds, found


def test_torch_in_bf16_is_near_ours(agreement: Callable[..., Agreement]) -> None:
    """Products of less precision are near, and are told from those in float32."""
    need("torch")
    found = agreement(INCEPTION, "bench.peers.torch:channels_last", HALF)
    assert found.holds, found
    assert found.cosine < 0.9999


@SUBJECTS
@pytest.mark.parametrize("name", ["plain", "plain_for_all"])
def test_tensorflow_agrees_with_ours(
    agreement: Callable[..., Agreement], subject: Subject, name: str
) -> None:
    """TensorFlow gives our objective and gradient, with its channels last, in each form."""
    need("tensorflow")
    found = agreement(subject, f"bench.peers.tensorflow:{name}")
    assert found.holds, found


@SUBJECTS
def test_openvino_by_hand_agrees_with_ours(
    agreement: Callable[..., Agreement], subject: Subject
) -> None:
    """The exported gradient is ours in OpenVINO."""
    need("openvino")
    found = agreement(subject, "bench.peers.openvino:make")
    assert found.holds, found


@pytest.mark.parametrize("subject", [INCEPTION, MIXED], ids=["inception", "mixed"])
def test_onnx_ad_agrees_with_ours(agreement: Callable[..., Agreement], subject: Subject) -> None:
    """The gradient of onnx-ad is ours, on networks whose gradient it computes rightly."""
    need("onnx_ad")
    found = agreement(subject, "bench.peers.onnx_ad:make")
    assert found.holds, found


LOOPS = [
    ("torch", "bench.peers.torch:eager"),
    ("tensorflow", "bench.peers.tensorflow:plain_for_all"),
    ("openvino", "bench.peers.openvino:make"),
]


@pytest.mark.parametrize(
    ("side", "octaves", "least"), [(1024, 1, 0.9999), (160, 1, 0.9999), (1024, 2, 0.99)]
)
@pytest.mark.parametrize(("framework", "make"), LOOPS, ids=[make for _, make in LOOPS])
def test_loops_take_the_step_that_ours_takes(
    made: Callable[..., Any], framework: str, make: str, side: int, octaves: int, least: float
) -> None:
    """Jitter, tiles, colors, pyramid, headroom, octaves, anchor and tone are those of ours."""
    need(framework)
    own, peer = made(DEFAULT, OWN), made(DEFAULT, make)
    for each in (own, peer):
        each.grid = replace(each.grid, side=side)
    # Odd, where halves of the pyramid are rounded, and with values near black and white.
    base = np.clip(picture(241)[:, :200] * 1.2 - 0.1, 0, 1)
    recipe = picture_recipe(DEFAULT, 1).replace(octaves=octaves)
    ours = own.loop().dream(base.copy(), recipe) - base
    theirs = peer.loop().dream(base.copy(), recipe) - base
    assert theirs.shape == ours.shape
    assert theirs.dtype == np.float32
    assert np.abs(theirs).mean() == pytest.approx(np.abs(ours).mean(), rel=0.01)
    assert cosine(ours, theirs) > least


def test_our_loop_is_what_the_command_does(made: Callable[..., Any]) -> None:
    """Rows without a loop of their own use ours, which ends as a dream does."""
    own = made(DEFAULT, OWN)
    base = picture(200)
    recipe = picture_recipe(DEFAULT, 1)
    pixels = np.ascontiguousarray(base.transpose(1, 2, 0))
    dreamt = Dreamer(DEFAULT.network, "cpu").dream(pixels, recipe)
    found = own.loop().dream(base.copy(), recipe)
    np.testing.assert_allclose(found, dreamt.transpose(2, 0, 1), atol=1e-4)


def test_recipe_of_pictures_is_the_default() -> None:
    """Nothing of it is left out, so that the peers do what a user of ours gets."""
    default = preset(DEFAULT_PRESET)
    recipe = picture_recipe(DEFAULT, default.steps)
    assert recipe.replace(network=default.network) == default


def test_stored_source_is_the_same(tmp_path: Path) -> None:
    """Fresh processes start from the numbers that the network file holds."""
    store(INCEPTION, tmp_path)
    made, stored = NetworkSource(INCEPTION), StoredSource(tmp_path)
    assert stored.subject == INCEPTION
    assert stored.grid == made.grid
    for folded in (False, True):
        ours, theirs = made.plan(folded=folded), stored.plan(folded=folded)
        assert theirs.steps == ours.steps
        assert theirs.constants.keys() == ours.constants.keys()
    assert stored.model() == made.model()
    assert stored.gradient_model() == made.gradient_model()


def test_peer_gradients_suit_the_ascent() -> None:
    """What a peer hands out is float32, planar, contiguous and may be written to."""
    need("torch")
    from bench.peers.torch import TorchPeer

    peer = TorchPeer(NetworkSource(INCEPTION), Setting(), channels_last=True)
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

    source = NetworkSource(INCEPTION)
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
        own_peer.OwnPeer(NetworkSource(INCEPTION), Setting(), "tensorrt")


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
    """PyTorch four ways, each in float32, TF32 and bf16; ours in float32 and fast."""
    torches = [row for row in CUDA if row.group == "torch"]
    assert len(torches) == 12
    assert {row.setting.precision for row in torches} == {FULL, TF32, HALF}
    assert [row.setting.precision for row in CUDA if row.ours] == [FULL, HALF]


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
