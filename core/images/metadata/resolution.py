"""The resolution that a file tells, where it has a unit; without one, the shape of its pixels."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from dreamlayer.core.images.containers.jpeg_markers import segment_heads
from dreamlayer.core.images.containers.png_chunks import chunk_headers
from dreamlayer.core.images.containers.tiff_directories import read_directory, read_header
from dreamlayer.core.images.containers.tiff_values import BadTiffError, Value

Told = tuple[float, float, float | None]
"""Pixels per unit across and down, and the unit in millimetres; None for none."""

MAX_PER_MILLIMETRE = 1e5
_ACROSS, _DOWN, _UNIT = 282, 283, 296
_MILLIMETRES = {2: 25.4, 3: 10.0}
_PLAIN = 72 / 25.4
_APP0 = 0xE0


def read_resolution(
    file: BinaryIO, format: str, exif: bytes | None, orientation: int
) -> tuple[float, float] | None:
    """Return pixels per millimetre across and down, of the upright picture.

    Where Exif and the file itself tell a resolution, that of Exif counts in a JPEG, the file's own
    in PNG and TIFF. Without a unit, numbers that differ tell that pixels are not square: then the
    smaller becomes 72 per inch.

    Parameters
    ----------
    file
        A seekable file; its position is changed.
    format
        A key of `core.images.formats.READ`.
    exif
        A TIFF structure, with or without the `Exif` mark, or None.
    orientation
        How the pixels are turned upright, 1..8.

    Returns
    -------
    (float, float) or None
        None where nothing is told.
    """
    told: list[Told | None] = []
    if exif is not None:
        told.append(_of_tags(io.BytesIO(exif.removeprefix(b"Exif\0\0"))))
    match format:
        case "png":
            told.insert(0, _of_png(file))
        case "jpeg":
            told.append(_of_jfif(file))
        case "tiff":
            told.insert(0, _of_tags(file))
    sound = [one for one in told if one is not None and min(one[:2]) > 0]
    for across, down, unit in sound:
        found = unit and (across / unit, down / unit)
        if found and max(found) < MAX_PER_MILLIMETRE:
            return _turned(found, orientation)
    for across, down, unit in sound:
        least = min(across, down)
        if unit is None and across != down and max(across, down) / least < 100:
            return _turned((across / least * _PLAIN, down / least * _PLAIN), orientation)
    return None


def _turned(found: tuple[float, float], orientation: int) -> tuple[float, float]:
    return found[::-1] if orientation >= 5 else found


def _of_png(file: BinaryIO) -> Told | None:
    for kind, length in chunk_headers(file):
        if kind == b"pHYs" and length == 9:
            across, down, unit = struct.unpack(">IIB", file.read(9).ljust(9, b"\0"))
            return across, down, 1000.0 if unit == 1 else None
    return None


def _of_jfif(file: BinaryIO) -> Told | None:
    for marker, length in segment_heads(file):
        if marker == _APP0 and length >= 12:
            head = file.read(12)
            if len(head) == 12 and head.startswith(b"JFIF\0"):
                unit, across, down = struct.unpack_from(">BHH", head, 7)
                return across, down, {1: 25.4, 2: 10.0}.get(unit)
    return None


def _of_tags(file: BinaryIO) -> Told | None:
    """What a TIFF structure's first directory tells; the unit is the inch by default."""
    try:
        fields = read_directory(file, *read_header(file), wanted=(_ACROSS, _DOWN, _UNIT)).fields
    except BadTiffError:
        return None
    values = [
        (found.quantities() or (0,))[0] if isinstance(found, Value) else default
        for found, default in ((fields.get(tag), own) for tag, own in _DEFAULTS)
    ]
    return float(values[0]), float(values[1]), _MILLIMETRES.get(int(values[2]))


_DEFAULTS = ((_ACROSS, 0), (_DOWN, 0), (_UNIT, 2))
