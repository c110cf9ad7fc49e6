"""TIFF directories, which hold Exif too, read under limits.

The layout is that of TIFF 6.0, section 2, and of BigTIFF. Whatever a file claims, nothing is read
beyond its end, and no more than `MAX_BYTES` of values.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

# Bytes per value, and per word when swapping, by field type.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_WORDS = _SIZES | {5: 4, 10: 4}
_POINTERS = (4, 13, 16, 18)
_TO_CLASSIC = {16: 4, 17: 9, 18: 4}
MAX_BYTES = 4 << 20
"""Limit of the values of one directory; longer ones are skipped."""
_MAX_TAGS = 4096


class BadTiffError(Exception):
    """A structure that is not TIFF, or points outside itself."""


@dataclass(frozen=True)
class Value:
    """One field: TIFF type, number of values, and the values in little-endian order."""

    kind: int
    count: int
    data: bytes

    def numbers(self) -> tuple[int, ...]:
        """The words of an unsigned value: one per value, two of a fraction.

        Raises
        ------
        BadTiffError
            It is of another type.
        """
        if self.kind not in (3, 4, 5, 13, 16, 18):
            raise BadTiffError
        word = _WORDS[self.kind]
        parts = range(0, len(self.data), word)
        return tuple(int.from_bytes(self.data[at : at + word], "little") for at in parts)

    def text(self) -> str | None:
        """The text of an ASCII field; None for other types."""
        if self.kind == 2:
            return self.data.rstrip(b"\0").decode("utf-8", "replace")
        return None


Directory = dict[int, "Value | Directory"]


@dataclass(frozen=True)
class Layout:
    """Byte order and sizes of a TIFF structure: classic, or BigTIFF with 64-bit offsets."""

    order: str
    big: bool

    @property
    def offset(self) -> str:
        """Format of an offset."""
        return self.order + ("Q" if self.big else "I")

    @property
    def room(self) -> int:
        """Bytes of an offset."""
        return 8 if self.big else 4

    @property
    def count(self) -> str:
        """Format of the number of fields."""
        return self.order + ("Q" if self.big else "H")

    @property
    def entry(self) -> str:
        """Tag, type, number of values; then come the values or their offset."""
        return self.order + ("HHQ" if self.big else "HHI")

    @property
    def start(self) -> int:
        """Bytes of the header."""
        return 16 if self.big else 8


def short(value: int) -> Value:
    """A field of one 16-bit number."""
    return Value(3, 1, value.to_bytes(2, "little"))


def long(value: int) -> Value:
    """A field of one 32-bit number."""
    return Value(4, 1, value.to_bytes(4, "little"))


def fraction(top: int, bottom: int) -> Value:
    """A field of one unsigned fraction."""
    return Value(5, 1, struct.pack("<II", top, bottom))


def read_header(file: BinaryIO) -> tuple[Layout, int]:
    """Return the layout and the offset of the first directory.

    Raises
    ------
    BadTiffError
        It is no TIFF structure.
    """
    head = _read_at(file, 0, 8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        raise BadTiffError
    (mark,) = struct.unpack(order + "H", head[2:4])
    if mark not in (42, 43):
        raise BadTiffError
    layout = Layout(order, big=mark == 43)
    (start,) = struct.unpack(layout.offset, _read_at(file, 8 if layout.big else 4, layout.room))
    return layout, start


def read_directory(
    file: BinaryIO, layout: Layout, start: int, limit: int | None = MAX_BYTES
) -> tuple[Directory, dict[int, int]]:
    """Read one directory, skipping fields of unknown type or beyond `limit` bytes in total.

    Returns
    -------
    directory : Directory
        Its fields; pointers are fields, not followed.
    offsets : dict
        Where the values lie that are not in the directory itself.

    Raises
    ------
    BadTiffError
        It lies outside the file, or has too many fields.
    """
    (count,) = struct.unpack(layout.count, _read_at(file, start, struct.calcsize(layout.count)))
    head = struct.calcsize(layout.entry)
    if count > _MAX_TAGS:
        raise BadTiffError
    width = head + layout.room
    table = _read_at(file, start + struct.calcsize(layout.count), count * width)
    found: Directory = {}
    offsets: dict[int, int] = {}
    for at in range(0, len(table), width):
        tag, kind, values = struct.unpack_from(layout.entry, table, at)
        length = _SIZES.get(kind, 0) * values
        if not length or (limit is not None and length > limit):
            continue
        data = table[at + head : at + width]
        if length > layout.room:
            (place,) = struct.unpack(layout.offset, data)
            try:
                data = _read_at(file, place, length)
            except BadTiffError:
                continue
            offsets[tag] = place
        found[tag] = Value(kind, values, swapped(data[:length], kind, layout.order))
        limit = None if limit is None else limit - length
    return found, offsets


def enter(file: BinaryIO, layout: Layout, parent: Directory, tag: int) -> dict[int, int]:
    """Replace the pointer `tag` by the directory it points to; drop it if that is damaged.

    Returns the offsets of the directory's values, as `read_directory` does.
    """
    pointer = parent.pop(tag, None)
    if not isinstance(pointer, Value) or pointer.kind not in _POINTERS or pointer.count != 1:
        return {}
    try:
        parent[tag], offsets = read_directory(file, layout, pointer.numbers()[0])
    except BadTiffError:
        return {}
    return offsets


def to_classic(tags: Directory) -> Directory:
    """The fields in the types of classic TIFF; 64-bit numbers that do not fit are dropped."""
    result: Directory = {}
    for tag, value in tags.items():
        if isinstance(value, dict):
            result[tag] = to_classic(value)
        elif value.kind not in _TO_CLASSIC:
            result[tag] = value
        else:
            words = [value.data[at : at + 8] for at in range(0, len(value.data), 8)]
            filler = {b"\0" * 4, b"\xff" * 4} if value.kind == 17 else {b"\0" * 4}
            if all(word[4:] in filler for word in words):
                data = b"".join(word[:4] for word in words)
                result[tag] = replace(value, kind=_TO_CLASSIC[value.kind], data=data)
    return result


def _read_at(file: BinaryIO, at: int, length: int) -> bytes:
    """Read `length` bytes from `at`; offsets of 2^63 and beyond are no offsets for a system."""
    if at + length > file.seek(0, io.SEEK_END):
        raise BadTiffError
    file.seek(at)
    data = file.read(length)
    if len(data) != length:
        raise BadTiffError
    return data


def swapped(data: bytes, kind: int, order: str) -> bytes:
    """Convert values of a type between `order` and little-endian."""
    word = _WORDS[kind]
    if order == "<" or word == 1:
        return data
    result = bytearray(len(data))
    for at in range(word):
        result[at::word] = data[word - 1 - at :: word]
    return bytes(result)
