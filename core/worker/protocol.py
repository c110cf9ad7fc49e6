"""Messages of the worker protocol on binary streams: a line of JSON, then raw bytes.

docs/worker.md describes the protocol; this module knows lines and bytes, not their meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from dreamlayer.core.errors import FramingError, RequestError

PROTOCOL, FIRST = 2, 1
"""The protocol as in docs/worker.md, and the version that is spoken unless 2 is asked for."""

MAX_LINE_BYTES = 2**20
CHUNK_BYTES = 2**26
"""Maximum bytes per call of read or write; some systems allow no more than 2 GiB."""

_MAX_PAYLOAD = 2**53
_SKIP_BYTES = 2**20


def read_header(stream: BinaryIO) -> dict[str, Any]:
    """Read the line of a message.

    Returns
    -------
    dict
        The parsed JSON object, including `bytes`; see `payload_size`.

    Raises
    ------
    RequestError
        The line is not a JSON object; the next line may be one.
    FramingError
        The line does not end within 1 MiB.
    EOFError
        The input ended, possibly in the middle of the line.
    """
    line = stream.readline(MAX_LINE_BYTES + 1)
    if not line.endswith(b"\n"):
        if len(line) > MAX_LINE_BYTES:
            raise FramingError(
                "a line is longer than 1 MiB, so where the next message begins is unknown; "
                "end each message's JSON with a line break"
            )
        raise EOFError
    try:
        header = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RequestError(f"a line is not JSON in UTF-8 ({what})") from error
    if not isinstance(header, dict):
        raise RequestError("a line of JSON is not an object; send an object")
    return header


def payload_size(header: Mapping[str, Any]) -> int:
    """Number of bytes that follow a header.

    Raises
    ------
    FramingError
        `bytes` is not a whole number from 0.
    """
    size = header.get("bytes", 0)
    if type(size) is not int or not 0 <= size <= _MAX_PAYLOAD:
        raise FramingError(
            "'bytes' must be a whole number from 0, so where the next message begins is unknown"
        )
    return size


def read_into(stream: BinaryIO, target: memoryview) -> None:
    """Fill a buffer of bytes; `EOFError` if the input ends before."""
    done = 0
    while done < len(target):
        count = stream.readinto(target[done : done + CHUNK_BYTES])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        done += count


def skip(stream: BinaryIO, size: int) -> None:
    """Read bytes and discard them; `EOFError` if the input ends before."""
    waste = memoryview(bytearray(min(size, _SKIP_BYTES)))
    while size:
        part = waste[: min(size, len(waste))]
        read_into(stream, part)
        size -= len(part)


def encode_header(header: Mapping[str, Any]) -> bytes:
    """The line of a message, in ASCII, so that any text can be sent.

    Raises
    ------
    RequestError
        The line would be longer than allowed.
    """
    line = json.dumps(header, ensure_ascii=True, allow_nan=False).encode() + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise RequestError("the reply is longer than 1 MiB, the limit for a line")
    return line


def write_message(stream: BinaryIO, line: bytes, payload: Iterable[memoryview]) -> None:
    """Write a line and its payload, and flush."""
    stream.write(line)
    for part in payload:
        for start in range(0, len(part), CHUNK_BYTES):
            stream.write(part[start : start + CHUNK_BYTES])
    stream.flush()
