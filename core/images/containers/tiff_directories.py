"""TIFF directories, which hold Exif too, read under limits.

The layout is that of TIFF 6.0, section 2, and of BigTIFF. Whatever a file claims, nothing is read
beyond its end, no more than `MAX_BYTES` of values of a directory, and no chain of directories
without an end.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from dreamlayer.core.images.containers.tiff_values import (
    SIZES,
    BadTiffError,
    Directory,
    Layout,
    Value,
    swapped,
)

_POINTERS = (4, 13, 16, 18)
MAX_BYTES = 4 << 20
"""Limit of the values of one directory; longer ones are skipped."""
_MAX_TAGS = 4096
_MAX_DIRECTORIES = 10_000
_MAX_CHAIN_BYTES = 4 * MAX_BYTES


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
    unread
        Tags whose values are of an unknown type, too long, or beyond the file's end.
    """

    fields: Directory
    offsets: dict[int, int] = field(default_factory=dict)
    following: int = 0
    following_offset: int = 0
    unread: tuple[int, ...] = ()


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
    unwanted: Collection[int] = (),
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
    unwanted
        Tags that are not read.

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
    unread: list[int] = []
    for at in range(0, len(table), width):
        tag, kind, values = struct.unpack_from(layout.entry, table, at)
        length = SIZES.get(kind, 0) * values
        if tag in fields or tag in unwanted or (wanted is not None and tag not in wanted):
            continue
        if not length or (limit is not None and length > limit):
            unread += [tag] if values else []
            continue
        data = table[at + head : at + width]
        place = begin + at + head
        if length > layout.room:
            (place,) = struct.unpack(layout.offset, data)
            try:
                data = _read_at(file, place, length)
            except BadTiffError:
                unread.append(tag)
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
    return Stored(fields, offsets, following, end, tuple(unread))


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


def _read_at(file: BinaryIO, at: int, length: int) -> bytes:
    """Read `length` bytes from `at`; offsets of 2^63 and beyond are no offsets for a system."""
    if at + length > file.seek(0, io.SEEK_END):
        raise BadTiffError("it points beyond its end")
    file.seek(at)
    data = file.read(length)
    if len(data) != length:
        raise BadTiffError("it ends too early")
    return data
