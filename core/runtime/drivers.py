"""What the drivers of GPUs say about their devices, through their own libraries.

ONNX Runtime logs a provider that fails to load straight to the process's streams, which a library
must not replace. So what usually is missing is looked for before ONNX Runtime is asked.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Load = Callable[[str], Any]
"""Loads a shared library by its name or path; raises `OSError` where that fails."""

_CUDA_DRIVERS = {"win32": "nvcuda.dll"}
_VULKAN_LOADERS = {"win32": "vulkan-1.dll", "darwin": "libvulkan.1.dylib"}
_NO_CUDA_DEVICE = 100
_VULKAN_INSTANCE_INFO = 1
_SOFTWARE = 4
"""Vulkan's type of a device that is a program on the CPU."""


@dataclass(frozen=True)
class Fault:
    """Why a provider cannot be used.

    Attributes
    ----------
    reason : str
        What is missing, as a clause.
    remedy : str
        What to do about it, as a clause, with a command where there is one; empty where nothing
        is known to help.
    """

    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        """The end of a sentence for a user who asked for the provider."""
        return f"{self.reason}; {self.remedy and self.remedy + ', or '}use --provider cpu"


def cuda_fault(
    needed: int, *, load: Load = ctypes.CDLL, system: str = sys.platform
) -> Fault | None:
    """What keeps programs from using CUDA, as far as the driver knows.

    Parameters
    ----------
    needed : int
        The major version of CUDA that the program was built with; 0 for any.
    load : callable
        As `Load`.
    system : str
        As `sys.platform`.

    Returns
    -------
    Fault or None
        None where the driver finds a GPU.
    """
    name = _CUDA_DRIVERS.get(system, "libcuda.so.1")
    install = "install the driver for your NVIDIA GPU"
    try:
        driver = load(name)
    except OSError:
        return Fault(f"this machine has no NVIDIA driver ({name} is missing)", install)
    code = driver.cuInit(0)
    count = ctypes.c_int()
    if code == 0:
        code = driver.cuDeviceGetCount(ctypes.byref(count))
    if code == _NO_CUDA_DEVICE or (code == 0 and not count.value):
        return Fault("the NVIDIA driver finds no GPU", "see what nvidia-smi lists")
    if code != 0:
        return Fault(f"the NVIDIA driver does not start (CUDA error {code})", "run nvidia-smi")
    version = ctypes.c_int()
    if driver.cuDriverGetVersion(ctypes.byref(version)) == 0 and version.value // 1000 < needed:
        has = f"{version.value // 1000}.{version.value % 1000 // 10}"
        return Fault(
            f"the NVIDIA driver is too old: it supports CUDA {has}, and this ONNX Runtime needs "
            f"CUDA {needed}",
            "update the driver",
        )
    return None


class _InstanceInfo(ctypes.Structure):
    """VkInstanceCreateInfo, whose optional parts stay empty."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("flags", ctypes.c_uint32),
        ("application", ctypes.c_void_p),
        ("layer_count", ctypes.c_uint32),
        ("layers", ctypes.c_void_p),
        ("extension_count", ctypes.c_uint32),
        ("extensions", ctypes.c_void_p),
    ]


def vulkan_fault(
    *, software: bool, load: Load = ctypes.CDLL, system: str = sys.platform
) -> Fault | None:
    """What keeps programs from using Vulkan.

    Parameters
    ----------
    software : bool
        Whether a software renderer will do.
    load : callable
        As `Load`.
    system : str
        As `sys.platform`.

    Returns
    -------
    Fault or None
        None where Vulkan finds a device.
    """
    name = _VULKAN_LOADERS.get(system, "libvulkan.so.1")
    driver = "install your GPU's Vulkan driver (Debian, Ubuntu: apt install mesa-vulkan-drivers)"
    try:
        loader = load(name)
    except OSError:
        return Fault(
            f"the Vulkan loader is missing ({name})",
            "install it (Debian, Ubuntu: apt install libvulkan1)",
        )
    kinds = _vulkan_devices(loader)
    if not kinds:
        return Fault("Vulkan finds no GPU", driver)
    if not software and all(kind == _SOFTWARE for kind in kinds):
        return Fault("Vulkan finds a software renderer only, slower than the CPU", driver)
    return None


def _vulkan_devices(loader: Any) -> list[int]:
    """The types of the devices, as numbered by Vulkan."""
    instance = ctypes.c_void_p()
    info = _InstanceInfo(kind=_VULKAN_INSTANCE_INFO)
    if loader.vkCreateInstance(ctypes.byref(info), None, ctypes.byref(instance)) != 0:
        return []
    try:
        count = ctypes.c_uint32()
        if loader.vkEnumeratePhysicalDevices(instance, ctypes.byref(count), None) != 0:
            return []
        devices = (ctypes.c_void_p * count.value)()
        loader.vkEnumeratePhysicalDevices(instance, ctypes.byref(count), devices)
        return [_vulkan_type(loader, ctypes.c_void_p(device)) for device in devices]
    finally:
        loader.vkDestroyInstance(instance, None)


def _vulkan_type(loader: Any, device: ctypes.c_void_p) -> int:
    """From VkPhysicalDeviceProperties, 824 bytes, of which the fifth word is the type."""
    properties = (ctypes.c_uint32 * 512)()
    loader.vkGetPhysicalDeviceProperties(device, properties)
    return int(properties[4])
