"""Windows' job objects: a process within one ends with us, and takes no more than it may."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from dreamlayer.core.isolation.budget import Budget
from dreamlayer.core.runtime.windows_job import EXTENDED_LIMITS, PROCESS_MEMORY, ExtendedLimits

_PROCESS_TIME, _KILL_ON_CLOSE = 0x2, 0x2000
"""`JOB_OBJECT_LIMIT_PROCESS_TIME`, `JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE`"""

_SET_QUOTA, _TERMINATE = 0x100, 0x1
"""Rights to a process that it takes to put it into a job."""

_TICKS = 10_000_000
"""Windows counts time in tenths of microseconds."""

_LIBRARIES = (2.0, 1 << 29)
"""Seconds and bytes that the libraries take before the work begins."""


def contain(pid: int, budget: Budget, kernel: Any = None) -> Any:
    """Put a process into a job with a budget; the job to hold on to, None where there is none.

    Parameters
    ----------
    pid : int
        The process.
    budget : Budget
        What it may take.
    kernel : optional
        Windows' kernel32, the real one by default; other systems have none.
    """
    if kernel is None:
        if sys.platform != "win32":
            return None
        kernel = _kernel()
    job = kernel.CreateJobObjectW(None, None)
    if not job:
        return None
    limits = ExtendedLimits()
    limits.flags = _PROCESS_TIME | PROCESS_MEMORY | _KILL_ON_CLOSE
    seconds, size = _LIBRARIES
    limits.process_time = int((budget.processor + seconds) * _TICKS)
    limits.process_memory = min(budget.memory + size, ctypes.c_size_t(-1).value)
    kernel.SetInformationJobObject(
        job, EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    process = kernel.OpenProcess(_SET_QUOTA | _TERMINATE, False, pid)
    if process:
        kernel.AssignProcessToJobObject(job, process)
        kernel.CloseHandle(process)
    return kernel, job


def release(held: Any) -> None:
    """Close a job that `contain` gave, with which a process that is left in it ends."""
    if held is not None:
        kernel, job = held
        kernel.CloseHandle(job)


def _kernel() -> Any:
    """kernel32, with handles as wide as they are."""
    kernel = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009
    handle = ctypes.c_void_p
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = handle
    kernel.CreateJobObjectW.argtypes = [handle, ctypes.c_wchar_p]
    kernel.OpenProcess.argtypes = [ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32]
    kernel.SetInformationJobObject.argtypes = [
        *(handle, ctypes.c_int, handle, ctypes.c_uint32),
    ]
    kernel.AssignProcessToJobObject.argtypes = [handle, handle]
    kernel.CloseHandle.argtypes = [handle]
    return kernel
