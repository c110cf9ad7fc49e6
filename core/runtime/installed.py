"""The installed ONNX Runtime: its import, and the providers that it has built in or plugged in."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

from dreamlayer.core.errors import ProviderError, bare, nearest, shown
from dreamlayer.core.installation import install_command, pip_command
from dreamlayer.core.runtime.providers import PACKAGES, PROVIDERS, SYSTEMS, Provider

_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""ONNX Runtime 1.32 and later report to Microsoft unless this is set when it is imported."""

_FATAL = 4
"""ONNX Runtime's severity above which nothing is logged but the end of the process."""

_lock = threading.RLock()
_registered: set[str] = set()
_owns_process = False


def runtime() -> Any:
    """Import onnxruntime, with telemetry off unless the user's environment sets it.

    Raises
    ------
    ProviderError
        If it is not installed or does not load.
    """
    try:
        with _without_telemetry():
            import onnxruntime
    except Exception as error:
        # Those who do not load raise what they like: of other versions of numpy, for example.
        raise ProviderError(
            f"onnxruntime does not load ({bare(str(error))}); "
            f"install it with: {install_command('cpu')} (or [gpu], [openvino], [webgpu])"
        ) from error
    if not hasattr(onnxruntime, "InferenceSession"):
        # Several packages share its folder: who removes one of them takes files of the others.
        left = [name for name in PACKAGES if _is_noted(name)]
        repair = pip_command("install", "--force-reinstall", "--no-deps", *left[:1])
        raise ProviderError(
            f"onnxruntime is incomplete, as it is when one of several of its packages was removed; "
            f"run: {repair if left else install_command('cpu')}"
        )
    if _owns_process:
        onnxruntime.set_default_logger_severity(_FATAL)
    return onnxruntime


def _is_noted(package: str) -> bool:
    """Whether pip has a note that a package is installed."""
    import importlib.metadata

    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def silence() -> None:
    """Keep ONNX Runtime from writing to this process's streams; for the programs only.

    What a provider says while it loads goes to ONNX Runtime's default logger, whatever a session's
    own severity is. The default logger's severity belongs to the process and cannot be read, so
    that it could not be restored: the programs set it, since the process is theirs, and the library
    in another program never does. It takes effect whenever onnxruntime is imported.
    """
    global _owns_process
    _owns_process = True


@contextlib.contextmanager
def _without_telemetry() -> Iterator[None]:
    """Set the variable during the import only, so that the host's environment stays unchanged."""
    with _lock:
        ours = "onnxruntime" not in sys.modules and _TELEMETRY not in os.environ
        if ours:
            os.environ[_TELEMETRY] = "1"
        try:
            yield
        finally:
            if ours:
                del os.environ[_TELEMETRY]


def short_name(provider: str) -> str:
    """``cpu`` for ``CPUExecutionProvider``; for unknown providers the name without its suffix."""
    known = (short for short, row in PROVIDERS.items() if row.name == provider)
    return next(known, provider.removesuffix("ExecutionProvider").lower())


def offered() -> list[str]:
    """Short names of the providers that are built into the installed ONNX Runtime or plugged in."""
    return list(available())


def available() -> dict[str, str]:
    """Full names of providers by short name, without Azure's, which calls a remote service.

    The CPU's comes last, as in ONNX Runtime's own list.
    """
    names = [n for n in runtime().get_available_providers() if n != "AzureExecutionProvider"]
    plugged = [r.name for r in PROVIDERS.values() if r.name not in names and _has_plugin(r)]
    return {short_name(name): name for name in (*plugged, *names)}


def full_name(provider: str) -> str:
    """The full name of a provider given by its short or full name.

    Raises
    ------
    ProviderError
        If the installed ONNX Runtime was built without it.
    """
    names, short = available(), provider.lower()
    if provider in names.values():
        return provider
    if short in names:
        return names[short]
    if short in PROVIDERS:
        row = PROVIDERS[short]
        remedy = f"; install it with: {install_command(row.extra)}" if row.extra else ""
        if row.system not in ("", sys.platform):
            remedy = f"; it is for {SYSTEMS[row.system]} only"
        raise ProviderError(
            f"provider {shown(provider)} is not part of the installed ONNX Runtime "
            f"{runtime().__version__}, which offers {', '.join(names)}{remedy}"
        )
    hint = nearest(short, sorted({*PROVIDERS, *names}))
    raise ProviderError(
        f"provider {shown(provider)} is not known; {hint or 'use ' + ', '.join(names)}"
    )


def plugin_devices(row: Provider) -> list[Any] | None:
    """The devices of a provider's plug-in, which is registered with ONNX Runtime when first needed.

    Returns
    -------
    list of onnxruntime.OrtEpDevice or None
        The best device first; None where the provider is not plugged in by us, but built in.

    Raises
    ------
    ProviderError
        If ONNX Runtime refuses the plug-in.
    """
    ort = runtime()
    with _lock:
        if row.name not in _registered:
            if row.name in ort.get_available_providers() or not _has_plugin(row):
                return None
            try:
                library = importlib.import_module(row.plugin).get_library_path()
                ort.register_execution_provider_library(f"dreamlayer.{row.plugin}", library)
            except Exception as error:
                # It is built for other versions of ONNX Runtime, or incomplete.
                said = next(iter(str(error).strip().splitlines()), type(error).__name__)
                raise ProviderError(f"its plug-in, {row.plugin}, does not load: {said}") from error
            _registered.add(row.name)
    found = [device for device in ort.get_ep_devices() if device.ep_name == row.name]
    return sorted(found, key=_preference, reverse=True)


def has_gpu(row: Provider) -> bool:
    """Whether ONNX Runtime lists a GPU, not a program on the CPU, for a provider."""
    list_devices = getattr(runtime(), "get_ep_devices", list)
    plugin_devices(row)
    return any(_preference(one)[0] for one in list_devices() if one.ep_name == row.name)


def _preference(device: Any) -> tuple[bool, bool]:
    """A GPU before others, and a discrete one before that of the processor."""
    hardware = device.device
    return hardware.type.name == "GPU", hardware.metadata.get("Discrete") == "1"


def _has_plugin(row: Provider) -> bool:
    """Whether a plug-in for a provider is installed that this ONNX Runtime can load."""
    return bool(
        row.plugin
        and hasattr(runtime(), "register_execution_provider_library")
        and importlib.util.find_spec(row.plugin)
    )
