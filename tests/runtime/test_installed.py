"""What the installed ONNX Runtime offers, built in or plugged in, and whose process it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fake_runtime import FakeRuntime, device, install

from dreamlayer.core.errors import ProviderError
from dreamlayer.core.runtime import installed
from dreamlayer.core.runtime.installed import (
    full_name,
    has_gpu,
    offered,
    plugin_devices,
    runtime,
    silence,
)
from dreamlayer.core.runtime.providers import PROVIDERS

WEBGPU = "WebGpuExecutionProvider"
ROW = PROVIDERS["webgpu"]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with a plug-in that nothing can load."""
    (tmp_path / ROW.plugin).mkdir()
    code = "def get_library_path(): return 'webgpu.so'"
    (tmp_path / ROW.plugin / "__init__.py").write_text(code, encoding="utf-8")
    monkeypatch.delitem(sys.modules, ROW.plugin, raising=False)
    monkeypatch.syspath_prepend(tmp_path)


def test_azure_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would send the picture away."""
    install(monkeypatch, FakeRuntime("AzureExecutionProvider"))
    monkeypatch.setattr(installed, "_has_plugin", lambda _: False)
    assert offered() == ["cpu"]
    with pytest.raises(ProviderError, match="not known"):
        full_name("azure")


def test_other_systems_providers_are_not_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installing would not help."""
    install(monkeypatch, FakeRuntime())
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(ProviderError, match="it is for Windows only"):
        full_name("directml")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ProviderError, match=r"install it with: .*\[directml\]"):
        full_name("directml")


@pytest.mark.usefixtures("plugin")
def test_plugin_is_offered_before_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registering loads its library, which is for those who use it."""
    fake = install(monkeypatch, FakeRuntime())
    assert offered() == ["webgpu", "cpu"]
    assert full_name("webgpu") == WEBGPU
    assert fake.calls == []


@pytest.mark.usefixtures("plugin")
def test_plugin_is_registered_once_and_its_best_device_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A discrete GPU, then another, then the CPU; other providers' devices are none of its."""
    cpu, gpu = device(WEBGPU, "CPU"), device(WEBGPU, "GPU")
    discrete, other = device(WEBGPU, "GPU", discrete=True), device("OtherProvider", "GPU")
    fake = install(monkeypatch, FakeRuntime(devices=[other, cpu, gpu, discrete]))
    assert plugin_devices(ROW) == plugin_devices(ROW) == [discrete, gpu, cpu]
    assert fake.calls == [f"register dreamlayer.{ROW.plugin} webgpu.so"]
    assert has_gpu(ROW)


@pytest.mark.usefixtures("plugin")
def test_built_in_provider_needs_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ONNX Runtime has it, or the host registered the plug-in, ours is left alone."""
    fake = install(monkeypatch, FakeRuntime(WEBGPU, devices=[device(WEBGPU, "CPU")]))
    assert plugin_devices(ROW) is None
    assert offered() == ["webgpu", "cpu"]
    assert not has_gpu(ROW)
    assert fake.calls == []


@pytest.mark.usefixtures("plugin")
def test_plugin_that_does_not_load_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """One built for another ONNX Runtime raises, with more lines than one."""
    fake = install(monkeypatch, FakeRuntime())

    def refuse(*_: str) -> None:
        raise RuntimeError("needs API version 99\nat line 5")

    monkeypatch.setattr(fake, "register_execution_provider_library", refuse, raising=False)
    with pytest.raises(ProviderError, match=rf"{ROW.plugin}, does not load: needs API version 99$"):
        plugin_devices(ROW)


def test_library_changes_no_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its severity is the host's; a program silences it once the process is its own."""
    fake = install(monkeypatch, FakeRuntime())
    runtime()
    assert fake.calls == []
    silence()
    assert fake.calls == [], "it must not import ONNX Runtime for that"
    runtime()
    assert fake.calls == ["severity 4"]
