"""Pictures that come through a pipe: held in memory, or in a temporary file where they are long."""

from __future__ import annotations

import io
import tempfile
from typing import BinaryIO, cast

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.other_formats import HEAD_BYTES
from dreamlayer.core.images.decoders.sniffing import begins_like_picture

_BLOCK = 1 << 20

_IN_MEMORY = 64 << 20
"""Bytes up to which a picture is held in memory."""

_BYTES_PER_PIXEL = 32
"""What a file may take for each pixel: eight channels of float32, more than any encoder needs."""

_BESIDE_PIXELS = 64 << 20
"""What a file may take for all else, such as previews."""


def received(pipe: BinaryIO, name: str, max_megapixels: float) -> BinaryIO:
    """Read a pipe to its end, and return a file of what came.

    What does not begin like a picture is not read on, and neither is what is longer than a picture
    can be, since the other program may never stop.

    Parameters
    ----------
    pipe
        A binary stream, at its start.
    name
        Name used in messages.
    max_megapixels
        Largest width times height allowed, in millions.

    Returns
    -------
    BinaryIO
        Seekable, at its start; the caller closes it.

    Raises
    ------
    PictureError
        More comes than a picture of so many pixels can take.
    OSError
        The pipe cannot be read, or the disk of temporary files is full.
    """
    longest = max_megapixels * 1e6 * _BYTES_PER_PIXEL + _BESIDE_PIXELS
    held = bytearray()
    while len(held) <= _IN_MEMORY:
        block = pipe.read(_BLOCK)
        held += block
        if not block or not begins_like_picture(bytes(held[:HEAD_BYTES])):
            return io.BytesIO(held)
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        file.write(held)
        length = len(held)
        del held
        while block := pipe.read(_BLOCK):
            length += len(block)
            if length > longest:
                raise PictureError(
                    f"{name} does not end after {longest / 1e6:.0f} MB, which is more than a "
                    f"picture of {max_megapixels:g} megapixels takes; give another picture, or "
                    "raise the limit of pixels (--max-megapixels)"
                )
            file.write(block)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
