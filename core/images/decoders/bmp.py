"""BMP pictures: by Pillow, but for 16 and 32 bits, of which it knows few bit fields, and 2 bits."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import printable
from dreamlayer.core.images.decoders.bmp_colors import profile_in
from dreamlayer.core.images.decoders.channels import Layout
from dreamlayer.core.images.decoders.refusals import damaged, unsupported
from dreamlayer.core.images.decoders.unread import Unread

_BMP = "a BMP"
_FILE_HEADER = 14
_OS2 = 12
_HEADERS = (_OS2, 16, 40, 52, 56, 64, 108, 124)
_PLAIN, _RLE8, _RLE4, _FIELDS, _JPEG, _PNG, _ALPHA_FIELDS = range(7)
_BITS = {_PLAIN: (1, 2, 4, 8, 16, 24, 32), _RLE8: (8,), _RLE4: (4,)}
_BITS |= {_FIELDS: (16, 32), _ALPHA_FIELDS: (16, 32)}
_DEFAULT_MASKS = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
# Its runs are of 255 pixels in two bytes at most, but it can skip pixels.
_MAX_RLE = 1000
_MAX_PER_METRE = 1_000_000


@dataclass(frozen=True)
class _Header:
    """What the header says: sizes in pixels, and places in the file."""

    size: int
    width: int
    height: int
    top_down: bool
    bits: int
    compression: int
    pixels_at: int
    masks: tuple[int, int, int, int]
    resolution: tuple[float, float]


def open_bmp(file: BinaryIO, name: str) -> Unread:
    """Read the header of a BMP picture.

    Parameters
    ----------
    file
        A seekable BMP file, open until the pixels are decoded.
    name
        What messages call it.

    Raises
    ------
    PictureError
        The header is damaged, or of an unsupported kind.
    """
    try:
        header = _header(file, name)
    except struct.error as failure:
        raise damaged(name, _BMP, "its header is cut off") from failure
    packed = header.bits in (16, 32)
    _check_length(file, header, name)
    alpha = 3 if packed and header.masks[3] else None
    wide = packed and max(mask.bit_count() for mask in header.masks) > 8
    layout = Layout(3, alpha, 16 if wide else 8, "rgb")
    profile = profile_in(file, header.size)

    def decode() -> npt.NDArray[Any]:
        if header.bits == 2:
            return _by_palette(file, header, name)
        return _unpacked(file, header, layout) if packed else _by_pillow(file, name)

    blobs = {} if profile is None else {"icc-profile-data": profile}
    return Unread(header.width, header.height, layout, decode, blobs, header.resolution)


def _header(file: BinaryIO, name: str) -> _Header:
    file.seek(10)
    pixels_at, size = struct.unpack("<II", file.read(8))
    if size not in _HEADERS:
        raise unsupported(name, f"a BMP with a header of {size} bytes", "those of Windows and OS/2")
    file.seek(_FILE_HEADER)
    head = file.read(size)
    if size == _OS2:
        width, height, _, bits = struct.unpack_from("<4H", head, 4)
        compression, across, down = _PLAIN, 0, 0
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", head, 4)
        compression, across, down = _PLAIN, 0, 0
        if size > 16:
            compression, _, across, down = struct.unpack_from("<IIii", head, 16)
    if width < 1 or height == 0 or height == -(1 << 31):
        raise damaged(name, _BMP, f"its size is {width} × {height}")
    if size == 64 and compression in (_FIELDS, _JPEG):
        raise unsupported(name, "a BMP of OS/2 with its own compression", "RLE and none")
    if bits not in _BITS.get(compression, ()):
        kinds = {_JPEG: "JPEG", _PNG: "PNG"}
        how = kinds.get(compression, f"compression {compression}")
        what = f"a BMP of {bits} bits per pixel" + (f" with {how}" if compression else "")
        raise unsupported(name, what, "1 to 32 bits, RLE and bit fields")
    masks = _masks(file, head, size, bits, compression)
    taken = 0
    for mask in masks:
        if taken & mask or (mask and (mask // (mask & -mask)) & (mask // (mask & -mask) + 1)):
            raise damaged(name, _BMP, "its bit fields overlap or have gaps")
        taken |= mask
    if bits in (16, 32) and not any(masks[:3]):
        raise damaged(name, _BMP, "its bit fields are empty")
    known = 0 < across < _MAX_PER_METRE and 0 < down < _MAX_PER_METRE
    resolution = (across / 1000, down / 1000) if known else (1.0, 1.0)
    return _Header(
        size, width, abs(height), height < 0, bits, compression, pixels_at, masks, resolution
    )


def _masks(
    file: BinaryIO, head: bytes, size: int, bits: int, compression: int
) -> tuple[int, int, int, int]:
    """Bits of red, green, blue and alpha."""
    if compression not in (_FIELDS, _ALPHA_FIELDS):
        return _DEFAULT_MASKS.get(bits, (0, 0, 0, 0))
    if size >= 52:
        found = struct.unpack_from("<3I", head, 40)
        return (*found, struct.unpack_from("<I", head, 52)[0] if size >= 56 else 0)
    # They follow the short header.
    file.seek(_FILE_HEADER + size)
    count = 4 if compression == _ALPHA_FIELDS else 3
    red, green, blue, *alpha = struct.unpack(f"<{count}I", file.read(4 * count))
    return red, green, blue, alpha[0] if alpha else 0


def _stride(header: _Header) -> int:
    """Bytes per row, which is padded to four."""
    return (header.width * header.bits + 31) // 32 * 4


def _check_length(file: BinaryIO, header: _Header, name: str) -> None:
    if header.compression in (_RLE8, _RLE4):
        if header.width * header.height > _MAX_RLE * file.seek(0, os.SEEK_END):
            raise damaged(name, _BMP, "it is much shorter than its header says")
        return
    needed = header.pixels_at + _stride(header) * header.height
    # The padding of the last row may be missing.
    packed = header.bits in (16, 32)
    if file.seek(0, os.SEEK_END) < needed - 3 or (
        packed and header.pixels_at < _FILE_HEADER + header.size
    ):
        raise damaged(name, _BMP, "it is shorter than its header says")


def _unpacked(file: BinaryIO, header: _Header, layout: Layout) -> npt.NDArray[Any]:
    """Pixels of 16 or 32 bits, each channel scaled to the whole range."""
    count = 4 if layout.has_alpha else 3
    top = (1 << layout.depth) - 1
    result = np.empty((header.height, header.width, count), np.uint8 if top == 255 else np.uint16)
    file.seek(header.pixels_at)
    stride = _stride(header)
    kind = np.dtype(f"<u{header.bits // 8}")
    for row in range(header.height):
        line = np.frombuffer(file.read(stride).ljust(stride, b"\0"), kind)[: header.width]
        out = result[row if header.top_down else header.height - 1 - row]
        for channel, mask in enumerate(header.masks[:count]):
            if not mask:
                out[:, channel] = 0
                continue
            low = (mask & -mask).bit_length() - 1
            levels = (line & kind.type(mask)) >> kind.type(low)
            most = mask >> low
            out[:, channel] = levels if most == top else np.rint(levels * (top / most))
    return result


def _by_palette(file: BinaryIO, header: _Header, name: str) -> npt.NDArray[Any]:
    """Pixels of 2 bits, as Windows CE has them."""
    file.seek(_FILE_HEADER + header.size)
    palette = file.read(16)
    if len(palette) < 16 or header.pixels_at < _FILE_HEADER + header.size + 16:
        raise damaged(name, _BMP, "its palette is cut off")
    colors = np.frombuffer(palette, np.uint8).reshape(4, 4)[:, 2::-1]
    file.seek(header.pixels_at)
    stride = _stride(header)
    packed = np.frombuffer(
        file.read(stride * header.height).ljust(stride * header.height, b"\0"), np.uint8
    )
    indices = (packed.reshape(header.height, stride, 1) >> np.array([6, 4, 2, 0], np.uint8)) & 3
    rows: npt.NDArray[Any] = colors[indices.reshape(header.height, -1)[:, : header.width]]
    return rows if header.top_down else rows[::-1]


def _by_pillow(file: BinaryIO, name: str) -> npt.NDArray[Any]:
    """Pixels of a palette, RLE or 24 bits."""
    # Opened by its plug-in, since `Image.open` warns of large pictures; the size is checked.
    from PIL.BmpImagePlugin import BmpImageFile

    file.seek(0)
    try:
        with BmpImageFile(file) as image:
            return np.asarray(image.convert("RGB"))
    except MemoryError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as failure:
        raise damaged(name, _BMP, printable(str(failure))) from failure
