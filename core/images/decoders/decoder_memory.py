"""What decoders take beside the picture that they make: most hold bands of rows, some all of it."""

from __future__ import annotations

import os
from typing import BinaryIO

from dreamlayer.core.images.decoders import jpeg_frame, tiff_tags
from dreamlayer.core.images.decoders.channels import Layout

# All of these were measured at 4 to 100 megapixels, with the libvips that pyvips-binary brings.
_BAND_BYTES = 1200
"""Bytes per channel of a row, for the bands of rows that decoding and scaling hold."""

_WHOLE = {"webp": (2.0, 1.0), "avif": (1.5, 0.0), "bmp": (1.0, 0.0), "jxl": (1.0, 0.0)}
"""Pictures of all channels that a decoder holds, and further bytes per pixel."""

_GIF = 5.4
"""Bytes per pixel: colors of 32 bits, and indices."""

_HEIC, _DEEP_HEIC = 1.5, 2.0
"""As in `_WHOLE`; of more than 8 bits there are copies before and after they are scaled."""

_COEFFICIENT = 2


def decoder_bytes(format: str, file: BinaryIO, layout: Layout, size: tuple[int, int]) -> float:
    """Bytes per pixel that decoding takes beside floats, alpha and extra channels.

    Parameters
    ----------
    format
        A key of `core.images.formats.READ`.
    file
        The file, whose header has been read without an error; its position is changed.
    layout
        The channels of the picture.
    size
        Width and height in pixels, as stored.
    """
    channels = layout.colors + layout.has_alpha + len(layout.extras)
    bands = _BAND_BYTES * channels / size[1]
    stored = channels * layout.depth / 8
    return bands + _held(format, file, layout, stored, size)


def extra_bytes(layout: Layout) -> float:
    """Bytes per pixel of the extra channels, which are kept until the result is written."""
    return len(layout.extras) * layout.depth / 8


def _held(
    format: str, file: BinaryIO, layout: Layout, stored: float, size: tuple[int, int]
) -> float:
    """Bytes per pixel of what is held whole; `stored` are those of all channels."""
    match format:
        case "jpeg":
            return _COEFFICIENT * jpeg_frame.held_samples(file)
        case "png":
            return stored if _is_interlaced(file) else 0.0
        case "gif":
            return _GIF
        case "heic":
            return stored * (_HEIC if layout.depth == 8 else _DEEP_HEIC)
        case "tiff":
            return stored * _share_of_strip(file, size[1])
    copies, more = _WHOLE.get(format, (0.0, 0.0))
    return stored * copies + more


def _is_interlaced(file: BinaryIO) -> bool:
    file.seek(28)
    return file.read(1) not in (b"", b"\0")


def _share_of_strip(file: BinaryIO, height: int) -> float:
    """How much of a TIFF's rows its strip or row of tiles has, which is decoded at once."""
    page = next(tiff_tags.pages(file), None)
    if page is None:
        return 0.0
    tiles = page.one(tiff_tags.TILE_LENGTH)
    rows = tiles or page.one(tiff_tags.ROWS_PER_STRIP, height)
    share = min(rows, height) / height if rows > 0 else 1.0
    samples = page.one(tiff_tags.SAMPLES, 1)
    if page.one(tiff_tags.PLANAR, 1) == 2 and samples > 1:
        # A channel more, on its way between the others.
        return share * (1 + 1 / samples)
    # Rows that are not compressed come one by one.
    return share if tiles or page.one(tiff_tags.COMPRESSION, 1) != 1 else 0.0


def held_in_memory(file: BinaryIO) -> int:
    """Length of a file that is not on a disk, such as standard input; 0 for others."""
    try:
        file.fileno()
    except (OSError, ValueError, AttributeError):
        place = file.tell()
        length = file.seek(0, os.SEEK_END)
        file.seek(place)
        return length
    return 0
