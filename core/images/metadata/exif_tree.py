"""The directories of an Exif block: Exif's own, GPS and interoperability, read and written."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from dreamlayer.core.images.containers.tiff_directories import enter, read_directory, read_header
from dreamlayer.core.images.containers.tiff_values import (
    BadTiffError,
    Directory,
    Layout,
    Value,
    to_classic,
)
from dreamlayer.core.images.containers.tiff_writing import block_of
from dreamlayer.core.images.metadata.xmp_rules import names_local_path

EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005
MAKER_NOTE = 0x927C


def is_path(tag: int, value: Value | Directory) -> bool:
    """Whether a text is the name of a file on somebody's machine, and nothing else."""
    if isinstance(value, dict):
        return False
    if tag == MAKER_NOTE:
        return False
    text = value.text()
    if text is not None:
        return names_local_path(text)
    if value.kind not in (1, 7) or not 3 < len(value.data) <= 2 * 4096 + 8:
        return False
    # Bytes may be text of any encoding, in some tags behind the name of its character set.
    return any(
        names_local_path(data.decode(encoding, "replace").strip("\0 \ufeff"))
        for data in (value.data, value.data[8:])
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
    )


def read_tree(file: BinaryIO) -> tuple[Layout, Directory, dict[int, int]]:
    """The first directory with those within it, and the offsets of the Exif directory's values."""
    layout, start = read_header(file)
    tags = read_directory(file, layout, start).fields
    offsets = enter_all(file, layout, tags)
    return layout, tags, offsets


def unread_tags(file: BinaryIO, unwanted: Collection[int] = ()) -> list[int]:
    """The tags, in these directories, whose values cannot be read, and `unwanted` ones left out.

    Raises
    ------
    BadTiffError
        The first directory cannot be read.
    """
    layout, start = read_header(file)
    first = read_directory(file, layout, start, unwanted=unwanted)
    found = list(first.unread)
    for pointer in EXIF, GPS:
        value = first.fields.get(pointer)
        if isinstance(value, Value):
            try:
                found += read_directory(file, layout, value.numbers()[0]).unread
            except (BadTiffError, IndexError):
                found.append(pointer)
    return found


def enter_all(file: BinaryIO, layout: Layout, tags: Directory) -> dict[int, int]:
    """Replace the pointers to other directories by these; return as `read_tree`."""
    offsets: dict[int, int] = {}
    if EXIF in tags:
        offsets = enter(file, layout, tags, EXIF)
        inner = tags.get(EXIF)
        if isinstance(inner, dict) and INTEROP in inner:
            enter(file, layout, inner, INTEROP)
    if GPS in tags:
        enter(file, layout, tags, GPS)
    return offsets


def write_tree(layout: Layout, tags: Directory, offsets: dict[int, int]) -> bytes:
    """An Exif block of a tree, classic TIFF in its byte order, with the maker note where it was.

    A maker note may point into itself by offsets from the start of the block.
    """
    tags = to_classic(tags)
    inner = tags.get(EXIF)
    note = inner.get(MAKER_NOTE) if isinstance(inner, dict) else None
    at = offsets.get(MAKER_NOTE, 0)
    fixed = (at, note.data) if isinstance(note, Value) and at >= 8 and len(note.data) > 4 else None
    return block_of(tags, layout.order, fixed)
