"""The process's standard streams: closed ones, readers that go away, and code pages.

Notes on standard error that nobody can read are dropped, and the work goes on. What is printed on
standard output is the result, so that a failure there is an error.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from typing import Any, TextIO

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))

_closed: set[str] = set()


def repair() -> None:
    """Make the standard streams of this process usable, whatever it was started with.

    Where one is closed, its descriptor would go to the next file that is opened, and a library that
    writes a warning to it would write into a picture. So those go nowhere.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                _devnull(number)
        if getattr(sys, name) is None:
            _closed.add(name)
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    # Files have names that the terminal may not be able to show; what is printed to be read by
    # programs is escaped, never changed.
    for stream, errors in ((sys.stdout, "backslashreplace"), (sys.stderr, "replace")):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)


def is_closed(name: str) -> bool:
    """Whether the process was started without this stream: ``stdin``, ``stdout`` or ``stderr``."""
    return name in _closed


def is_terminal(name: str) -> bool:
    """Whether a stream is a terminal: ``stdin``, ``stdout`` or ``stderr``."""
    try:
        return bool(getattr(sys, name).isatty())
    except (AttributeError, ValueError):
        # It has been closed by who called the command in this process.
        return False


def note(text: str, stream: TextIO | None = None) -> None:
    """Write text to standard error, or to a stream in its place; drop it where that fails."""
    stream = sys.stderr if stream is None else stream
    try:
        stream.write(text)
        stream.flush()
    except BlockingIOError:
        # Its reader is slow, and the other program wants no waiting: what fits comes later.
        return
    except (OSError, ValueError):
        _abandon(stream)


def as_json(value: Any, stream: TextIO, indent: int | None = None) -> str:
    """JSON that a stream can hold: beyond ASCII only where it is UTF-8, and in names that are."""
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    except ValueError:
        # JSON knows no numbers that are not finite.
        return as_json(_finite(value), stream, indent)
    try:
        text.encode("utf-8" if is_unicode(stream) else "ascii")
    except UnicodeEncodeError:
        # The stream is of another code page, or a file's name is no text.
        text = json.dumps(value, indent=indent)
    return text


def _finite(value: Any) -> Any:
    """The same value with None for each number that is infinite, or none at all."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, (list, tuple)) else value


def print_json(value: Any) -> None:
    """Print a JSON document on standard output."""
    print(as_json(value, sys.stdout, indent=2))


def print_toml(text: str) -> None:
    """Print TOML on standard output; where that is no UTF-8, all beyond ASCII as escapes."""
    if not is_unicode(sys.stdout):
        text = "".join(one if one.isascii() else _escape(one) for one in text)
    print(text)


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream is encoded in UTF-8, as files that programs exchange are."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig", "cp65001")


def finish_output() -> OSError | None:
    """Write what is still buffered for standard output; what failed, if it did.

    Notes that are still buffered are written or dropped, since Python would end with another code.
    """
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except (OSError, ValueError):
        _abandon(sys.stderr)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except ValueError:
        return None
    except OSError as error:
        _abandon(sys.stdout)
        return error
    return None


def discard_output() -> None:
    """Let what is still buffered for standard output go nowhere, so that closing it cannot fail."""
    if sys.stdout is not None:
        _abandon(sys.stdout)


def _abandon(stream: TextIO) -> None:
    """Send a stream nowhere from now on, what is buffered too: Python flushes it at the end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        _devnull(stream.fileno())


def _devnull(number: int) -> None:
    """Open the null device as this descriptor."""
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    # As standard streams are; programs that are started need them too.
    os.set_inheritable(number, True)


def _escape(one: str) -> str:
    """A character as an escape of TOML's strings."""
    number = ord(one)
    return f"\\U{number:08x}" if number > 0xFFFF else f"\\u{number:04x}"
