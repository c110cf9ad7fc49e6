"""TIFF structures byte by byte: classic and BigTIFF, both byte orders; Exif blocks are TIFF too."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
"""Bytes of one value of each type (TIFF 6.0, section 2; BigTIFF: 16 to 18)."""

_CODES = {3: "H", 4: "I", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
SUB_DIRECTORIES = (330, 34665, 34853, 40965)


@dataclass
class Entry:
    """One entry of a directory.

    Attributes
    ----------
    tag, type : int
        As in the file.
    data : bytes
        Its values in the file's byte order.
    count : int, optional
        The number of values that the entry tells, if it lies.
    offset : int, optional
        Where the entry says that its values are, if it lies.
    directory : Directory, optional
        The directory that it points at, in place of values.
    """

    tag: int
    type: int
    data: bytes = b""
    count: int | None = None
    offset: int | None = None
    directory: Directory | None = None


@dataclass
class Directory:
    """A directory; `following` is what it says of the next one, `entries_told` how many it has."""

    entries: list[Entry]
    following: int = 0
    entries_told: int | None = None


@dataclass
class Tiff:
    """A TIFF: its first directory, and what lies between header and directory.

    Attributes
    ----------
    order : str
        ``<`` or ``>``.
    big : bool
        Whether it is a BigTIFF.
    directory : Directory
        The first one; entry 273 with no data gets the place of `pixels`.
    pixels : bytes
        What follows the header.
    first : int, optional
        Where the header says that the directory is, if it lies.
    """

    directory: Directory
    order: str = "<"
    big: bool = False
    pixels: bytes = b""
    first: int | None = None
    magic: int | None = None
    tail: bytes = field(default=b"", repr=False)

    def entry(self, tag: int, type_: int, *values: float) -> Entry:
        """An entry of numbers in this file's byte order."""
        return Entry(tag, type_, self.pack(type_, values))

    def pack(self, type_: int, values: Sequence[float]) -> bytes:
        """Numbers as they are in the file; rationals as numerator over 100."""
        if type_ in (5, 10):
            code = "I" if type_ == 5 else "i"
            pairs = [part for value in values for part in (round(value * 100), 100)]
            return struct.pack(f"{self.order}{len(pairs)}{code}", *pairs)
        if type_ in _CODES:
            return struct.pack(f"{self.order}{len(values)}{_CODES[type_]}", *values)
        return bytes(int(value) & 255 for value in values)

    def encode(self) -> bytes:
        """The file."""
        header = 16 if self.big else 8
        body = self.pixels + b"\0" * (len(self.pixels) % 2)
        start = header + len(body)
        first = start if self.first is None else self.first
        mark = b"II" if self.order == "<" else b"MM"
        if self.big:
            magic = 43 if self.magic is None else self.magic
            head = mark + self._pack("HHHQ", magic, 8, 0, first % 2**64)
        else:
            magic = 42 if self.magic is None else self.magic
            head = mark + self._pack("HI", magic, first % 2**32)
        return head + body + self._directory(self.directory, start, header) + self.tail

    def _directory(self, directory: Directory, start: int, pixels_at: int) -> bytes:
        room = 8 if self.big else 4
        each = 12 + 2 * (room - 4)
        told = len(directory.entries) if directory.entries_told is None else directory.entries_told
        table = self._pack("Q", told % 2**64) if self.big else self._pack("H", told % 2**16)
        free = start + len(table) + each * len(directory.entries) + room
        values = b""
        for entry in directory.entries:
            data = entry.data
            if entry.directory is not None:
                place = free + len(values)
                values += self._directory(entry.directory, place, pixels_at)
                data = self._number(place)
            elif entry.tag == 273 and not data:
                data = self._number(pixels_at)
            size = SIZES.get(entry.type, 1)
            count = len(data) // size if entry.count is None else entry.count
            if entry.offset is not None:
                field_ = self._number(entry.offset)
            elif len(data) <= room:
                field_ = data.ljust(room, b"\0")
            else:
                field_ = self._number(free + len(values))
                values += data + b"\0" * (len(data) % 2)
            table += self._pack("HH", entry.tag % 2**16, entry.type % 2**16)
            table += self._number(count) + field_
        return table + self._number(directory.following) + values

    def _number(self, value: int) -> bytes:
        return self._pack("Q", value % 2**64) if self.big else self._pack("I", value % 2**32)

    def _pack(self, codes: str, *values: int) -> bytes:
        return struct.pack(self.order + codes, *values)


def parse(data: bytes) -> Tiff | None:
    """Take a sound TIFF apart, its first directory and those below it; None if it is none."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return None
    magic = struct.unpack_from(order + "H", data, 2)[0]
    if magic not in (42, 43):
        return None
    big = magic == 43
    first = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    try:
        directory = _parse_directory(data, first, order, big, depth=0)
    except struct.error:
        return None
    # All of it, so that the places of its strips stay what they were.
    return Tiff(directory, order, big, pixels=data[16 if big else 8 :])


def _parse_directory(data: bytes, at: int, order: str, big: bool, depth: int) -> Directory:
    room = 8 if big else 4
    count = struct.unpack_from(order + ("Q" if big else "H"), data, at)[0]
    at += 8 if big else 2
    entries = []
    for _ in range(min(count, 200)):
        tag, type_ = struct.unpack_from(order + "HH", data, at)
        number = struct.unpack_from(order + ("Q" if big else "I"), data, at + 4)[0]
        size = number * SIZES.get(type_, 1)
        place = at + 4 + room
        if size > room:
            place = struct.unpack_from(order + ("Q" if big else "I"), data, place)[0]
        entry = Entry(tag, type_, data[place : place + size])
        if tag in SUB_DIRECTORIES and depth < 3 and number == 1:
            pointer = struct.unpack_from(order + ("Q" if big else "I"), data, at + 4 + room)[0]
            entry = Entry(
                tag, type_, directory=_parse_directory(data, pointer, order, big, depth + 1)
            )
        entries.append(entry)
        at += 4 + 2 * room
    return Directory(entries)
