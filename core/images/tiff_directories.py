"""TIFF directories, which hold Exif too, read under limits.

The layout is that of TIFF 6.0, section 2, and of BigTIFF. Whatever a file claims, nothing is read
beyond its end, no more than `MAX_BYTES` of values of a directory, and no chain of directories
without an end.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

# Bytes per value, and per word when swapping, by field type.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_WORDS = _SIZES | {5: 4, 10: 4}
_POINTERS = (4, 13, 16, 18)
# Letters of `struct` for the types of numbers.
_LETTERS = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 7: "B", 8: "h", 9: "i", 10: "i", 13: "I"}
_LETTERS |= {16: "Q", 17: "q", 18: "Q"}
_FRACTIONS = (5, 10)
_TO_CLASSIC = {16: 4, 17: 9, 18: 4}
MAX_BYTES = 4 << 20
"""Limit of the values of one directory; longer ones are skipped."""
_MAX_TAGS = 4096
_MAX_DIRECTORIES = 10_000
_MAX_CHAIN_BYTES = 4 * MAX_BYTES

Number = int | float


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

    def quantities(self) -> tuple[Number, ...]:
        """What the values mean, signed where they are, fractions divided (by 0: 0); () for text."""
        letter = _LETTERS.get(self.kind)
        if letter is None:
            return ()
        words = struct.unpack(f"<{len(self.data) // _WORDS[self.kind]}{letter}", self.data)
        if self.kind not in _FRACTIONS:
            return words
        pairs = zip(words[::2], words[1::2], strict=True)
        return tuple(top / bottom if bottom else 0.0 for top, bottom in pairs)

    def text(self) -> str | None:
        """The text of an ASCII field; None for other types."""
        if self.kind == 2:
            return self.data.rstrip(b"\0").decode("utf-8", "replace")
        return None


Directory = dict[int, "Value | Directory"]


@dataclass(frozen=True)
class Stored:
    """A directory as it lies in a file.

    Parameters
    ----------
    fields
        Its fields; pointers are fields, not followed.
    offsets
        Where the values of each field lie in the file.
    following
        Offset of the next directory, 0 for none.
    following_offset
        Where that offset lies in the file.
    """

    fields: Directory
    offsets: dict[int, int] = field(default_factory=dict)
    following: int = 0
    following_offset: int = 0


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
    return shorts(value)


def shorts(*values: int) -> Value:
    """A field of 16-bit numbers."""
    return Value(3, len(values), struct.pack(f"<{len(values)}H", *values))


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
        raise BadTiffError("its header is unknown")
    (mark,) = struct.unpack(order + "H", head[2:4])
    if mark not in (42, 43):
        raise BadTiffError("its header is unknown")
    layout = Layout(order, big=mark == 43)
    (start,) = struct.unpack(layout.offset, _read_at(file, 8 if layout.big else 4, layout.room))
    return layout, start


def read_directory(
    file: BinaryIO,
    layout: Layout,
    start: int,
    *,
    limit: int | None = MAX_BYTES,
    wanted: Collection[int] | None = None,
) -> Stored:
    """Read one directory.

    Parameters
    ----------
    file
        A seekable file; its position is changed.
    layout, start
        As from `read_header`.
    limit
        Fields beyond so many bytes in total are skipped, as those of unknown type or beyond the
        file's end are.
    wanted
        The tags to read; by default all. Of a tag that comes again the first counts.

    Raises
    ------
    BadTiffError
        It lies outside the file, or has too many fields.
    """
    (count,) = struct.unpack(layout.count, _read_at(file, start, struct.calcsize(layout.count)))
    head = struct.calcsize(layout.entry)
    if count > _MAX_TAGS:
        raise BadTiffError("its directory is too long")
    width = head + layout.room
    begin = start + struct.calcsize(layout.count)
    table = _read_at(file, begin, count * width)
    fields: Directory = {}
    offsets: dict[int, int] = {}
    for at in range(0, len(table), width):
        tag, kind, values = struct.unpack_from(layout.entry, table, at)
        length = _SIZES.get(kind, 0) * values
        if tag in fields or (wanted is not None and tag not in wanted):
            continue
        if not length or (limit is not None and length > limit):
            continue
        data = table[at + head : at + width]
        place = begin + at + head
        if length > layout.room:
            (place,) = struct.unpack(layout.offset, data)
            try:
                data = _read_at(file, place, length)
            except BadTiffError:
                continue
        offsets[tag] = place
        fields[tag] = Value(kind, values, swapped(data[:length], kind, layout.order))
        limit = None if limit is None else limit - length
    end = begin + len(table)
    try:
        (following,) = struct.unpack(layout.offset, _read_at(file, end, layout.room))
    except BadTiffError:
        # Some writers leave it out.
        following = 0
    return Stored(fields, offsets, following, end)


def directories(
    file: BinaryIO, layout: Layout, start: int, *, wanted: Collection[int] | None = None
) -> Iterator[Stored]:
    """Yield the directories of a chain; a loop of them ends at its first repetition.

    Parameters
    ----------
    file, layout, start, wanted
        As for `read_directory`.

    Raises
    ------
    BadTiffError
        The first directory cannot be read; a later one ends the iteration.
    """
    seen: set[int] = set()
    # Directories may overlap and share their values, so the file's length does not bound them.
    left = _MAX_CHAIN_BYTES
    while start and start not in seen and len(seen) < _MAX_DIRECTORIES and left > 0:
        seen.add(start)
        try:
            found = read_directory(file, layout, start, limit=min(left, MAX_BYTES), wanted=wanted)
        except BadTiffError:
            if len(seen) == 1:
                raise
            return
        yield found
        values = (one for one in found.fields.values() if isinstance(one, Value))
        left -= found.following_offset - start + sum(len(one.data) for one in values)
        start = found.following
    if not seen:
        raise BadTiffError("it has no directory")


def enter(file: BinaryIO, layout: Layout, parent: Directory, tag: int) -> dict[int, int]:
    """Replace the pointer `tag` by the directory it points to; drop it if that is damaged.

    Returns the offsets of the directory's values.
    """
    pointer = parent.pop(tag, None)
    if not isinstance(pointer, Value) or pointer.kind not in _POINTERS or pointer.count != 1:
        return {}
    try:
        found = read_directory(file, layout, pointer.numbers()[0])
    except BadTiffError:
        return {}
    parent[tag] = found.fields
    return found.offsets


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
        raise BadTiffError("it points beyond its end")
    file.seek(at)
    data = file.read(length)
    if len(data) != length:
        raise BadTiffError("it ends too early")
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
