"""What keeps a provider from loading is found and said; sessions get what its row says.

The runtime is a stand-in. DirectML, CoreML and CUDA have not run on real hardware here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fake_runtime import FakeRuntime, device, install
from onnx import parser

from dreamlayer.core.errors import ProviderError
from dreamlayer.core.runtime import installed, loading, openvino_session
from dreamlayer.core.runtime.drivers import Fault
from dreamlayer.core.runtime.loading import CHECKS, create_session, fault, preload
from dreamlayer.core.runtime.providers import PROVIDERS, Execution
from dreamlayer.core.runtime.reasons import reason_of
from dreamlayer.core.runtime.sessions import first_choice, open_session

MODEL = parser.parse_model(
    '<ir_version: 8, opset_import: ["" : 18]> m (float[n] x) => (float[n] y) { y = Add(x, x) }'
)
CUDA, WEBGPU = PROVIDERS["cuda"], PROVIDERS["webgpu"]


def there(_name: str) -> Any:
    """Every library."""
    return SimpleNamespace()


def nothing(name: str) -> Any:
    """No library."""
    raise OSError(name)


@pytest.fixture(autouse=True)
def _no_nvidia_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor plug-ins, whatever this environment has."""
    monkeypatch.setattr(installed, "_has_plugin", lambda _: False)
    monkeypatch.setattr(openvino_session, "is_installed", lambda: False)
    real = loading.importlib.util.find_spec
    monkeypatch.setattr(
        loading.importlib.util, "find_spec", lambda n: None if n == "nvidia" else real(n)
    )


def test_every_row_names_a_check() -> None:
    """A mistyped one would end in a traceback."""
    assert {row.check for row in PROVIDERS.values()} - {""} == set(CHECKS)


@pytest.mark.parametrize("system", ["linux", "win32"])
@pytest.mark.parametrize("version", ["12.8", "13.0"])
def test_cuda_is_preloaded_once(system: str, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By ONNX Runtime itself, once all that it would complain of is there."""
    fake = install(monkeypatch, FakeRuntime(CUDA.name, cuda=version))
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    asked: list[str] = []
    for _ in range(2):
        assert preload(CUDA, load=lambda name: asked.append(name), system=system) is None
    assert fake.calls == ["preload_dlls"]
    major = version.partition(".")[0]
    first = {"linux": f"libcudart.so.{major}", "win32": f"cudart64_{major}.dll"}
    assert asked[0] == first[system]


def test_nothing_is_preloaded_beside_pytorch_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has loaded its own, and ONNX Runtime would print that it loads none."""
    fake = install(monkeypatch, FakeRuntime(CUDA.name, cuda="13.0"))
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    assert preload(CUDA, load=there, system="win32") is None
    assert fake.calls == []


def test_missing_cuda_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that brings it; ONNX Runtime's own preloading would print."""
    fake = install(monkeypatch, FakeRuntime(CUDA.name, cuda="13.0"))
    found = preload(CUDA, load=nothing, system="linux")
    assert found is not None
    assert found.reason == "libcudart.so.13 is missing"
    assert "[gpu]" in found.remedy
    assert fake.calls == []


def test_cuda_from_pip_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folders of NVIDIA's packages, however they are laid out."""
    install(monkeypatch, FakeRuntime(CUDA.name, cuda="13.0"))
    places = {
        "cu13": ("libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13"),
        "cudnn": ("libcudnn.so.9",),
    }
    for package, names in places.items():
        (tmp_path / package / "lib").mkdir(parents=True)
        for name in names:
            (tmp_path / package / "lib" / name).touch()
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda _: spec)
    assert preload(CUDA, load=nothing, system="linux") is None
    (tmp_path / "cudnn" / "lib" / "libcudnn.so.9").unlink()
    assert "libcudnn.so.9 is missing" in str(preload(CUDA, load=nothing, system="linux"))


def test_tensorrt_needs_its_own_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA alone is not enough."""
    install(monkeypatch, FakeRuntime("TensorrtExecutionProvider", cuda="13.0"))

    def load(name: str) -> Any:
        return nothing(name) if "nvinfer" in name else there(name)

    found = preload(PROVIDERS["tensorrt"], load=load, system="linux")
    assert found == Fault("libnvinfer.so.10 is missing", "install TensorRT 10")


def test_work_on_the_cpu_touches_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither drivers nor CUDA's gigabytes are loaded for it."""
    fake = install(monkeypatch, FakeRuntime(CUDA.name, cuda="13.0"))

    def never(*_: Any) -> None:
        raise AssertionError("a GPU was looked for")

    for name in CHECKS:
        monkeypatch.setitem(CHECKS, name, never)  # type: ignore[arg-type]
    session = open_session(MODEL, Execution("cpu"))
    assert session.provider == "cpu"
    assert fake.calls == []


def test_auto_passes_over_what_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word, and says which provider it will be."""
    fake = install(monkeypatch, FakeRuntime("TensorrtExecutionProvider", CUDA.name, cuda="13.0"))
    monkeypatch.setitem(CHECKS, "cuda", lambda *_: Fault("no GPU"))  # type: ignore[index]
    assert first_choice("auto") == "cpu"
    assert open_session(MODEL, Execution("auto")).provider == "cpu"
    assert [name for name, _, _ in fake.sessions] == ["CPUExecutionProvider"]
    with pytest.raises(
        ProviderError, match=r"^provider 'cuda' did not load on this machine: no GPU; use --p"
    ):
        open_session(MODEL, Execution("cuda"))


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (
            RuntimeError(
                "/src/webgpu_context.cc:65 onnxruntime::webgpu::Initialize()::<lambda()> status "
                "== Success was false. Failed to get a WebGPU adapter: No supported adapters\n"
            ),
            "Failed to get a WebGPU adapter: No supported adapters",
        ),
        (ValueError("[ONNXRuntimeError] : 11 : EP_FAIL : no device\nat line 3"), "no device"),
        (RuntimeError(""), "RuntimeError"),
    ],
)
def test_unforeseen_faults_are_one_sentence(
    raised: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tiny model is loaded first; where even that fails, the network is not to blame."""
    install(monkeypatch, FakeRuntime("DmlExecutionProvider", raises=raised))
    assert reason_of(raised) == says
    assert fault("directml") == Fault(says)
    with pytest.raises(ProviderError, match=rf"'directml' did not load .*: {says}; use --provider"):
        open_session(MODEL, Execution("directml"))


