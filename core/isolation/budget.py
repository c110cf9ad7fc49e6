"""What a process may take, and how it ended where it took more."""

from __future__ import annotations

import signal
from dataclasses import dataclass

_PROCESSOR = 6.0
"""Seconds of processor time for the smallest work; what is needed is about one."""

_WALL = 11.0
"""Seconds for the smallest work, the start of the process included."""

_SHARED = 4.0
"""Among how many programs the processor may be divided while a large network is looked at."""

_BYTES_A_SECOND = 2.5e6
"""Of a file, for which a further second is granted: three to ten times what networks need."""

_LEAST_MEMORY = 1 << 30
_COPIES = 16
"""How often a file's size may be held in memory: as bytes, as a message, by each optimizer."""


@dataclass(frozen=True)
class Budget:
    """Limits of a process.

    Attributes
    ----------
    processor : float
        Seconds of processor time of all its threads.
    wall : float
        Seconds until its end.
    memory : int
        Bytes beyond what its libraries take.
    """

    processor: float
    wall: float
    memory: int

    @classmethod
    def for_file(cls, size: int) -> Budget:
        """What reading a file of so many bytes, and trying what it holds, may take."""
        more = size / _BYTES_A_SECOND
        wall = _WALL + _SHARED * more
        return cls(_PROCESSOR + more, wall, _LEAST_MEMORY + _COPIES * size)


class StoppedError(Exception):
    """A process ended without an answer.

    Attributes
    ----------
    reason : str
        What ended it, as the rest of a sentence whose subject is what it worked on.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def too_long(budget: Budget) -> StoppedError:
    """It took all of its processor time."""
    return StoppedError(f"took more than {budget.processor:.0f} s of processor time to look at")


def too_late(budget: Budget) -> StoppedError:
    """It did not come to its end."""
    return StoppedError(f"took more than {budget.wall:.0f} s to look at")


def too_large(budget: Budget) -> StoppedError:
    """It took all of its memory."""
    return StoppedError(f"needs more than {budget.memory >> 20} MiB of memory to look at")


def ended_by(code: int, errors: str, budget: Budget) -> StoppedError:
    """Why there is no answer, from the exit code and what was written to standard error."""
    number = -code
    if number == getattr(signal, "SIGXCPU", 0):
        return too_long(budget)
    if "bad_alloc" in errors or "MemoryError" in errors:
        # C++ ends the process where nothing catches this.
        return too_large(budget)
    if number == getattr(signal, "SIGKILL", 0):
        # Nobody but the kernel sends this, where the machine has no memory left.
        reason = "signal SIGKILL, as the system sends it where memory runs out"
        return StoppedError(f"ended the program that looked at it ({reason})")
    return StoppedError(f"ended the program that looked at it ({_end(code)})")


def _end(code: int) -> str:
    if code >= 0:
        return f"exit code {code if code < 1 << 16 else hex(code)}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
