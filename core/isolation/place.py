"""Where this process stands: whether it was started for isolated work, and can start others."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_INTERPRETER = re.compile(r"(python|pypy)[\d.]*[a-z]*(\.exe)?", re.IGNORECASE)

_inside = False


def enter() -> None:
    """Note that this process was started for such work."""
    global _inside
    _inside = True


def inside() -> bool:
    """Whether this process was started for such work."""
    return _inside


def possible() -> bool:
    """Whether this process can start others like it, and is none of them.

    A program that Python is a part of, such as an editor, is not started a second time.
    """
    return (
        not _inside
        and not getattr(sys, "frozen", False)
        and _INTERPRETER.fullmatch(Path(sys.executable or "").name) is not None
    )
