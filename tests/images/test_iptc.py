"""A caption survives from JPEG to JPEG, the thumbnail stored beside it does not."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from image_samples import COFFEE
from PIL import Image, IptcImagePlugin

from dreamlayer.core import images
from dreamlayer.core.images.iptc import without_thumbnail

CAPTION = b"\x1c\x02\x78\0\x05hello"


def resource(identity: int, data: bytes, name: bytes = b"") -> bytes:
    title = bytes([len(name)]) + name
    title += bytes(len(title) % 2)
    size = struct.pack(">I", len(data))
    return b"8BIM" + struct.pack(">H", identity) + title + size + data + bytes(len(data) % 2)


BLOCK = (
    b"Photoshop 3.0\0"
    + resource(0x040C, b"old picture")
    + resource(0x0404, CAPTION, b"odd")
    + resource(0x03ED, b"sixteen bytes ..")
)


def test_caption_survives(tmp_path: Path) -> None:
    """The caption of a JPEG is in the JPEG written, and the thumbnail is not."""
    photo = COFFEE.read_bytes()
    data = photo[:2] + b"\xff\xed" + struct.pack(">H", len(BLOCK) + 2) + BLOCK + photo[2:]
    images.write(images.read(io.BytesIO(data)), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert IptcImagePlugin.getiptcinfo(image) == {(2, 120): b"hello"}
    assert b"old picture" not in (tmp_path / "a.jpg").read_bytes()


def test_strangers_and_damage_pass() -> None:
    """What is no such block, or is cut short, passes unchanged but for whole thumbnails."""
    assert without_thumbnail(CAPTION) == CAPTION
    for end in range(len(BLOCK)):
        without_thumbnail(BLOCK[:end])
    assert without_thumbnail(BLOCK[:20]) == BLOCK[:20]
