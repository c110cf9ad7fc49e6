"""Exif and IPTC blocks: a TIFF file's tags in and out, resolution, thumbnails dropped.

libvips leaves the Exif tags of TIFF files out, and keeps thumbnails that show the old picture.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

_EXIF, _GPS, _INTEROP = 0x8769, 0x8825, 0xA005
_ACROSS, _DOWN, _UNIT = 0x011A, 0x011B, 0x0128
_MILLIMETRES = {2: 25.4, 3: 10.0}
_DESCRIPTIVE = {
    *(0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C),  # description ... host computer
    *(0x4746, 0x4749, 0x8298),  # rating, copyright
    *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),  # the titles that Windows shows
    *(_EXIF, _GPS),
}
"""Tags of the first directory that describe the picture, not how its pixels are stored."""

# Bytes per value, and per word when swapping, by TIFF field type (TIFF 6.0 section 2, BigTIFF).
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_WORDS = _SIZES | {5: 4, 10: 4}
_MAX_BYTES = 4 << 20
_PHOTOSHOP_MARK = b"Photoshop 3.0\0"
_PHOTOSHOP_THUMBNAILS = (0x0409, 0x040C)


@dataclass(frozen=True)
class _Value:
    """One field: TIFF type, number of values, and the values in little-endian order."""

    kind: int
    count: int
    data: bytes


_Directory = dict[int, "_Value | _Directory"]


@dataclass(frozen=True)
class _Layout:
    """Byte order and sizes of a TIFF structure: classic, or BigTIFF with 64-bit offsets."""

    order: str
    big: bool

    @property
    def offset(self) -> str:
        return self.order + ("Q" if self.big else "I")

    @property
    def count(self) -> str:
        return self.order + ("Q" if self.big else "H")

    @property
    def entry(self) -> str:
        """Tag, type, number of values; then come the values or their offset."""
        return self.order + ("HHQ" if self.big else "HHI")


class _BadTiffError(Exception):
    """A structure that is not TIFF, or points outside itself."""


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
    except (_BadTiffError, struct.error):
        return None
    if not tags:
        return None
    block = io.BytesIO(b"II*\0\0\0\0\0")
    _append(block, tags, _Layout("<", big=False))
    return block.getvalue()


def write_tiff_exif(file: BinaryIO, exif: bytes) -> None:
    """Add the descriptive tags of an Exif block to a finished TIFF file, in place.

    Parameters
    ----------
    file
        A readable, writable and seekable TIFF or BigTIFF file of one page. Its directory is
        rewritten at its end with the added tags; tags that it has already win.
    exif
        A TIFF structure without the `Exif` mark. A damaged one adds nothing.
    """
    try:
        added = _descriptive(io.BytesIO(exif))
    except (_BadTiffError, struct.error):
        return
    if added:
        layout, start = _header(file)
        own = _directory(file, layout, start, limit=None)
        _append(file, added | own, layout)


def without_exif_thumbnail(exif: bytes) -> bytes:
    """Unlink the second directory of an Exif block, which is the thumbnail's.

    Everything else stays where it is, so that offsets inside maker notes remain valid.
    """
    file = io.BytesIO(exif)
    try:
        layout, start = _header(file)
        file.seek(start)
        (count,) = struct.unpack(layout.count, _exactly(file, struct.calcsize(layout.count)))
        room = struct.calcsize(layout.offset)
        file.seek(count * (struct.calcsize(layout.entry) + room), io.SEEK_CUR)
        end = file.tell()
        _exactly(file, room)
    except (_BadTiffError, struct.error):
        return exif
    return exif[:end] + bytes(room) + exif[end + room :]


def without_iptc_thumbnail(block: bytes) -> bytes:
    """Return a JPEG's Photoshop block, which holds its IPTC fields, without its thumbnails.

    Any other block, or a damaged one, is returned unchanged. The layout is that of Adobe's
    "Photoshop File Formats", image resource blocks.
    """
    if not block.startswith(_PHOTOSHOP_MARK):
        return block
    kept, at = _PHOTOSHOP_MARK, len(_PHOTOSHOP_MARK)
    while at + 12 <= len(block) and block[at : at + 4] == b"8BIM":
        (identity,) = struct.unpack_from(">H", block, at + 4)
        # The name has a length byte and is padded to an even whole, as the content is.
        size_at = at + 6 + (block[at + 6] + 2) // 2 * 2
        if size_at + 4 > len(block):
            return block
        (size,) = struct.unpack_from(">I", block, size_at)
        end = size_at + 4 + (size + 1) // 2 * 2
        if identity not in _PHOTOSHOP_THUMBNAILS:
            kept += block[at:end]
        at = end
    return kept if at >= len(block) else kept + block[at:]


def exif_resolution(exif: bytes) -> tuple[float, float] | None:
    """Return the resolution in an Exif block, in pixels per millimetre across and down, or None.

    WebP stores it nowhere else, and libvips does not look there.
    """
    file = io.BytesIO(exif)
    try:
        tags = _directory(file, *_header(file))
        unit = _unsigned(tags[_UNIT])[0]
        values = [_unsigned(tags[tag]) for tag in (_ACROSS, _DOWN)]
        across, down = (top / bottom / _MILLIMETRES[unit] for top, bottom in values)
    except (_BadTiffError, struct.error, KeyError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if across > 0 and down > 0 else None


def _unsigned(value: _Value | _Directory) -> tuple[int, ...]:
    if not isinstance(value, _Value) or value.kind not in (3, 4, 5):
        raise _BadTiffError
    word = _WORDS[value.kind]
    parts = range(0, len(value.data), word)
    return tuple(int.from_bytes(value.data[at : at + word], "little") for at in parts)


def _descriptive(file: BinaryIO) -> _Directory:
    layout, start = _header(file)
    tags = {tag: v for tag, v in _directory(file, layout, start).items() if tag in _DESCRIPTIVE}
    for tag, children in ((_EXIF, (_INTEROP,)), (_GPS, ())):
        if tag in tags:
            _enter(file, layout, tags, tag)
            inner = tags.get(tag)
            for child in children:
                if isinstance(inner, dict) and child in inner:
                    _enter(file, layout, inner, child)
    return tags


def _enter(file: BinaryIO, layout: _Layout, parent: _Directory, tag: int) -> None:
    """Replace the pointer `tag` by the directory it points to; drop it if that is damaged."""
    pointer = parent.pop(tag)
    assert isinstance(pointer, _Value)
    if pointer.kind in (4, 13, 16, 18) and pointer.count == 1:
        try:
            parent[tag] = _directory(file, layout, int.from_bytes(pointer.data, "little"))
        except _BadTiffError:
            return


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise _BadTiffError
    return data


def _header(file: BinaryIO) -> tuple[_Layout, int]:
    """Return the layout and the offset of the first directory."""
    file.seek(0)
    mark = _exactly(file, 4)
    order = {b"II": "<", b"MM": ">"}.get(mark[:2])
    if order is None:
        raise _BadTiffError
    layout = _Layout(order, big=struct.unpack(order + "H", mark[2:])[0] == 43)
    if layout.big:
        _exactly(file, 4)
    (start,) = struct.unpack(layout.offset, _exactly(file, struct.calcsize(layout.offset)))
    return layout, start


def _directory(
    file: BinaryIO, layout: _Layout, start: int, limit: int | None = _MAX_BYTES
) -> _Directory:
    """Read one directory, skipping fields of unknown type or beyond `limit` bytes in total."""
    file.seek(start)
    (count,) = struct.unpack(layout.count, _exactly(file, struct.calcsize(layout.count)))
    room = struct.calcsize(layout.offset)
    head = struct.calcsize(layout.entry)
    if count > 0xFFFF:
        raise _BadTiffError
    table = _exactly(file, count * (head + room))
    found: _Directory = {}
    for at in range(0, len(table), head + room):
        tag, kind, values = struct.unpack_from(layout.entry, table, at)
        length = _SIZES.get(kind, 0) * values
        if not length or (limit is not None and length > limit):
            continue
        data = table[at + head : at + head + room]
        if length > room:
            file.seek(struct.unpack(layout.offset, data)[0])
            data = file.read(length)
        if len(data) >= length:
            found[tag] = _Value(kind, values, _swap(data[:length], kind, layout.order))
            limit = None if limit is None else limit - length
    return found


def _swap(data: bytes, kind: int, order: str) -> bytes:
    """Convert values between `order` and little-endian."""
    word = _WORDS[kind]
    if order == "<" or word == 1:
        return data
    return b"".join(data[at : at + word][::-1] for at in range(0, len(data), word))


def _append(file: BinaryIO, tags: _Directory, layout: _Layout) -> None:
    """Write `tags` at the end of `file` and make them its first directory."""
    start = _write_directory(file, tags, layout)
    file.seek(8 if layout.big else 4)
    file.write(struct.pack(layout.offset, start))


def _write_directory(file: BinaryIO, tags: _Directory, layout: _Layout) -> int:
    room = struct.calcsize(layout.offset)
    table = struct.pack(layout.count, len(tags))
    for tag, value in sorted(tags.items()):
        if isinstance(value, dict):
            at = _write_directory(file, value, layout)
            value = _Value(16 if layout.big else 4, 1, at.to_bytes(room, "little"))
        data = _swap(value.data, value.kind, layout.order)
        if len(data) > room:
            data = struct.pack(layout.offset, _write_aligned(file, data))
        table += struct.pack(layout.entry, tag, value.kind, value.count) + data.ljust(room, b"\0")
    return _write_aligned(file, table + struct.pack(layout.offset, 0))


def _write_aligned(file: BinaryIO, data: bytes) -> int:
    """Write at the end of `file`, on an even offset as TIFF demands, and return that offset."""
    at = file.seek(0, io.SEEK_END)
    if at % 2:
        file.write(b"\0")
        at += 1
    file.write(data)
    return at
