"""Work for processes of their own: it ends in every way that there is."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import time
from pathlib import Path

from dreamlayer.core.errors import LayerError
from dreamlayer.core.isolation.place import inside


def added(first: int, second: int) -> list[object]:
    """A sum, and whether this is another process."""
    return [first + second, inside()]


def refuse() -> None:
    """One of dreamlayer's own errors."""
    raise LayerError("there is no such layer\x1b[31m")


def fail() -> None:
    """An error that nobody meant."""
    raise KeyError("foreign text")


def abort() -> None:
    """As C++ does where an assertion fails."""
    print("terminate called", file=sys.stderr, flush=True)
    os.abort()


def read_nothing() -> None:
    """As native code does that reads where nothing is."""
    ctypes.string_at(0)


def leave(code: int) -> None:
    """An end without an answer."""
    os._exit(code)


def hold(pid_file: str = "") -> None:
    """Never end, in native code that holds the interpreter's lock."""
    if pid_file:
        Path(pid_file).write_text(str(os.getpid()))
    re.match(r"(a|a)*b", "a" * 60)


def sleep() -> None:
    """Never end, and take nothing."""
    time.sleep(3600)


def take(size: int) -> int:
    """So many bytes."""
    return len(bytearray(size))


def print_much() -> str:
    """Text without end on both streams, which is no answer."""
    for _ in range(200):
        print("x" * 10_000)
        print("y" * 10_000, file=sys.stderr)
    return "done"
