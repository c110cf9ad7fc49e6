"""Free memory of a GPU, from the CUDA runtime or ``nvidia-smi``, without a further dependency."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from dreamlayer.core.runtime.providers import provider_of

_LIBRARIES = (
    "libcudart.so.13",
    "libcudart.so.12",
    "libcudart.so.11.0",
    "cudart64_13.dll",
    "cudart64_12.dll",
    "cudart64_110.dll",
)
_QUERY = ("nvidia-smi", "--query-gpu=index,uuid,memory.free", "--format=csv,noheader,nounits")
_MIB = 2.0**20
_SECONDS = 10


def free_bytes(
    provider: str,
    *,
    load: Callable[[str], Any] = ctypes.CDLL,
    ask: Callable[[], str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> float | None:
    """Free memory of the GPU that a provider computes on.

    Parameters
    ----------
    provider : str
        Its short name.
    load : callable
        Loads a shared library by name; raises `OSError` where it is missing.
    ask : callable, optional
        Returns the output of ``nvidia-smi``, one line per GPU: index, UUID, free MiB.
    environment : mapping
        Environment variables, for ``CUDA_VISIBLE_DEVICES``.

    Returns
    -------
    float or None
        Bytes; None where it is unknown, as for every provider but CUDA's.
    """
    if not provider_of(provider).reports_free_memory:
        return None
    found = _by_runtime(load)
    if found is None:
        found = _by_tool(ask or _nvidia_smi, environment.get("CUDA_VISIBLE_DEVICES"))
    return found


def _by_runtime(load: Callable[[str], Any]) -> float | None:
    """The CUDA runtime's answer for its current device, the first visible one."""
    for name in _LIBRARIES:
        try:
            library = load(name)
        except OSError:
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        if library.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total)) == 0:
            return float(free.value)
    return None


def _nvidia_smi() -> str:
    return subprocess.run(
        _QUERY, check=True, capture_output=True, text=True, timeout=_SECONDS
    ).stdout


def _by_tool(ask: Callable[[], str], visible: str | None) -> float | None:
    """The driver tool's answer for the first GPU that is visible to CUDA."""
    try:
        rows = [[part.strip() for part in line.split(",")] for line in ask().splitlines()]
    except (OSError, subprocess.SubprocessError):
        return None
    first = None if visible is None else visible.split(",")[0].strip()
    for row in rows:
        if len(row) != 3 or not row[2].isdigit():
            continue
        index, uuid, free = row
        if first is None or first == index or (first.startswith("GPU-") and uuid.startswith(first)):
            return int(free) * _MIB
    return None
