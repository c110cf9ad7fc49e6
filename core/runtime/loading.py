"""Sessions on a provider: what keeps it from loading, and how a session on it is created."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dreamlayer.core.errors import ProviderError
from dreamlayer.core.installation import install_command
from dreamlayer.core.runtime import openvino_session
from dreamlayer.core.runtime.drivers import Fault, Load, cuda_fault, vulkan_fault
from dreamlayer.core.runtime.installed import has_gpu, plugin_devices, runtime, short_name
from dreamlayer.core.runtime.providers import CPU, OPENVINO, PROVIDERS, Provider, provider_of
from dreamlayer.core.runtime.reasons import reason_of

_CUDA = {
    "linux": ("libcudart.so.{0}", "libcublasLt.so.{0}", "libcublas.so.{0}", "libcudnn.so.9"),
    "win32": ("cudart64_{0}.dll", "cublasLt64_{0}.dll", "cublas64_{0}.dll", "cudnn64_9.dll"),
}
_TENSORRT = {"linux": ("libnvinfer.so.10",), "win32": ("nvinfer_10.dll",)}

_works: set[tuple[str, bool]] = set()
_preloaded = False


def fault(provider: str, *, chosen: bool = False) -> Fault | None:
    """What keeps a provider from loading on this machine.

    Parameters
    ----------
    provider : str
        Its short or full name; ONNX Runtime must have it.
    chosen : bool
        Whether `auto` chose it, and not the user: a software renderer in place of a GPU, slower
        than the CPU by far, is then a fault too.

    Returns
    -------
    Fault or None
        None where it loads.
    """
    short = short_name(provider)
    if short == CPU or (short, chosen) in _works:
        return None
    row = provider_of(short)
    try:
        if row.engine == OPENVINO:
            openvino_session.load()
            return None
        found = CHECKS[row.check](row, chosen) if row.check else None
    except ProviderError as error:
        # Of a package or a plug-in that does not load.
        return Fault(str(error))
    found = found or _try(row.name if short in PROVIDERS else provider)
    if found is None:
        # Only that it works is remembered: a GPU may have been short of memory.
        _works.add((short, chosen))
    return found


def create_session(
    model: bytes | str, options: Any, provider: str, settings: Mapping[str, str]
) -> Any:
    """Create a session on one provider.

    Parameters
    ----------
    model : bytes or str
        A serialized model, or the path of one.
    options : onnxruntime.SessionOptions
        Changed as the provider's row says.
    provider : str
        Full name of the provider.
    settings : mapping
        The provider's options.

    Returns
    -------
    onnxruntime.InferenceSession
        It may still run on the CPU alone: see its `get_providers`.

    Raises
    ------
    ProviderError
        If a plug-in does not load, or finds no device.
    Exception
        As ONNX Runtime raises; its exceptions share no base class.
    """
    ort, row = runtime(), provider_of(short_name(provider))
    for name, value in row.session.items():
        setattr(
            options, name, getattr(ort.ExecutionMode, value) if isinstance(value, str) else value
        )
    devices = plugin_devices(row)
    given: dict[str, Any] = {}
    if devices is None:
        given["providers"] = [(provider, dict(settings))]
    elif devices:
        options.add_provider_for_devices(devices[:1], dict(settings))
    else:
        raise ProviderError(f"its plug-in, {row.plugin}, finds no GPU")
    # Without fallback it raises; with it, it would print, perhaps where a picture is written, and
    # then go on with the CPU.
    return ort.InferenceSession(model, options, **given, enable_fallback=0)


def _try(provider: str) -> Fault | None:
    """Load a tiny model, since not all faults can be foreseen."""
    from dreamlayer.core.graph.edit import FLOAT, new_graph, to_model

    ort = runtime()
    graph = new_graph({"x": (FLOAT, [1])}, "trial")
    model = to_model(graph, {"y": graph.value("x") + graph.value("x")})
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = create_session(model.SerializeToString(), options, provider, {})
    except ProviderError as error:
        return Fault(str(error))
    except Exception as error:
        return Fault(reason_of(error))
    if session.get_providers()[0] != provider:
        return Fault("its libraries or its device are missing")
    return None


def _cuda_check(row: Provider, _chosen: bool) -> Fault | None:
    # The driver first: without it, gigabytes of libraries would not help.
    return cuda_fault(_cuda_version()) or preload(row)


def _webgpu_check(row: Provider, chosen: bool) -> Fault | None:
    if sys.platform == "linux":
        return vulkan_fault(software=not chosen)
    if chosen and not has_gpu(row):
        return Fault("ONNX Runtime finds no GPU")
    return None


CHECKS: Mapping[str, Callable[[Provider, bool], Fault | None]] = {
    "cuda": _cuda_check,
    "webgpu": _webgpu_check,
}
"""By their names in `core.runtime.providers`: a check that asks no provider, and prints nothing."""


def preload(row: Provider, *, load: Load = ctypes.CDLL, system: str = sys.platform) -> Fault | None:
    """Load CUDA and cuDNN from where pip put them, once.

    They are gigabytes, so this comes before a session on an NVIDIA GPU, and before no other.

    Parameters
    ----------
    row : Provider
        CUDA's or TensorRT's.
    load : callable
        Loads a shared library by its name or path; raises `OSError` where that fails.
    system : str
        As `sys.platform`.

    Returns
    -------
    Fault or None
        Where one is missing, which ONNX Runtime's own `preload_dlls` would print.
    """
    global _preloaded
    version = _cuda_version()
    if not version:
        return None
    for wanted, remedy in (
        (_CUDA, f"install it with: {install_command('gpu')}"),
        (_TENSORRT if row.needs_tensorrt else {}, "install TensorRT 10"),
    ):
        names = [name.format(version) for name in wanted.get(system, ())]
        missing = [name for name in names if not _can_be_loaded(name, load)]
        if missing:
            return Fault(f"{missing[0]} is missing", remedy)
    ort = runtime()
    # On Windows PyTorch has loaded its own, and ONNX Runtime would print that it loads none.
    if not _preloaded and hasattr(ort, "preload_dlls"):
        if system != "win32" or "torch" not in sys.modules:
            ort.preload_dlls(msvc=False, directory="")
        _preloaded = True
    return None


def _cuda_version() -> int:
    """The major version of CUDA that ONNX Runtime was built with; 0 where it is not known."""
    major = str(getattr(runtime(), "cuda_version", "") or "").partition(".")[0]
    return int(major) if major.isdigit() else 0


def _can_be_loaded(name: str, load: Load) -> bool:
    """Whether a library lies in one of NVIDIA's Python packages, or the system has it."""
    packages = importlib.util.find_spec("nvidia")
    for place in (packages and packages.submodule_search_locations) or ():
        if any(Path(place).glob(f"*/**/{name}")):
            return True
    try:
        load(name)
    except OSError:
        return False
    return True
