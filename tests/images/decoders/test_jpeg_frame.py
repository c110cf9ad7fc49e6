"""A JPEG's frame header tells the process; kinds that ordinary decoders lack are named."""

from __future__ import annotations

import io
import struct

import pytest
from image_samples import COFFEE

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.jpeg_frame import Frame, read_frame


def jpeg(marker: int, bits: int = 8, size: tuple[int, int] = (16, 16), channels: int = 3) -> bytes:
    """Header of a JPEG with a segment before the frame, and a scan without tables."""
    width, height = size
    frame = struct.pack(">BHHB", bits, height, width, channels) + bytes([1, 0x11, 0]) * channels
    segments = [(0xE0, b"JFIF\0" + bytes(9)), (marker, frame), (0xDA, b"\1\1\0\0\x3f\0")]
    body = b"".join(struct.pack(">BBH", 0xFF, m, len(d) + 2) + d for m, d in segments)
    return b"\xff\xd8" + body + bytes(50) + b"\xff\xd9"


def test_read_frame() -> None:
    """Process, depth, size and channels, of a made-up file and of a photo."""
    found = read_frame(io.BytesIO(jpeg(0xC2, size=(7, 5))))
    assert found == Frame(2, 8, 7, 5, 3)
    photo = read_frame(io.BytesIO(COFFEE.read_bytes()))
    assert photo is not None
    assert (photo.width, photo.height, photo.unsupported) == (600, 400, None)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\xff" * 99, b"\xff\xd8ab"]
)
def test_no_frame(data: bytes) -> None:
    """A file without a frame gives none."""
    assert read_frame(io.BytesIO(data)) is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (jpeg(0xC1, bits=12), "12 bits"),
        (jpeg(0xC2, bits=12), "12 bits"),
        (jpeg(0xC3), "lossless"),
        (jpeg(0xCB), "lossless"),
        (jpeg(0xC5), "hierarchical"),
        (jpeg(0xF7), "JPEG-LS"),
        (jpeg(0xC0, channels=2), "2 channels"),
        (jpeg(0xC0, size=(16, 0)), "cannot read"),
    ],
)
def test_unsupported_is_not_damaged(data: bytes, says: str) -> None:
    """Sound files of other processes are named for what they are."""
    with pytest.raises(PictureError, match=says) as caught:
        images.read(io.BytesIO(data))
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("size", [(0, 16), (20_000, 20_000), (16, 16)])
def test_damaged(size: tuple[int, int]) -> None:
    """No width, no tables, or too few bytes for the size."""
    for marker in 0xC0, 0xC2:
        with pytest.raises(PictureError, match="damaged or truncated"):
            images.read(io.BytesIO(jpeg(marker, size=size)))
