"""Whether two names on the command line are of one file, so that nothing is written over it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_STREAM = "-"


def identity(name: str) -> object:
    """What all names of one file have in common, by links or another spelling too.

    None for a stream.
    """
    if name == _STREAM:
        return None
    path = Path(name)
    try:
        if path.exists():
            found = path.stat()
            return found.st_dev, found.st_ino
        return os.path.normcase(path.resolve())
    except (OSError, RuntimeError, ValueError):
        # A loop of links, or a name that no file can have; who opens it will say so.
        return name


def same_file(one: str, other: str) -> bool:
    """True where both names lead to one file."""
    first = identity(one)
    return first is not None and first == identity(other)


def clash(name: str, others: Iterable[str]) -> str | None:
    """The first of `others` that is the same file as `name`, or None."""
    return next((other for other in others if same_file(name, other)), None)
