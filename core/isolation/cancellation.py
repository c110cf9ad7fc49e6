"""Whether isolated work is still wanted, asked while it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar


def _never() -> bool:
    return False


_cancelled: ContextVar[Callable[[], bool]] = ContextVar("cancelled", default=_never)


@contextlib.contextmanager
def cancellable(cancelled: Callable[[], bool] | None) -> Iterator[None]:
    """While this block lasts, isolated work of this thread ends where `cancelled` returns True.

    None leaves it as it is.
    """
    if cancelled is None:
        yield
        return
    token = _cancelled.set(cancelled)
    try:
        yield
    finally:
        _cancelled.reset(token)


def asked() -> Callable[[], bool]:
    """What to ask in this thread."""
    return _cancelled.get()
