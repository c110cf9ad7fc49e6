"""A toolkit for the dialogs that editors share, which only runs what is idle."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any


class Loop:
    """Runs what other threads add, until it is told to quit."""

    calls: queue.Queue[Callable[[], Any]] = queue.Queue()

    def __init__(self) -> None:
        self._running = True

    def run(self) -> None:
        """Make the calls; one that is awaited for a minute is an error."""
        while self._running:
            Loop.calls.get(timeout=60)()

    def quit(self) -> None:
        """End `run` after the present call."""
        self._running = False


def call_soon(call: Callable[[], Any]) -> None:
    """Call once in a loop that runs."""
    Loop.calls.put(call)


def forget_all() -> None:
    """Make none of the calls that wait."""
    Loop.calls = queue.Queue()
