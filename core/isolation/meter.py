"""What another process has taken, looked at while it runs."""

from __future__ import annotations

import contextlib
from typing import Any

from dreamlayer.core.isolation import budget as budgets
from dreamlayer.core.isolation.budget import Budget
from dreamlayer.core.isolation.limits import ENFORCES_MEMORY

_SHARE = 1.5
"""Seconds of processor time after which a process that is late has had its share: where others take
the processor, its time runs slowly."""

_LATEST = 1.4
"""How much later than the budget says a process may end that has not had its share."""

_STANDSTILL = 5.0
"""Seconds without processor time after which a process waits for what never comes."""

_LIBRARIES = 2.0
"""Seconds of processor time that the libraries take before the work begins."""


class Meter:
    """Watches a process where the system does not limit it, and the clock.

    Parameters
    ----------
    pid : int
        The process.
    budget : Budget
        What it may take.
    """

    def __init__(self, pid: int, budget: Budget) -> None:
        # Only now: it is small, but most work is done by the first look.
        import psutil

        self._budget, self._gone = budget, psutil.Error
        self._process: Any = None
        with contextlib.suppress(psutil.Error):
            self._process = psutil.Process(pid)
        self._last = (0.0, 0.0)

    def check(self, seconds: float) -> None:
        """Look at it, so many seconds after its start.

        Raises
        ------
        StoppedError
            It has taken too much.
        """
        spent = held = 0.0
        with contextlib.suppress(self._gone, AttributeError):
            spent = sum(self._process.cpu_times()[:2])
            held = 0.0 if ENFORCES_MEMORY else self._process.memory_info().rss
        if held > self._budget.memory:
            raise budgets.too_large(self._budget)
        if spent > self._budget.processor + _LIBRARIES:
            raise budgets.too_long(self._budget)
        since, before = self._last
        if spent > before:
            self._last = since, _ = seconds, spent
        wall = self._budget.wall
        idle = seconds - since > _STANDSTILL
        if seconds > wall and (spent >= _SHARE or idle or seconds > _LATEST * wall):
            raise budgets.too_late(self._budget)