def test_fault_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that was short of memory is tried again; one that works is not."""
    fake = install(monkeypatch, FakeRuntime("DmlExecutionProvider", raises=RuntimeError("full")))
    assert fault("directml") == Fault("full")
    fake._raises = None
    assert fault("directml") is None
    tried = len(fake.sessions)
    assert fault("DmlExecutionProvider") is None
    assert len(fake.sessions) == tried


def test_directml_gets_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The faster GPU; no memory pattern and one operator after another, as it demands."""
    fake = install(monkeypatch, FakeRuntime("DmlExecutionProvider"))
    open_session(MODEL, Execution("directml"))
    name, settings, options = fake.sessions[-1]
    assert name == "DmlExecutionProvider"
    assert settings == {"performance_preference": "high_performance", "device_filter": "gpu"}
    assert options.enable_mem_pattern is False
    assert options.execution_mode == "sequential"


@pytest.mark.parametrize(
    ("precision", "units"), [("full", "CPUAndGPU"), ("fast", "ALL")], ids=["full", "fast"]
)
def test_coreml_gets_what_it_needs(
    precision: str, units: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program, on hardware that computes in float32 unless less is asked for."""
    fake = install(monkeypatch, FakeRuntime("CoreMLExecutionProvider"))
    open_session(MODEL, Execution("coreml", precision=precision))
    _, settings, options = fake.sessions[-1]
    assert settings["ModelFormat"] == "MLProgram"
    assert settings["MLComputeUnits"] == units
    low = settings.get("AllowLowPrecisionAccumulationOnGPU", "0")
    assert low == ("1" if precision == "fast" else "0")
    assert not hasattr(options, "enable_mem_pattern"), "only DirectML's need"


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_auto_passes_over_a_plugin_that_does_not_load(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """One that was built for another ONNX Runtime is a fault with a reason, on every system."""

    def refuse(_: object) -> None:
        raise ProviderError("its plug-in, x, does not load: wrong version")

    install(monkeypatch, FakeRuntime("WebGpuExecutionProvider"))
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(loading, "vulkan_fault", lambda **_: None)
    monkeypatch.setattr(loading, "plugin_devices", refuse)
    monkeypatch.setattr(installed, "plugin_devices", refuse)
    assert first_choice("auto") == "cpu"
    with pytest.raises(ProviderError, match="its plug-in, x, does not load: wrong version"):
        open_session(MODEL, Execution("webgpu"))


@pytest.mark.parametrize("name", ["cuda", "rocm", "webgpu"])
def test_gpus_add_up_in_one_order(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same recipe makes the same bytes, though atomic additions would be faster."""
    fake = install(monkeypatch, FakeRuntime(PROVIDERS[name].name))
    for check in CHECKS:
        monkeypatch.setitem(CHECKS, check, lambda *_: None)  # type: ignore[arg-type]
    open_session(MODEL, Execution(name))
    assert fake.sessions[-1][2].use_deterministic_compute is True


def test_session_attributes_are_known_ones() -> None:
    """By the installed ONNX Runtime, which would refuse another."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    for row in PROVIDERS.values():
        for name, value in row.session.items():
            assert hasattr(options, name)
            assert not isinstance(value, str) or hasattr(onnxruntime.ExecutionMode, value)


def test_systems_own_providers_say_so() -> None:
    """The doctor names them elsewhere neither as missing nor as installable."""
    assert PROVIDERS["directml"].system == "win32"
    assert PROVIDERS["coreml"].system == "darwin"
    assert not PROVIDERS["directml"].auto
    assert not PROVIDERS["coreml"].auto


def test_plugin_gets_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best one; without any, a sentence."""
    fake = install(monkeypatch, FakeRuntime())
    devices = [device(WEBGPU.name, "GPU"), device(WEBGPU.name, "CPU")]
    monkeypatch.setattr(loading, "plugin_devices", lambda _: devices)
    create_session(b"", fake.SessionOptions(), WEBGPU.name, {"a": "b"})
    name, settings, options = fake.sessions[-1]
    assert (name, settings, options.devices) == (WEBGPU.name, {"a": "b"}, devices[:1])
    monkeypatch.setattr(loading, "plugin_devices", lambda _: [])
    with pytest.raises(ProviderError, match=f"{WEBGPU.plugin}, finds no GPU"):
        create_session(b"", fake.SessionOptions(), WEBGPU.name, {})


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_auto_takes_no_software_renderer(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On WebGPU it would be slower than the CPU; whoever names it gets it."""
    install(monkeypatch, FakeRuntime(WEBGPU.name))
    monkeypatch.setattr(sys, "platform", system)
    gpu = False

    def vulkan(*, software: bool) -> Fault | None:
        return None if software or gpu else Fault("software only")

    monkeypatch.setattr(loading, "vulkan_fault", vulkan)
    monkeypatch.setattr(loading, "has_gpu", lambda _: gpu)
    assert first_choice("auto") == "cpu"
    assert fault("webgpu") is None
    gpu = True
    assert first_choice("auto") == "webgpu"
