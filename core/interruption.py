"""Whether the program was asked to stop: a command line says so, and long work looks at it.

A signal's handler that raises is not enough. What it raises within a callback that C calls is lost,
and at the moment a file is replaced it comes at the wrong time. So the handlers of a command line
note the signal here; `deferred` keeps them from raising, and raises itself once it is over. In any
other program nothing is ever noted, and `deferred` does nothing.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal, TypeVar, cast

Opens = TypeVar("Opens")


class Interruption:
    """What a program's signal handlers note; made in the thread that runs them.

    Attributes
    ----------
    number : int or None
        The first signal that came.
    raised : bool
        Whether KeyboardInterrupt was raised for it.
    writing : int
        How many outputs are being written.
    written : int
        How many were written whole.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.raised = False
        self.writing = self.written = 0
        self._depth = 0
        self._thread = threading.get_ident()

    @property
    def deferred(self) -> bool:
        """Whether a handler must not raise now."""
        return self._depth > 0

    @property
    def here(self) -> bool:
        """Whether this is the thread that the handlers run in."""
        return threading.get_ident() == self._thread

    def request(self, number: int) -> None:
        """Note a signal; the first one counts."""
        if self.number is None:
            self.number = number

    def enter(self, change: int, *, writing: bool) -> None:
        """Count what must not be interrupted: 1 where it begins, -1 where it ends."""
        self._depth += change
        self.writing += change * writing


_current: Interruption | None = None


def watch(interruption: Interruption | None) -> None:
    """Look at this from now on; None for nothing, as in programs that are not ours."""
    global _current
    _current = interruption


def watched(interruption: Interruption) -> bool:
    """Whether this is what is looked at."""
    return _current is interruption


def requested() -> bool:
    """Whether the program was asked to stop; in any thread."""
    return _current is not None and _current.number is not None


def check() -> None:
    """Raise KeyboardInterrupt if the program was asked to stop."""
    if _current is not None and _current.here and requested() and not _current.deferred:
        _current.raised = True
        raise KeyboardInterrupt


class deferred:  # noqa: N801 - read as a phrase: `with deferred():`
    """A block in which signal handlers do not raise; they are made up for at its end.

    Parameters
    ----------
    writing : bool
        Whether an output is written in it, which only a second signal may cut short.
    """

    def __init__(self, *, writing: bool = False) -> None:
        self._writing = writing
        self._held: Interruption | None = None

    def __enter__(self) -> None:
        if _current is not None and _current.here:
            self._held = _current
            _current.enter(1, writing=self._writing)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        held, self._held = self._held, None
        if held is not None:
            held.enter(-1, writing=self._writing)
            if held.number is not None and not held.deferred:
                held.raised = True
                if not isinstance(error, KeyboardInterrupt):
                    raise KeyboardInterrupt
        return False


def uninterrupted(open_output: Opens) -> Opens:
    """Decorate a context manager that writes an output, so that all of it is `deferred`."""
    manager = cast(Any, open_output)

    @functools.wraps(manager)
    @contextlib.contextmanager
    def opened(*given: Any, **named: Any) -> Iterator[Any]:
        with deferred(writing=True):
            with manager(*given, **named) as output:
                yield output
            if _current is not None:
                _current.written += 1

    return cast(Opens, opened)
