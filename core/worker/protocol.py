"""Messages of the worker protocol on binary streams: a line of JSON, then raw bytes.

docs/worker.md is the protocol; this module knows lines and bytes, not what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from dreamlayer.core.errors import FramingError, RequestError

PROTOCOL = 1
"""Version of docs/worker.md that is spoken here."""

LONGEST_LINE = 2**20
PIECE = 2**26
"""Most bytes read or written by one call; some systems take no more than 2 GiB at once."""

_MOST = 2**53
_SKIPPED = 2**20


def read_header(stream: BinaryIO) -> dict[str, Any]:
    """Read the line of a message.

    Returns
    -------
    dict
        As it came, `bytes` included; see `size_of`.

    Raises
    ------
    RequestError
        The line is no JSON object; the next line may be one.
    FramingError
        The line does not end within 1 MiB.
    EOFError
        The input ended, also in the middle of the line.
    """
    line = stream.readline(LONGEST_LINE + 1)
    if not line.endswith(b"\n"):
        if len(line) > LONGEST_LINE:
            raise FramingError(
                "a line of more than 1 MiB came, so where the next message begins is unknown; "
                "end each message's JSON with a line break"
            )
        raise EOFError
    try:
        header = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        what = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise RequestError(f"a line came that is no JSON in UTF-8 ({what})") from error
    if not isinstance(header, dict):
        raise RequestError("a line of JSON came that is no object; a message is an object")
    return header


def size_of(header: Mapping[str, Any]) -> int:
    """How many bytes follow a header.

    Raises
    ------
    FramingError
        Its `bytes` is no whole number from 0.
    """
    size = header.get("bytes", 0)
    if type(size) is not int or not 0 <= size <= _MOST:
        raise FramingError(
            "'bytes' must be a whole number from 0, so where the next message begins is unknown"
        )
    return size


def read_into(stream: BinaryIO, target: memoryview) -> None:
    """Fill a memory of bytes; `EOFError` where the input ends before."""
    done = 0
    while done < len(target):
        count = stream.readinto(target[done : done + PIECE])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        done += count


def skip(stream: BinaryIO, size: int) -> None:
    """Read bytes and throw them away; `EOFError` where the input ends before."""
    waste = memoryview(bytearray(min(size, _SKIPPED)))
    while size:
        part = waste[: min(size, len(waste))]
        read_into(stream, part)
        size -= len(part)


def line_of(header: Mapping[str, Any]) -> bytes:
    """The line of a message, ASCII alone, so that no text can fail to be sent.

    Raises
    ------
    RequestError
        It would be longer than a line may be.
    """
    line = json.dumps(header, ensure_ascii=True, allow_nan=False).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise RequestError("the reply would be longer than the 1 MiB that a line may have")
    return line


def write_message(stream: BinaryIO, line: bytes, payload: Iterable[memoryview]) -> None:
    """Write a line and the pieces that follow it, and flush."""
    stream.write(line)
    for part in payload:
        for start in range(0, len(part), PIECE):
            stream.write(part[start : start + PIECE])
    stream.flush()
