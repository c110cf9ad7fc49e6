"""Whether two names on the command line are of one file, so that nothing is written over it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_STREAM = "-"


def same_file(one: str, other: str) -> bool:
    """True where both names lead to one file, by links or another spelling too."""
    if _STREAM in (one, other):
        return False
    first, second = Path(one), Path(other)
    try:
        if first.exists() and second.exists():
            return first.samefile(second)
        return first.resolve() == second.resolve()
    except (OSError, RuntimeError, ValueError):
        # A loop of links, or a name that no file can have; who opens it will say so.
        return False


def clash(name: str, others: Iterable[str]) -> str | None:
    """The first of `others` that is the same file as `name`, or None."""
    return next((other for other in others if same_file(name, other)), None)
