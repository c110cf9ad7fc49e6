"""How a process limits itself, and ends with the one that started it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

try:
    import resource
except ImportError:
    # Windows has no such limits; see `core.isolation.windows`.
    resource = None  # type: ignore[assignment]

_CORES = 2
"""Cores that may be used at once, so that processor time is about time."""

_DEATH_SIGNAL = 1
"""Linux's `PR_SET_PDEATHSIG`."""

ENFORCES_MEMORY = sys.platform == "linux"
"""Whether the system holds a process to its address space; elsewhere its parent watches."""


def limit(processor: float, memory: int) -> None:
    """Limit this process from now on.

    Parameters
    ----------
    processor : float
        Seconds of processor time, in addition to those spent.
    memory : int
        Bytes, in addition to those that it has.
    """
    if resource is None:
        return
    _lower(resource.RLIMIT_CORE, 0)
    spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    # The signal is sent at whole seconds.
    _lower(resource.RLIMIT_CPU, int(spent + processor + 1))
    if ENFORCES_MEMORY:
        _lower(resource.RLIMIT_AS, _address_space() + memory)
        with contextlib.suppress(OSError):
            # Where the machine runs out of memory, this process goes first.
            Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        # Not the same for all such processes.
        first = _CORES * os.getpid()
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {cores[(first + n) % len(cores)] for n in range(_CORES)})


def _lower(what: int, value: int) -> None:
    """Lower a limit of the system; it cannot be raised again."""
    hard = resource.getrlimit(what)[1]
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # By the second limit of processor time the system kills what ignores the first.
    above = soft + 2 if what == resource.RLIMIT_CPU else soft
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (soft, above if hard == resource.RLIM_INFINITY else hard))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def end_with_parent(parent: int) -> None:
    """End this process when the one with this number ends, or closes our standard input."""
    with contextlib.suppress(ValueError, OSError):
        # What a terminal sends to all is the parent's to answer.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        _die_by_signal()
        if os.getppid() != parent:
            os._exit(1)
    threading.Thread(target=_wait_for_end, name="parent", daemon=True).start()


def _die_by_signal() -> None:
    """Be killed by the kernel, which waits for no lock of the interpreter."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _wait_for_end() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            continue
    os._exit(1)
