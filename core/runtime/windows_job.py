"""Windows' job objects, by which services and containers limit the memory of processes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

EXTENDED_LIMITS = 9
"""`JobObjectExtendedLimitInformation`"""

PROCESS_MEMORY, _JOB_MEMORY = 0x100, 0x200
"""`JOB_OBJECT_LIMIT_PROCESS_MEMORY`, `JOB_OBJECT_LIMIT_JOB_MEMORY`"""


class ExtendedLimits(ctypes.Structure):
    """`JOBOBJECT_EXTENDED_LIMIT_INFORMATION` of Windows' winnt.h, its inner structures unfolded."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
        ("counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


Query = Callable[[ExtendedLimits], bool]
"""Fills in the limits of the job that this process is in; False where there is none."""


def limit(query: Query | None = None) -> int | None:
    """Bytes that this process may commit by its job; None where there is no such limit.

    Parameters
    ----------
    query : callable, optional
        By default Windows is asked; other systems have no jobs.
    """
    if query is None:
        if sys.platform != "win32":
            return None
        query = _asked
    limits = ExtendedLimits()
    try:
        if not query(limits):
            return None
    except (OSError, AttributeError):
        return None
    given = {PROCESS_MEMORY: limits.process_memory, _JOB_MEMORY: limits.job_memory}
    return min((count for flag, count in given.items() if limits.flags & flag), default=None)


def _asked(limits: ExtendedLimits) -> bool:
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (other systems' ctypes lack it)
    size = ctypes.sizeof(limits)
    answer = kernel.QueryInformationJobObject(
        None, EXTENDED_LIMITS, ctypes.byref(limits), size, None
    )
    return bool(answer)
