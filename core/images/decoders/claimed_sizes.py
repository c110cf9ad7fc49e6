"""What size a file claims to have, and how many bytes a picture of that size takes at least."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from dreamlayer.core.images.decoders.gif_frame import MAX_PIXELS_PER_BYTE, first_frame
from dreamlayer.core.images.decoders.jpeg_frame import read_frame

_MAX_DEFLATE = 1032
_PNG_CHANNELS = {2: 3, 4: 2, 6: 4}


@dataclass(frozen=True)
class ClaimedSize:
    """What a header says.

    Parameters
    ----------
    width, height
        Size in pixels, as stored.
    least_bytes
        Length of the shortest file that can hold so many pixels.
    """

    width: int
    height: int
    least_bytes: int


def claimed_sizes(format: str, file: BinaryIO) -> list[ClaimedSize]:
    """The sizes that a PNG, JPEG or GIF file claims; none where it has no header.

    Parameters
    ----------
    format
        "png", "jpeg" or "gif"; others have no claims.
    file
        A seekable file; its position is changed.
    """
    match format:
        case "png":
            return _png(file)
        case "jpeg":
            return _jpeg(file)
        case "gif":
            return _gif(file)
    return []


def _png(file: BinaryIO) -> list[ClaimedSize]:
    file.seek(16)
    head = file.read(10)
    if len(head) < 10:
        return []
    width, height, bits, kind = struct.unpack(">IIBB", head)
    size = width * height * _PNG_CHANNELS.get(kind, 1) * bits // 8
    return [ClaimedSize(width, height, size // _MAX_DEFLATE)]


def _jpeg(file: BinaryIO) -> list[ClaimedSize]:
    frame = read_frame(file)
    if frame is None:
        return []
    # Huffman codes take a bit at least, of which each block of 8 × 8 pixels has one.
    least = 0 if frame.is_arithmetic else frame.width * frame.height // 512
    return [ClaimedSize(frame.width, frame.height, least)]


def _gif(file: BinaryIO) -> list[ClaimedSize]:
    file.seek(6)
    screen = file.read(4)
    found = []
    if len(screen) == 4:
        width, height = struct.unpack("<HH", screen)
        found.append(ClaimedSize(width, height, 0))
    if (size := first_frame(file)) is not None:
        found.append(ClaimedSize(*size, size[0] * size[1] // MAX_PIXELS_PER_BYTE))
    return found
