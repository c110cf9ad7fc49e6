"""The tags of a TIFF file that say how its pixels are stored, read without any library.

libvips and libtiff tell only some of them, and guess what the rest means.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
SAMPLES, PLANAR, PALETTE, TILE_WIDTH, EXTRA = 277, 284, 320, 322, 338
SUBFILE, OLD_SUBFILE, SUB_DIRECTORIES, INK_SET, SAMPLE_FORMAT = 254, 255, 330, 332, 339
ORIENTATION = 274
YCBCR_COEFFICIENTS, YCBCR_SUBSAMPLING, REFERENCE = 529, 530, 532
DNG_VERSION = 50706

_WANTED = {
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, PALETTE, TILE_WIDTH, EXTRA),
    *(ORIENTATION, SUBFILE, OLD_SUBFILE, SUB_DIRECTORIES, INK_SET, SAMPLE_FORMAT, DNG_VERSION),
    *(YCBCR_COEFFICIENTS, YCBCR_SUBSAMPLING, REFERENCE),
}
# Letters of `struct`, by TIFF field type (TIFF 6.0 section 2, BigTIFF).
_LETTERS = {1: "B", 3: "H", 4: "I", 5: "II", 6: "b", 7: "B", 8: "h", 9: "i", 10: "ii", 13: "I"}
_LETTERS |= {16: "Q", 17: "q", 18: "Q"}
_MAX_VALUES = 1 << 16
_MAX_PAGES = 10_000

Number = int | float


@dataclass(frozen=True)
class Directory:
    """One directory: the wanted tags with their values.

    Parameters
    ----------
    values
        The values of each tag, rationals divided; a tag that cannot be read is absent.
    places
        Offset of each tag's values in the file, and the size of one in bytes.
    following
        Offset of the next directory, 0 for none.
    following_place
        Where that offset lies in the file, and its size in bytes.
    order
        Byte order as `struct` writes it: "<" or ">".
    """

    values: dict[int, tuple[Number, ...]]
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    following: int = 0
    following_place: tuple[int, int] = (0, 0)
    order: str = "<"

    def all(self, tag: int, default: tuple[Number, ...] = ()) -> tuple[Number, ...]:
        """All values of a tag."""
        return self.values.get(tag, default)

    def one(self, tag: int, default: int = 0) -> int:
        """First value of a tag, as an integer."""
        return int(self.all(tag, (default,))[0])

    @property
    def is_preview(self) -> bool:
        """Whether it says that it holds a smaller version of another picture in the file."""
        return bool(self.one(SUBFILE) & 1) or self.one(OLD_SUBFILE) == 2


class BadTiffError(Exception):
    """A structure that is not TIFF, or points outside the file."""


def directories(file: BinaryIO) -> Iterator[Directory]:
    """Yield the directories of the pages, in order; a loop of them ends at its first repetition.

    Parameters
    ----------
    file
        A seekable TIFF or BigTIFF file; its position is changed.

    Raises
    ------
    BadTiffError
        The first directory cannot be read; a later one ends the iteration.
    """
    reader = _Reader(file)
    seen: set[int] = set()
    at = reader.start
    while at and at not in seen and len(seen) < _MAX_PAGES:
        seen.add(at)
        try:
            found = reader.directory(at)
        except BadTiffError:
            if len(seen) == 1:
                raise
            return
        yield found
        at = found.following
    if not seen:
        raise BadTiffError("it has no directory")


def sub_directories(file: BinaryIO, parent: Directory) -> Iterator[Directory]:
    """Yield the directories that `parent` points to, 16 at most, leaving out damaged ones."""
    reader = _Reader(file)
    for at in parent.all(SUB_DIRECTORIES)[:16]:
        try:
            yield reader.directory(int(at))
        except BadTiffError:
            continue


class _Reader:
    """Reads directories of one file, within its bounds."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = file.seek(0, os.SEEK_END)
        mark = self._at(0, 4)
        self.order = {b"II": "<", b"MM": ">"}.get(mark[:2], "")
        if not self.order:
            raise BadTiffError("its header is unknown")
        version = struct.unpack(self.order + "H", mark[2:])[0]
        self._big = version == 43
        self._offset = self.order + ("Q" if self._big else "I")
        self.start = self._number(8 if self._big else 4, self._offset)

    def directory(self, at: int) -> Directory:
        count_letter = self.order + ("Q" if self._big else "H")
        count = self._number(at, count_letter)
        at += struct.calcsize(count_letter)
        head = struct.Struct(self.order + ("HHQ" if self._big else "HHI"))
        room = struct.calcsize(self._offset)
        step = head.size + room
        if count > 0xFFFF:
            raise BadTiffError("its directory is too long")
        table = self._at(at, count * step)
        values: dict[int, tuple[Number, ...]] = {}
        places: dict[int, tuple[int, int]] = {}
        for entry in range(count):
            tag, kind, number = head.unpack_from(table, entry * step)
            if tag not in _WANTED or tag in values or kind not in _LETTERS or not number:
                continue
            layout = struct.Struct(self.order + _LETTERS[kind])
            place = at + entry * step + head.size
            if number * layout.size > room:
                (place,) = struct.unpack_from(self._offset, table, entry * step + head.size)
            try:
                data = self._at(place, min(number, _MAX_VALUES) * layout.size)
            except BadTiffError:
                continue
            values[tag] = tuple(_value(found) for found in layout.iter_unpack(data))
            places[tag] = (place, layout.size)
        end = at + count * step
        # Some writers leave out the offset of the next directory.
        following = self._number(end, self._offset) if end + room <= self._end else 0
        return Directory(values, places, following, (end, room), self.order)

    def _number(self, at: int, letter: str) -> int:
        (value,) = struct.unpack(letter, self._at(at, struct.calcsize(letter)))
        return int(value)

    def _at(self, at: int, length: int) -> bytes:
        if at + length > self._end:
            raise BadTiffError("it points beyond its end")
        self._file.seek(at)
        data = self._file.read(length)
        if len(data) != length:
            raise BadTiffError("it ends too early")
        return data


def _value(found: tuple[int, ...]) -> Number:
    if len(found) == 1:
        return found[0]
    return found[0] / found[1] if found[1] else 0.0


def mark_extra_samples(file: BinaryIO, kinds: tuple[int, ...]) -> None:
    """Set what the channels beyond the colors of a finished TIFF file are.

    Parameters
    ----------
    file
        A readable, writable and seekable TIFF or BigTIFF file of one page that has the tag
        ExtraSamples.
    kinds
        For each channel 0 (unspecified) or 2 (unassociated alpha).
    """
    first = next(directories(file))
    place, size = first.places[EXTRA]
    file.seek(place)
    order: Literal["little", "big"] = "little" if first.order == "<" else "big"
    file.write(b"".join(kind.to_bytes(size, order) for kind in kinds))
