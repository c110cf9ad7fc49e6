"""How much memory a GPU has free, asked of the driver without a further dependency."""

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
        Loads a shared library by name; `OSError` where it is not there.
    ask : callable, optional
        Gives what ``nvidia-smi`` prints, a line a GPU: index, UUID, free MiB.
    environment : mapping
        Where ``CUDA_VISIBLE_DEVICES`` is looked up.

    Returns
    -------
    float or None
        Bytes; None where nobody can tell, which is so for all but CUDA.
    """
    if not provider_of(provider).driver_tells_memory:
        return None
    found = _by_runtime(load)
    if found is None:
        found = _by_tool(ask or _asked, environment.get("CUDA_VISIBLE_DEVICES"))
    return found


def _by_runtime(load: Callable[[str], Any]) -> float | None:
    """What CUDA itself says of its current device, the first that it is let see."""
    for name in _LIBRARIES:
        try:
            library = load(name)
        except OSError:
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        if library.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total)) == 0:
            return float(free.value)
    return None


def _asked() -> str:
    return subprocess.run(
        _QUERY, check=True, capture_output=True, text=True, timeout=_SECONDS
    ).stdout


def _by_tool(ask: Callable[[], str], visible: str | None) -> float | None:
    """What the driver's tool says of the first GPU that CUDA is let see."""
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
