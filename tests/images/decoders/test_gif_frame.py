"""A GIF's first frame is found behind extensions and palettes, within the file's bounds."""

from __future__ import annotations

import io
import struct

import pytest
from image_samples import encoded, noise
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.gif_frame import first_frame


def screen(flags: int = 0) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", 9, 9, flags, 0, 0)


FRAME = b"," + struct.pack("<4HB", 1, 2, 5, 6, 0)
COMMENT = b"!\xfe\4abcd\2ef\0"


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (screen() + FRAME, (5, 6)),
        (screen(0x80) + bytes(6) + COMMENT * 3 + FRAME, (5, 6)),
        (screen(0x87) + bytes(768) + COMMENT + FRAME, (5, 6)),
        (screen() + b";", None),
        (screen() + COMMENT, None),
        (screen() + COMMENT[:5], None),
        (screen() + FRAME[:5], None),
        (screen()[:9], None),
    ],
)
def test_first_frame(data: bytes, size: tuple[int, int] | None) -> None:
    """Its size, or nothing where the file ends before."""
    assert first_frame(io.BytesIO(data)) == size


def test_as_pillow_writes_it() -> None:
    """A comment and a transparency lie before the frame."""
    image = Image.fromarray(noise(20, 30, 3)).quantize(16)
    data = encoded(image, "gif", comment=b"a dog", transparency=3)
    assert first_frame(io.BytesIO(data)) == (30, 20)


def test_missing_pixels() -> None:
    """A frame that ends early, though the file ends well, is damage: never half a picture."""
    image = Image.fromarray(noise(60, 60, 3)).quantize(64)
    data = encoded(image, "gif")
    start = data.index(b"," + bytes(4) + struct.pack("<HH", 60, 60)) + 11
    whole = images.read(io.BytesIO(data))
    assert (whole.width, whole.has_alpha) == (60, False)
    at = start
    while data[at]:
        kept = data[:at] + b"\0;"
        with pytest.raises(PictureError, match="damaged or truncated"):
            images.read(io.BytesIO(kept))
        at += data[at] + 1
