"""Answers of drivers become a reason and a remedy; the drivers are stand-ins."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pytest

from dreamlayer.core.runtime.drivers import cuda_fault, vulkan_fault


def missing(name: str) -> Any:
    """No library at all."""
    raise OSError(f"{name}: cannot open shared object file")


class Cuda:
    """NVIDIA's driver, with its state and what it counts."""

    def __init__(self, code: int = 0, count: int = 1, version: int = 13000) -> None:
        self._code, self._count, self._version = code, count, version

    def cuInit(self, flags: int) -> int:  # noqa: N802
        """The state."""
        assert flags == 0
        return self._code

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        """The number of GPUs."""
        count._obj.value = self._count
        return 0

    def cuDriverGetVersion(self, version: Any) -> int:  # noqa: N802
        """The newest CUDA that it supports."""
        version._obj.value = self._version
        return 0


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (missing, r"no NVIDIA driver \(libcuda.so.1 is missing\); install the driver"),
        (lambda _: Cuda(code=100), "driver finds no GPU; see what nvidia-smi lists"),
        (lambda _: Cuda(count=0), "driver finds no GPU"),
        (lambda _: Cuda(code=999), r"does not start \(CUDA error 999\); run nvidia-smi"),
        (lambda _: Cuda(version=12040), "supports CUDA 12.4, .* needs CUDA 13; update the driver"),
    ],
)
def test_reasons_against_cuda(load: Callable[[str], Any], says: str) -> None:
    """Each has its own, and ends with what always helps."""
    found = cuda_fault(13, load=load, system="linux")
    assert found is not None
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(str(found))
    assert str(found).endswith("or use --provider cpu")


@pytest.mark.parametrize("version", [13000, 13020, 14010])
def test_cuda_with_a_gpu_and_a_driver_that_is_new_enough(version: int) -> None:
    """Minor versions do not matter."""
    assert cuda_fault(13, load=lambda _: Cuda(version=version), system="linux") is None
    assert cuda_fault(0, load=lambda _: Cuda(version=11000), system="linux") is None


class Vulkan:
    """Vulkan's loader, with devices of these types."""

    def __init__(self, *kinds: int, code: int = 0) -> None:
        self._kinds, self._code, self.destroyed = kinds, code, 0

    def vkCreateInstance(self, info: Any, allocator: None, instance: Any) -> int:  # noqa: N802
        """Nothing but its own code of a structure is asked for."""
        assert (info._obj.kind, allocator) == (1, None)
        instance._obj.value = 7
        return self._code

    def vkEnumeratePhysicalDevices(self, instance: Any, count: Any, devices: Any) -> int:  # noqa: N802
        """The number of devices, or the devices."""
        assert instance.value == 7
        count._obj.value = len(self._kinds)
        for place in range(len(self._kinds) if devices is not None else 0):
            devices[place] = place + 1
        return 0

    def vkGetPhysicalDeviceProperties(self, device: Any, properties: Any) -> None:  # noqa: N802
        """At least as long as Vulkan's own."""
        assert ctypes.sizeof(properties) >= 824
        properties[4] = self._kinds[device.value - 1]

    def vkDestroyInstance(self, _instance: Any, _allocator: None) -> None:  # noqa: N802
        """Counted."""
        self.destroyed += 1


@pytest.mark.parametrize(
    ("load", "software", "says"),
    [
        (missing, True, r"loader is missing \(libvulkan.so.1\); install it .*libvulkan1"),
        (lambda _: Vulkan(code=-9), True, "finds no GPU; install your GPU's Vulkan driver"),
        (lambda _: Vulkan(), True, "finds no GPU"),
        (lambda _: Vulkan(4, 4), False, "finds a software renderer only"),
    ],
)
def test_reasons_against_vulkan(load: Callable[[str], Any], software: bool, says: str) -> None:
    """No loader, no driver, no GPU, or none but a program on the CPU."""
    found = vulkan_fault(software=software, load=load, system="linux")
    assert found is not None
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(str(found))


@pytest.mark.parametrize(("kinds", "software"), [((1,), False), ((4, 2), False), ((4,), True)])
def test_vulkan_with_a_device(kinds: tuple[int, ...], software: bool) -> None:
    """A GPU among others will do; a software renderer for those who asked; nothing is left open."""
    loader = Vulkan(*kinds)
    assert vulkan_fault(software=software, load=lambda _: loader, system="linux") is None
    assert loader.destroyed == 1


@pytest.mark.parametrize(
    ("system", "cuda", "vulkan"),
    [
        ("linux", "libcuda.so.1", "libvulkan.so.1"),
        ("win32", "nvcuda.dll", "vulkan-1.dll"),
        ("darwin", "libcuda.so.1", "libvulkan.1.dylib"),
    ],
)
def test_libraries_have_their_systems_names(system: str, cuda: str, vulkan: str) -> None:
    """On Linux, Windows and macOS."""
    assert cuda in str(cuda_fault(13, load=missing, system=system))
    assert vulkan in str(vulkan_fault(software=True, load=missing, system=system))
