"""Tell whether the pixels of a GIF's first frame are there, about which libvips says nothing."""

from __future__ import annotations

import struct
from typing import BinaryIO

from dreamlayer.core.errors import printable
from dreamlayer.core.images.containers.gif_blocks import FRAME, blocks
from dreamlayer.core.images.decoders.refusals import damaged

MAX_PIXELS_PER_BYTE = 2731
"""GIF's codes have 12 bits at most, and none stands for more than 4096 pixels."""


def first_frame(file: BinaryIO) -> tuple[int, int] | None:
    """Return width and height of the first frame of a GIF file; None if there is none.

    Parameters
    ----------
    file
        A seekable GIF file; its position is changed.
    """
    for kind, _ in blocks(file):
        if kind == FRAME:
            head = file.read(8)
            if len(head) < 8:
                return None
            _, _, width, height = struct.unpack("<4H", head)
            return width, height
    return None


def check_pixels(file: BinaryIO, name: str) -> None:
    """Decode the first frame by Pillow, which takes a byte per pixel meanwhile.

    libvips fills up with background what a frame lacks.

    Parameters
    ----------
    file
        A seekable GIF file; its position is kept.
    name
        What messages call the picture.

    Raises
    ------
    PictureError
        Some of the frame's pixels are missing.
    """
    # Opened by its plug-in, since `Image.open` warns of large pictures; the size is checked.
    from PIL.GifImagePlugin import GifImageFile

    place = file.tell()
    file.seek(0)
    try:
        GifImageFile(file).load()
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error) as failure:
        raise damaged(name, "a GIF", printable(str(failure))) from failure
    finally:
        file.seek(place)
