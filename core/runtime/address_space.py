"""Limits of the address space (`ulimit -v`): how programs make do with less."""

from __future__ import annotations

import contextlib
import os
import sys

from dreamlayer.core.errors import MemoryLimitError

try:
    import resource
except ImportError:
    # Windows has no such limits.
    resource = None  # type: ignore[assignment]

_LEAST = 400 << 20
"""Bytes that the interpreter and its libraries take before there is a picture."""

_THREADS = "OPENBLAS_NUM_THREADS"
"""NumPy's and SciPy's BLAS start a thread for each core, and reserve memory for each. Where they
get none they wait for ever, or end the process. Nothing that a dream computes needs them."""

_ARENA_MAX = -8
"""The number of glibc's option `M_ARENA_MAX`: each thread's arena reserves 64 MiB."""


def limit() -> int | None:
    """Bytes of address space that this process may have; None where there is no limit."""
    if resource is None or sys.platform != "linux":
        # Other systems do not enforce it.
        return None
    allowed: int = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if allowed == resource.RLIM_INFINITY else allowed


def prepare() -> None:
    """Keep libraries small where the address space is limited; for the programs only.

    To be called before numpy is imported.

    Raises
    ------
    MemoryLimitError
        There is too little for the libraries alone.
    """
    allowed = limit()
    if allowed is None:
        return
    if allowed < _LEAST:
        raise MemoryLimitError(
            f"this process may have {allowed >> 20} MiB of address space, but the libraries alone "
            f"take {_LEAST >> 20} MiB; raise the limit (ulimit -v)"
        )
    os.environ.setdefault(_THREADS, "1")
    # Only where it is needed, since programs start without.
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
