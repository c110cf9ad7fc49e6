"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

_QUOTAS = (
    ("/sys/fs/cgroup/cpu.max",),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
"""Files of a container's limit, of cgroup 2 and 1: microseconds of all cores together, no number
above 0 where there is no limit, and per how many microseconds."""


def usable_cores() -> int:
    """Cores that this process may use, by its affinity and its container's limit."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        # macOS and Windows.
        count = os.cpu_count() or 1
    limits = [limit for files in _QUOTAS if (limit := _limit(files)) is not None]
    return max(min([count, *limits]), 1)


def _limit(files: Sequence[str]) -> int | None:
    """The cores that a container's limit is worth, rounded up; None where there is none."""
    try:
        words = " ".join(Path(file).read_text(encoding="ascii") for file in files).split()
        quota, period = map(float, words)
    except (OSError, ValueError):
        return None
    return math.ceil(quota / period) if quota > 0 and period > 0 else None
