"""The size of a network file and of its weights in other files, told without reading them."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dreamlayer.core.errors import NetworkError, shown

MOST = (1 << 31) - 1
"""Bytes of a network with its weights: protocol buffers, which hold it, have no more."""

_FIELDS = 200_000
"""Fields that are looked at to find other files; what has more names none."""

_GRAPH, _INITIALIZER, _EXTERNAL_DATA, _KEY, _VALUE = 7, 5, 13, 1, 2
"""Numbers of fields of ModelProto, GraphProto, TensorProto and StringStringEntryProto."""

_LENGTHS = {0: None, 1: 8, 2: None, 5: 4}
"""Bytes of a field by its wire type."""


def check_size(path: Path) -> int:
    """The size of a network file in bytes, where it is one that can be read.

    Raises
    ------
    NetworkError
        It is missing, no file, or too large; it was not read.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise NetworkError(
            f"network file {shown(path)} cannot be read: {error.strerror or error}"
        ) from error
    if stat.S_ISDIR(state.st_mode):
        raise NetworkError(f"network file {shown(path)} is a folder; give an .onnx file")
    if not stat.S_ISREG(state.st_mode):
        raise NetworkError(f"network file {shown(path)} is not a file but a device; give a file")
    if state.st_size > MOST:
        raise NetworkError(
            f"network {shown(path)} has {state.st_size >> 20} MiB, but a network can have at most "
            f"{MOST >> 20} MiB, the limit of protocol buffers; use a smaller one"
        )
    return state.st_size


def size_of(path: Path) -> int:
    """Bytes of a network file and of those that it names beside it; 0 where it is missing.

    Holes in files do not count.
    """
    try:
        size = _occupied(path)
        content = path.read_bytes() if 0 < size <= MOST else b""
    except OSError:
        return 0
    for name in set(_locations(content)):
        with contextlib.suppress(OSError, ValueError):
            size += _occupied(path.parent / os.path.basename(name))  # noqa: PTH119 (bytes' own)
    return min(size, MOST)


def _occupied(path: Path) -> int:
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        return 0
    blocks: int | None = getattr(state, "st_blocks", None)
    return state.st_size if blocks is None else min(state.st_size, blocks * 512)


def _locations(content: bytes) -> Iterator[str]:
    """The names of other files that the initializers of a model name."""
    view, left = memoryview(content), [_FIELDS]
    for graph in _fields(view, _GRAPH, left):
        for tensor in _fields(graph, _INITIALIZER, left):
            for entry in _fields(tensor, _EXTERNAL_DATA, left):
                key = b"".join(_fields(entry, _KEY, left))
                if key == b"location":
                    yield b"".join(_fields(entry, _VALUE, left)).decode(errors="replace")


def _fields(message: memoryview, wanted: int, left: list[int]) -> Iterator[memoryview]:
    """The contents of a message's fields of one number, as long as it is well-formed."""
    position = 0
    while position < len(message) and left[0] > 0:
        left[0] -= 1
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind not in _LENGTHS:
            return
        size = _LENGTHS[kind]
        if kind == 0:
            _, position = _varint(message, position)
            continue
        if size is None:
            size, position = _varint(message, position)
        if kind == 2 and tag >> 3 == wanted:
            yield message[position : position + size]
        position += size


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the position behind it."""
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 63:
            break
    return value, position
