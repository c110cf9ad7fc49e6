"""Exif of TIFF files, which libvips leaves out: read from their directory, and written into it."""

from __future__ import annotations

import io
from typing import BinaryIO

from dreamlayer.core.images.containers.tiff_directories import read_directory, read_header
from dreamlayer.core.images.containers.tiff_values import BadTiffError, Directory, Value, to_classic
from dreamlayer.core.images.containers.tiff_writing import append, block_of
from dreamlayer.core.images.metadata.exif_tree import EXIF, GPS, enter_all, is_path

_DESCRIPTIVE = {
    *(0x010D, 0x010E, 0x010F, 0x0110, 0x011D),  # names of document, camera and page; description
    *(0x0131, 0x0132, 0x013B, 0x013C),  # software, date, artist, host computer
    *(0x4746, 0x4749, 0x8298),  # rating, copyright
    *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),  # the titles that Windows shows
    *(0xC614, 0xC62F),  # camera model and serial number
    *(EXIF, GPS),
}
"""Tags of a TIFF file's directory that describe the picture, not how its pixels are stored."""


def read_tiff_exif(file: BinaryIO) -> bytes | None:
    """Return the descriptive tags of a TIFF file as an Exif block.

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


def read_tiff_field(file: BinaryIO, tag: int) -> bytes | None:
    """Return the bytes of one field of a TIFF file's first directory, None where it is missing."""
    try:
        value = read_directory(file, *read_header(file), wanted=(tag,)).fields.get(tag)
    except BadTiffError:
        return None
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
            added = _descriptive(io.BytesIO(exif))
        except BadTiffError:
            added = {}
    if added or more:
        layout, start = read_header(file)
        own = read_directory(file, layout, start, limit=None).fields
        append(file, added | own | (more or {}), layout)


def _descriptive(file: BinaryIO) -> Directory:
    layout, start = read_header(file)
    every = read_directory(file, layout, start).fields
    tags: Directory = {
        tag: value
        for tag, value in every.items()
        if tag in _DESCRIPTIVE and not is_path(tag, value)
    }
    enter_all(file, layout, tags)
    return tags
