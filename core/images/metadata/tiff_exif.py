"""Exif of TIFF files, which libvips leaves out: read from their directory, and written into it."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import BinaryIO

from dreamlayer.core.images.containers.tiff_directories import (
    Stored,
    read_directory,
    read_header,
)
from dreamlayer.core.images.containers.tiff_values import (
    UTF8,
    BadTiffError,
    Directory,
    Value,
    to_classic,
)
from dreamlayer.core.images.containers.tiff_writing import append, block_of
from dreamlayer.core.images.metadata.exif import OF_THE_FILE, unread
from dreamlayer.core.images.metadata.exif_tree import enter_all, is_path, unread_tags

LAYERS = "its Photoshop layers"
COLORS = "the meaning of its colors by white point, primaries or curves in its tags, taken as sRGB"

_LAYERS = 0x935C
_MAX_FIELD = 32 << 20
_CURVES, _WHITE, _PRIMARIES = 0x012D, 0x013E, 0x013F
_COLORS = (_CURVES, _WHITE, _PRIMARIES)
# IEC 61966-2-1, as x and y each.
_SRGB = {_WHITE: (0.3127, 0.329), _PRIMARIES: (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)}
_RESOLUTION = {0x011A, 0x011B, 0x0128}


def read_tiff_exif(file: BinaryIO) -> bytes | None:
    """Return the tags of a TIFF file as an Exif block, but for those of the old file and pixels.

    Parameters
    ----------
    file
        A seekable TIFF or BigTIFF file; its position is changed.

    Returns
    -------
    bytes or None
        A little-endian TIFF structure without pixels; None where the file has no such tags or
        they are damaged. Maker notes are copied as they are.
    """
    try:
        tags = _descriptive(file)
    except BadTiffError:
        return None
    return block_of(to_classic(tags)) if tags else None


def tiff_losses(file: BinaryIO, *, has_profile: bool) -> list[str]:
    """What of a TIFF file's tags is not kept, each as it ends "written without ...".

    Parameters
    ----------
    file
        A seekable TIFF or BigTIFF file; its position is changed.
    has_profile
        Whether it has a profile, under which other tags of color do not count.
    """
    try:
        layout, start = read_header(file)
        marks = read_directory(file, layout, start, wanted=(_LAYERS, *_COLORS))
        lost = unread(unread_tags(file, OF_THE_FILE))
    except BadTiffError:
        return []
    if _LAYERS in marks.fields or _LAYERS in marks.unread:
        lost.append(LAYERS)
    if not has_profile and any(tag in marks.fields for tag in _COLORS) and not _is_srgb(marks):
        lost.append(COLORS)
    return lost


def read_tiff_field(file: BinaryIO, tag: int) -> bytes | None:
    """Return the bytes of one field of a TIFF file's first directory.

    None where it is missing, empty where it cannot be read or is longer than 32 MiB.
    """
    try:
        found = read_directory(file, *read_header(file), wanted=(tag,), limit=_MAX_FIELD)
    except BadTiffError:
        return None
    value = Value(7, 0, b"") if tag in found.unread else found.fields.get(tag)
    return value.data if isinstance(value, Value) else None


def write_tiff_exif(file: BinaryIO, exif: bytes | None, more: Directory | None = None) -> None:
    """Add the descriptive tags of an Exif block to a finished TIFF file, in place.

    Parameters
    ----------
    file
        A readable, writable and seekable TIFF or BigTIFF file of one page. Its directory is
        rewritten at its end with the added tags.
    exif
        A TIFF structure without the `Exif` mark. A damaged one adds nothing; tags that the file
        has already win.
    more
        Further fields, which win over those of the file.
    """
    added: Directory = {}
    if exif is not None:
        try:
            found = _descriptive(io.BytesIO(exif))
            added = {tag: _as_tiff(value) for tag, value in found.items()}
        except BadTiffError:
            added = {}
    if added or more:
        layout, start = read_header(file)
        own = read_directory(file, layout, start, limit=None).fields
        append(file, added | own | (more or {}), layout)


def _descriptive(file: BinaryIO) -> Directory:
    layout, start = read_header(file)
    every = read_directory(file, layout, start, unwanted=OF_THE_FILE | _RESOLUTION).fields
    tags: Directory = {tag: value for tag, value in every.items() if not is_path(tag, value)}
    enter_all(file, layout, tags)
    return tags


def _is_srgb(marks: Stored) -> bool:
    """Whether white point and primaries are those of sRGB, as far as they are told."""
    if _CURVES in marks.fields:
        return False
    for tag, expected in _SRGB.items():
        value = marks.fields.get(tag)
        found = value.quantities() if isinstance(value, Value) else expected
        if len(found) != len(expected):
            return False
        if any(abs(one - other) > 0.002 for one, other in zip(found, expected, strict=True)):
            return False
    return True


def _as_tiff(value: Value | Directory) -> Value | Directory:
    """UTF-8 as text of the type that TIFF knows; Exif's own directory has Exif's types."""
    return replace(value, kind=2) if isinstance(value, Value) and value.kind == UTF8 else value
