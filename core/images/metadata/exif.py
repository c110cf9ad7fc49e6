"""Exif of a new picture: what is true of it too, with its own size and resolution."""

from __future__ import annotations

import io
from collections.abc import Sequence

from dreamlayer.core.images.containers.tiff_directories import read_directory, read_header
from dreamlayer.core.images.containers.tiff_values import (
    BadTiffError,
    Directory,
    Layout,
    Value,
    fraction,
    long,
    short,
)
from dreamlayer.core.images.metadata.exif_tree import (
    EXIF,
    GPS,
    INTEROP,
    MAKER_NOTE,
    is_path,
    read_tree,
    unread_tags,
    write_tree,
)

DAMAGED = "its Exif, which is damaged"
MAP = "its place on a map (GeoTIFF), since the picture is turned upright"
PREVIEW = "the maker note in its Exif, which holds a preview of the old picture"

_ORIENTATION, _ACROSS, _DOWN, _UNIT = 0x0112, 0x011A, 0x011B, 0x0128
_COLOR_SPACE, _WIDTH, _HEIGHT = 0xA001, 0xA002, 0xA003
_COMPONENTS = 0x9101
_FOCAL_ACROSS, _FOCAL_DOWN = 0xA20E, 0xA20F
MAX_RESOLUTION = 100_000.0
"""Pixels per millimetre beyond which no resolution is true; libvips takes up to ten times that."""

_MILLIMETRES = {2: 25.4, 3: 10.0}

OF_THE_FILE = {
    *range(0x00FE, 0x010D),  # kind of page, sizes, bits, compression, color model
    *(0x0111, 0x0112, *range(0x0115, 0x0118), 0x0118, 0x0119, 0x011C),  # strips, channels
    *range(0x0120, 0x0128),  # free space, grey response, fax
    *(0x0129, 0x012D, 0x013D, 0x013E, 0x013F),  # page, transfer, predictor, white, primaries
    *range(0x0140, 0x0160),  # palette, tiles, sub-directories, inks, samples, JPEG tables
    *range(0x0200, 0x0216),  # JPEG in TIFF, thumbnails, YCbCr
    *(0x02BC, 0x83BB, 0x8649, 0x8773),  # XMP, IPTC, Photoshop's, profile: held apart
    *(*range(0x80E3, 0x80E7), *range(0x8214, 0x8218)),  # samples and sizes, by SGI and Pixar
    *(*range(0x84E0, 0x84F2), *range(0x885C, 0x885F), 0x923F, 0xC5F2),  # prepress, fax, encoders
    *(0x828D, 0x828E, 0x935C, 0xEA1C),  # color filter, layers, padding
    *range(0xC612, 0xC614),  # DNG, but for what identifies the camera
    *range(0xC615, 0xC62F),
    *range(0xC630, 0xC800),
    *range(0xCD2D, 0xCD60),
}
"""Tags of a first directory, in Exif and in TIFF, that describe the old file and its pixels."""

_GEOGRAPHIC = {0x830E, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1}
"""Where the stored pixels lie on a map (GeoTIFF)."""

_OF_THE_PIXELS = (0x9102,)
_COORDINATES = (0x9214, 0xA214)


def renewed_exif(
    exif: bytes, *, orientation: int = 1, converted: bool = False
) -> tuple[bytes | None, tuple[str, ...]]:
    """Return what an Exif block says that is true of a new picture too.

    Thumbnails, layout and sizes of the old file are dropped; the orientation becomes 1. A maker
    note stays at its offset, since it may point into itself by offsets from the block's start.

    Parameters
    ----------
    exif
        A TIFF structure, with or without the `Exif` mark.
    orientation
        How the pixels were turned upright, 1..8.
    converted
        Whether the colors were converted to sRGB.

    Returns
    -------
    exif : bytes or None
        A classic TIFF structure in the byte order of the old one; None where nothing is left.
    notes : tuple of str
        What was dropped that a user could miss, each as it ends "written without ...".
    """
    exif = exif.removeprefix(b"Exif\0\0")
    if not exif.strip(b"\0"):
        return None, ()
    try:
        layout, tags, offsets = read_tree(io.BytesIO(exif))
        said = unread(unread_tags(io.BytesIO(exif), OF_THE_FILE))
    except BadTiffError:
        return None, (DAMAGED,)
    for tag in [tag for tag, value in tags.items() if tag in OF_THE_FILE or is_path(tag, value)]:
        del tags[tag]
    if isinstance(place := tags.get(GPS), dict):
        _drop_paths(place)
    if orientation != 1 and tags.keys() & _GEOGRAPHIC:
        tags = {tag: value for tag, value in tags.items() if tag not in _GEOGRAPHIC}
        said.append(MAP)
    inner = tags.get(EXIF)
    if isinstance(inner, dict):
        _renew_inner(inner, orientation, converted, said)
    if converted:
        _drop_interop(tags)
    if not tags.keys() - {_ACROSS, _DOWN, _UNIT, 0x0213}:
        return None, tuple(said)
    tags[_ORIENTATION] = short(1)
    return write_tree(layout, tags, offsets), tuple(said)


