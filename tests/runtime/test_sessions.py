"""Providers: chosen, demanded, and checked after loading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from fake_runtime import FakeRuntime, install

from dreamlayer.core.errors import NetworkError, ProviderError
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import openvino_session
from dreamlayer.core.runtime.installed import full_name, offered, runtime
from dreamlayer.core.runtime.loading import fault
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import first_choice, installed, open_session

TERMS = [Term("deep")]
RNG = np.random.default_rng(0)


@pytest.fixture
def network(small_network: Path) -> Network:
    """A small network."""
    return Network(str(small_network))


@pytest.fixture
def model(network: Network) -> onnx.ModelProto:
    """A small gradient model."""
    return network.gradient_model(TERMS)


@pytest.mark.parametrize("provider", ["auto", "cpu", "CPU", "CPUExecutionProvider"])
def test_cpu_is_available_under_all_its_names(provider: str, network: Network) -> None:
    """The session says which provider really runs."""
    loaded = GradientSession(network, TERMS, Execution(provider)).provider
    assert loaded in installed() if provider == "auto" else loaded == "cpu"


def test_every_offered_provider_has_a_full_name() -> None:
    """What is offered can be demanded."""
    for name in offered():
        assert full_name(name).endswith("ExecutionProvider")


def test_provider_that_is_not_installed_says_what_to_install() -> None:
    """A known provider that this ONNX Runtime lacks names the extra that brings it."""
    if "cuda" in offered():
        pytest.skip("this ONNX Runtime has it")
    with pytest.raises(ProviderError, match=r"not part of.*pip install .*\["):
        full_name("cuda")


def test_unknown_provider_suggests_the_nearest() -> None:
    """A typing mistake gets a suggestion."""
    with pytest.raises(ProviderError, match="did you mean"):
        full_name("cdua")


def test_demanded_provider_that_does_not_load_is_an_error(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that fell back to the CPU is refused.

    The runtime is a stand-in that offers a provider and then falls back, as ONNX Runtime does on a
    machine without the device.
    """
    fake = install(monkeypatch, FakeRuntime("ROCMExecutionProvider", loads=False))
    monkeypatch.setattr(openvino_session, "is_installed", lambda: False)
    with pytest.raises(ProviderError, match=r"'rocm' did not load on this machine: .*; use .* cpu"):
        open_session(model, Execution("rocm"))
    assert open_session(model, Execution("auto")).provider == "cpu"
    assert first_choice("auto") == "cpu"
    assert not [call for call in fake.calls if call.startswith("severity")]


def test_missing_runtime_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnxruntime the sentence names the extras."""
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ProviderError, match=r"pip install .*\[cpu"):
        runtime()


@pytest.mark.parametrize("threads", [-1, 100_000])
def test_number_of_threads_is_bounded(threads: int, model: onnx.ModelProto) -> None:
    """Neither a negative number nor more threads than cores reach ONNX Runtime."""
    with pytest.raises(ProviderError, match=rf"^{threads} threads .* give 1 to \d+"):
        open_session(model, Execution("cpu", threads))


def test_runtime_refusal_is_one_sentence(model: onnx.ModelProto) -> None:
    """A model that ONNX Runtime rejects raises our error with its first line."""
    model.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(NetworkError, match=r"ONNX Runtime rejects the network: [^\n]*$"):
        open_session(model, Execution("cpu"))


@pytest.mark.skipif(
    "cuda" not in offered() or fault("cuda") is not None,
    reason="no CUDA: install dreamlayer[gpu], and see what `dreamlayer doctor` says",
)
def test_cuda_agrees_with_the_cpu() -> None:
    """The gradient on the GPU has the CPU's direction: cosine ≥ 0.999."""
    terms = [Term("mixed3"), Term("mixed5")]
    tile = RNG.random((3, 200, 200), np.float32)
    _, cpu = GradientSession(Network("inception_v3_mixed5"), terms, Execution("cpu"))(tile)
    _, gpu = GradientSession(Network("inception_v3_mixed5"), terms, Execution("cuda"))(tile)
    cosine = float((cpu * gpu).sum() / np.linalg.norm(cpu) / np.linalg.norm(gpu))
    assert cosine >= 0.999
