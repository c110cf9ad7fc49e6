"""A stand-in for onnxruntime that records what it is given: it computes nothing, checks no option's
name or value, and loads on whatever device it is told that there is."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from dreamlayer.core.runtime import installed, loading

CPU = "CPUExecutionProvider"


class FakeOptions(SimpleNamespace):
    """Session options, which take any attribute."""

    def add_session_config_entry(self, _name: str, _value: str) -> None:
        """Nothing is checked."""

    def add_provider_for_devices(self, devices: Sequence[Any], settings: Mapping[str, str]) -> None:
        """Remember the devices."""
        self.devices, self.settings = list(devices), dict(settings)


def device(provider: str, kind: str, *, discrete: bool = False) -> SimpleNamespace:
    """A device as `get_ep_devices` lists it."""
    hardware = SimpleNamespace(
        type=SimpleNamespace(name=kind), metadata={"Discrete": "1"} if discrete else {}
    )
    return SimpleNamespace(ep_name=provider, device=hardware)


class FakeRuntime(ModuleType):
    """The module.

    Parameters
    ----------
    built_in : str
        Full names of the providers that it has, in its order, but the CPU's.
    loads : bool
        Whether sessions run on the provider, or fall back to the CPU without a word.
    raises : Exception, optional
        What a session on anything but the CPU raises.
    devices : sequence
        What `get_ep_devices` lists.
    cuda : str
        The version of CUDA that it was built with.

    Attributes
    ----------
    calls : list of str
        Names of functions that change the process, in the order of their calls.
    sessions : list
        Provider, its options and the session options of each session.
    """

    def __init__(
        self,
        *built_in: str,
        loads: bool = True,
        raises: Exception | None = None,
        devices: Sequence[Any] = (),
        cuda: str = "",
    ) -> None:
        super().__init__("onnxruntime")
        self.__version__, self.cuda_version = "0", cuda
        self.calls: list[str] = []
        self.sessions: list[tuple[str, dict[str, str], FakeOptions]] = []
        self.ExecutionMode = SimpleNamespace(ORT_SEQUENTIAL="sequential")
        self.SessionOptions = FakeOptions
        self._names, self._loads, self._raises = [*built_in, CPU], loads, raises
        self._devices = list(devices)

    def get_available_providers(self) -> list[str]:
        """With those of registered plug-ins."""
        return list(self._names)

    def get_ep_devices(self) -> list[Any]:
        """As they were given."""
        return list(self._devices)

    def register_execution_provider_library(self, name: str, library: str) -> None:
        """Remember both."""
        self.calls.append(f"register {name} {library}")

    def preload_dlls(self, **_how: Any) -> None:
        """Remember that it was called."""
        self.calls.append("preload_dlls")

    def set_default_logger_severity(self, severity: int) -> None:
        """Remember it."""
        self.calls.append(f"severity {severity}")

    def InferenceSession(  # noqa: N802
        self,
        _model: bytes | str,
        options: FakeOptions,
        providers: Sequence[tuple[str, dict[str, str]]] = (),
        enable_fallback: int = 1,
    ) -> SimpleNamespace:
        """A session; without fallback, as ours are."""
        assert enable_fallback == 0, "a fallback prints"
        listed = providers[0] if providers else (options.devices[0].ep_name, options.settings)
        assert not providers or listed[0] in self._names, "it would only warn, and use the CPU"
        self.sessions.append((*listed, options))
        if self._raises is not None and listed[0] != CPU:
            raise self._raises
        loaded = [listed[0], CPU] if self._loads and listed[0] != CPU else [CPU]
        return SimpleNamespace(get_providers=lambda: loaded, disable_fallback=lambda: None)


def install(monkeypatch: pytest.MonkeyPatch, fake: FakeRuntime) -> FakeRuntime:
    """Put a stand-in in the place of onnxruntime until the test ends, as in a new process."""
    monkeypatch.setitem(sys.modules, "onnxruntime", fake)
    monkeypatch.setattr(installed, "_registered", set())
    monkeypatch.setattr(installed, "_owns_process", False)
    monkeypatch.setattr(loading, "_works", set())
    monkeypatch.setattr(loading, "_preloaded", False)
    return fake