def finished_exif(
    exif: bytes | None,
    kind: str,
    size: tuple[int, int],
    resolution: tuple[float, float] | None,
) -> bytes | None:
    """Return an Exif block that tells size and resolution of the picture that is written.

    Parameters
    ----------
    exif
        As `renewed_exif` returns it, or None.
    kind
        The format that is written.
    size
        Width and height in pixels.
    resolution
        Pixels per millimetre across and down; WebP stores it nowhere but here.
    """
    layout, offsets = Layout("<", big=False), dict[int, int]()
    tags: Directory = {}
    if exif is not None:
        try:
            layout, tags, offsets = read_tree(io.BytesIO(exif.removeprefix(b"Exif\0\0")))
        except BadTiffError:
            exif = None
    for tag in (_ACROSS, _DOWN, _UNIT):
        tags.pop(tag, None)
    if resolution is not None and (exif is not None or kind == "webp"):
        for tag, value in zip((_ACROSS, _DOWN), resolution, strict=True):
            tags[tag] = _per_inch(value)
        tags[_UNIT] = short(2)
    inner = tags.get(EXIF)
    if isinstance(inner, dict):
        for tag, side in zip((_WIDTH, _HEIGHT), size, strict=True):
            if tag in inner:
                inner[tag] = long(side)
        if kind != "jpeg":
            inner.pop(_COMPONENTS, None)
    return write_tree(layout, tags, offsets) if tags else None


def without_maker_note(exif: bytes) -> bytes | None:
    """Return an Exif block without the camera's maker note, None where nothing is left."""
    try:
        layout, tags, _ = read_tree(io.BytesIO(exif))
    except BadTiffError:
        return None
    inner = tags.get(EXIF)
    if isinstance(inner, dict):
        inner.pop(MAKER_NOTE, None)
    return write_tree(layout, tags, {}) if tags else None


def without_largest(exif: bytes, most: int) -> tuple[bytes | None, list[int]]:
    """Return an Exif block without its largest values, so that it has `most` bytes, and their tags.

    The block is None where nothing is left of it.
    """
    try:
        layout, tags, offsets = read_tree(io.BytesIO(exif))
    except BadTiffError:
        return None, []
    inner = tags.get(EXIF)
    places = [tags, inner] if isinstance(inner, dict) else [tags]
    values = (
        (len(value.data), tag, place)
        for place in places
        for tag, value in place.items()
        if isinstance(value, Value)
    )
    excess, gone = len(exif) - most, list[int]()
    for size, tag, place in sorted(values, key=lambda one: -one[0]):
        if excess <= 0:
            break
        del place[tag]
        gone.append(tag)
        excess -= size
    shorter = write_tree(layout, tags, offsets) if tags and excess <= 0 else None
    return (shorter if shorter is not None and len(shorter) <= most else None), gone


def unread(tags: Sequence[int]) -> list[str]:
    """What is said of tags that cannot be read, as it ends "written without ..."."""
    if not tags:
        return []
    return [f"the tags {listed(tags)}, whose values are damaged, too long, or of an unknown type"]


def listed(tags: Sequence[int]) -> str:
    """The first tags, as programs show them."""
    first = list(dict.fromkeys(tags))
    return ", ".join(f"0x{tag:04X}" for tag in first[:4]) + ", ..." * (len(first) > 4)


def exif_resolution(exif: bytes) -> tuple[float, float] | None:
    """Return the resolution in an Exif block, in pixels per millimetre across and down, or None.

    WebP stores it nowhere else, and libvips does not look there.
    """
    file = io.BytesIO(exif)
    try:
        tags = read_directory(file, *read_header(file)).fields
        unit = _numbers(tags[_UNIT])[0]
        values = [_numbers(tags[tag]) for tag in (_ACROSS, _DOWN)]
        across, down = (top / bottom / _MILLIMETRES[unit] for top, bottom in values)
    except (BadTiffError, KeyError, IndexError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if all(0 < one < MAX_RESOLUTION for one in (across, down)) else None


def exif_orientation(exif: bytes) -> int:
    """How an Exif block says that its picture is to be turned, 1..8; 1 where it does not say."""
    file = io.BytesIO(exif.removeprefix(b"Exif\0\0"))
    try:
        found = _numbers(read_directory(file, *read_header(file)).fields[_ORIENTATION])
    except (BadTiffError, KeyError):
        return 1
    return found[0] if found and 1 <= found[0] <= 8 else 1


def _numbers(value: Value | Directory) -> tuple[int, ...]:
    if not isinstance(value, Value):
        raise BadTiffError
    return value.numbers()


def _per_inch(value: float) -> Value:
    """Pixels per millimetre as pixels per inch, whole where they nearly are."""
    inch = min(max(value, 1e-4), MAX_RESOLUTION) * 25.4
    if abs(inch - round(inch)) < 1e-3 and round(inch) > 0:
        return fraction(round(inch), 1)
    return fraction(round(inch * 1_000), 1_000)


def _renew_inner(inner: Directory, orientation: int, converted: bool, said: list[str]) -> None:
    """Drop what the Exif directory says of the old pixels."""
    _drop_paths(inner)
    for tag in (*_OF_THE_PIXELS, *(_COORDINATES if orientation != 1 else ())):
        inner.pop(tag, None)
    if orientation >= 5:
        across, down = inner.pop(_FOCAL_ACROSS, None), inner.pop(_FOCAL_DOWN, None)
        inner |= {
            tag: value
            for tag, value in ((_FOCAL_ACROSS, down), (_FOCAL_DOWN, across))
            if value is not None
        }
    if converted and _COLOR_SPACE in inner:
        inner[_COLOR_SPACE] = short(1)
    note = inner.get(MAKER_NOTE)
    if isinstance(note, Value) and _holds_jpeg(note.data):
        del inner[MAKER_NOTE]
        said.append(PREVIEW)


def _drop_paths(directory: Directory) -> None:
    for tag in [tag for tag, value in directory.items() if is_path(tag, value)]:
        del directory[tag]


def _drop_interop(tags: Directory) -> None:
    inner = tags.get(EXIF)
    if isinstance(inner, dict):
        inner.pop(INTEROP, None)


def _holds_jpeg(data: bytes) -> bool:
    return any(b"\xff\xd8\xff" + bytes([one]) in data for one in (0xDB, 0xE0, 0xE1, 0xC4))
