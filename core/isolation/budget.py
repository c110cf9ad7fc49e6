"""What a process may take, and how it ended where it took more."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass

from dreamlayer.core.errors import OptionError, shown

VARIABLE = "DREAMLAYER_LIMITS"
"""How many times these limits a user allows."""

_MOST_TIMES = 1000.0

_PROCESSOR = 10.0
"""Seconds of processor time for the smallest work; the most that was needed is three."""

_BYTES_A_SECOND = 1.25e6
"""Of a file, for which a further second is granted: four times what the slowest network needs."""

_STANDSTILL = 12.0
"""Seconds without any processor time, after which a process waits for what never comes."""

_LEAST_SHARE, _START = 0.05, 60.0
"""Of a processor that other programs use, what is left at least; and seconds beside that."""

_LEAST_MEMORY = 1 << 30
_COPIES = 16
"""How often a file's size may be held in memory: as bytes, as a message, by each optimizer."""


_FAULTS = ("SIGSEGV", "SIGFPE", "SIGABRT", "SIGILL")
_OWN_SIGNALS = {getattr(signal, name, 0) for name in _FAULTS} - {0}
"""What a process sends itself by a fault of its code; a full or failing disk sends SIGBUS."""

_REFUSED = ("system_error", "Resource temporarily unavailable")
"""What C++ writes where the system refuses threads or other resources, before it aborts."""


@dataclass(frozen=True)
class Budget:
    """Limits of a process.

    Processor time is what ends work without end: it is the same on a machine that others use.

    Attributes
    ----------
    processor : float
        Seconds of processor time of all its threads.
    standstill : float
        Seconds in a row in which it takes no processor time.
    memory : int
        Bytes beyond what its libraries take.
    """

    processor: float
    standstill: float
    memory: int

    @property
    def wall(self) -> float:
        """Seconds until its end at the latest, the last resort."""
        return _START + self.processor / _LEAST_SHARE

    @classmethod
    def for_file(cls, size: int) -> Budget:
        """What reading a file of so many bytes, and trying what it holds, may take.

        Raises
        ------
        OptionError
            `DREAMLAYER_LIMITS` is no number from 1 to 1000.
        """
        times = _times()
        processor = times * (_PROCESSOR + size / _BYTES_A_SECOND)
        return cls(processor, times * _STANDSTILL, int(times * (_LEAST_MEMORY + _COPIES * size)))


def _times() -> float:
    text = os.environ.get(VARIABLE) or "1"
    try:
        times = float(text)
    except ValueError:
        times = math.nan
    if not 1 <= times <= _MOST_TIMES:
        raise OptionError(
            f"{VARIABLE} is {shown(text)}; set it to a number from 1 to {_MOST_TIMES:.0f}, or not "
            f"at all"
        )
    return times


class StoppedError(Exception):
    """A process ended without an answer.

    Attributes
    ----------
    reason : str
        What ended it, as the rest of a sentence whose subject is what it worked on.
    limited : bool
        Whether it may come to its end within higher limits.
    repeats : bool
        Whether the same work ends so again, whatever else the machine does.
    """

    def __init__(self, reason: str, *, limited: bool = False, repeats: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limited = limited
        self.repeats = repeats

    @property
    def advice(self) -> str:
        """What to do, as the end of a sentence."""
        if not self.limited:
            return "use another, or export it again"
        times = min(4 * _times(), _MOST_TIMES)
        return f"use another, export it again, or allow it more with {VARIABLE}={times:g}"


def too_long(budget: Budget) -> StoppedError:
    """It took all of its processor time."""
    seconds = f"{budget.processor:.0f} s of processor time"
    return StoppedError(f"took more than {seconds} to look at", limited=True, repeats=True)


def too_late(budget: Budget) -> StoppedError:
    """It did not come to its end."""
    return StoppedError(f"took more than {budget.wall:.0f} s to look at", limited=True)


def standing_still(budget: Budget) -> StoppedError:
    """It waits for what never comes."""
    seconds = f"{budget.standstill:.0f} s"
    return StoppedError(
        f"made the program that looked at it wait for more than {seconds}", limited=True
    )


def too_large(budget: Budget) -> StoppedError:
    """It took all of its memory."""
    size = f"{budget.memory >> 20} MiB"
    return StoppedError(f"needs more than {size} of memory to look at", limited=True)


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
    repeats = number in _OWN_SIGNALS and not any(words in errors for words in _REFUSED)
    return StoppedError(f"ended the program that looked at it ({_end(code)})", repeats=repeats)


def _end(code: int) -> str:
    if code >= 0:
        return f"exit code {code if code < 1 << 16 else hex(code)}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
