"""What another process has taken, looked at while it runs."""

from __future__ import annotations

import contextlib
from typing import Any

from dreamlayer.core.isolation import budget as budgets
from dreamlayer.core.isolation.budget import Budget
from dreamlayer.core.isolation.limits import ENFORCES_MEMORY

_LONGEST_LOOK = 2.0
"""Seconds that count between two looks: more have passed where this program was stopped."""

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
        self._waiting = psutil.STATUS_DISK_SLEEP
        self._process: Any = None
        with contextlib.suppress(psutil.Error):
            self._process = psutil.Process(pid)
        self._seconds = self._still = self._spent = 0.0

    def check(self, seconds: float) -> None:
        """Look at it.

        Parameters
        ----------
        seconds : float
            Since the last look, or since its start.

        Raises
        ------
        StoppedError
            It has taken too much.
        """
        spent = held = 0.0
        busy = False
        with contextlib.suppress(self._gone, AttributeError):
            spent = sum(self._process.cpu_times()[:2])
            busy = self._process.status() == self._waiting
            held = 0.0 if ENFORCES_MEMORY else self._process.memory_info().rss
        if held > self._budget.memory:
            raise budgets.too_large(self._budget)
        if spent > self._budget.processor + _LIBRARIES:
            raise budgets.too_long(self._budget)
        passed = min(seconds, _LONGEST_LOOK)
        self._seconds += passed
        # One that waits for a disk is at work.
        self._still = 0.0 if busy or spent > self._spent else self._still + passed
        self._spent = max(spent, self._spent)
        if self._still > self._budget.standstill:
            raise budgets.standing_still(self._budget)
        if self._seconds > self._budget.wall:
            raise budgets.too_late(self._budget)
