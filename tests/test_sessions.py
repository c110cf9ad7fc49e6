"""Providers: chosen, demanded, and checked after loading."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest

import core.sessions as sessions
from core.errors import NetworkError, ProviderError
from core.network import Network
from core.sessions import GradientSession, full_name, offered, open_session
from core.term import Term


@pytest.fixture
def model(small_network: Path) -> onnx.ModelProto:
    """A gradient model that runs in no time."""
    return Network(str(small_network)).gradient_model([Term("deep")])


@pytest.mark.parametrize("provider", ["auto", "cpu", "CPU", "CPUExecutionProvider"])
def test_cpu_is_there_under_all_its_names(provider: str, model: onnx.ModelProto) -> None:
    """The session says which provider really runs."""
    loaded = GradientSession(model, provider).provider
    assert loaded in offered() if provider == "auto" else loaded == "cpu"


def test_every_offered_provider_has_a_full_name() -> None:
    """What is offered can be demanded."""
    for name in offered():
        assert full_name(name).endswith("ExecutionProvider")


def test_provider_that_is_not_installed_says_what_to_install() -> None:
    """A known provider that this ONNX Runtime lacks names the extra that brings it."""
    missing = next(p for p in ("cuda", "openvino") if p not in offered())
    with pytest.raises(ProviderError, match=r"not part of.*pip install 'dreamlayer\["):
        full_name(missing)


def test_unknown_provider_suggests_the_nearest() -> None:
    """A typing mistake is answered."""
    with pytest.raises(ProviderError, match="did you mean"):
        full_name("cdua")


def test_demanded_provider_that_does_not_load_is_an_error(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that fell back to the CPU is not passed off as the one demanded.

    The runtime is a stand-in that offers CUDA and then falls back, as ONNX Runtime does on a
    machine without the device.
    """
    fallen = SimpleNamespace(
        get_providers=lambda: ["CPUExecutionProvider"], disable_fallback=lambda: None
    )
    fake = SimpleNamespace(
        __version__="0",
        get_available_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
        SessionOptions=SimpleNamespace,
        InferenceSession=lambda *_, **__: fallen,
    )
    monkeypatch.setattr(sessions, "runtime", lambda: fake)
    with pytest.raises(ProviderError, match="did not load on this machine"):
        open_session(model, "cuda")
    assert open_session(model, "auto") is fallen


def test_missing_runtime_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnxruntime the sentence names the extras."""
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ProviderError, match=r"pip install 'dreamlayer\[cpu\]'"):
        sessions.runtime()


@pytest.mark.parametrize("threads", [-1, 100_000])
def test_number_of_threads_is_bounded(threads: int, model: onnx.ModelProto) -> None:
    """Neither a negative number nor more threads than cores reach ONNX Runtime."""
    with pytest.raises(ProviderError, match=rf"^{threads} threads .* give 1 to \d+"):
        open_session(model, "cpu", threads)


def test_runtime_refusal_is_one_sentence(model: onnx.ModelProto) -> None:
    """A model that ONNX Runtime does not take gives our error with its first line."""
    model.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(NetworkError, match=r"ONNX Runtime refuses the network: [^\n]*$"):
        open_session(model, "cpu")


def test_tile_that_does_not_run_is_one_sentence(model: onnx.ModelProto) -> None:
    """What ONNX Runtime says of a tile becomes our error, with the tile's size."""
    session = GradientSession(model, "cpu")
    with pytest.raises(NetworkError, match=r"tile of 9 × 5 pixels: [^\n]*$"):
        session(np.zeros((4, 5, 9), np.float32))


@pytest.mark.skipif("cuda" not in offered(), reason="no CUDA provider: install dreamlayer[gpu]")
def test_cuda_agrees_with_the_cpu() -> None:
    """The gradient on the GPU has the CPU's direction: cosine ≥ 0.999."""
    model = Network().gradient_model([Term("mixed3"), Term("mixed5")])
    tile = np.random.default_rng(0).random((3, 200, 200), np.float32)
    _, cpu = GradientSession(model, "cpu")(tile)
    _, gpu = GradientSession(model, "cuda")(tile)
    cosine = float((cpu * gpu).sum() / np.linalg.norm(cpu) / np.linalg.norm(gpu))
    assert cosine >= 0.999
