"""IPTC fields survive, and what else Photoshop stored of the old picture does not."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from image_samples import COFFEE
from metadata_samples import jpeg_with, segment
from PIL import Image, IptcImagePlugin

from dreamlayer.core import images
from dreamlayer.core.images.metadata.photoshop import iptc_fields, renewed_resources

CAPTION = b"\x1c\x02\x78\0\x05hello"


def resource(identity: int, data: bytes, name: bytes = b"") -> bytes:
    title = bytes([len(name)]) + name
    title += bytes(len(title) % 2)
    size = struct.pack(">I", len(data))
    return b"8BIM" + struct.pack(">H", identity) + title + size + data + bytes(len(data) % 2)


PHOTOSHOP_BLOCK = (
    b"Photoshop 3.0\0"
    + resource(0x040C, b"old picture")
    + resource(0x0404, CAPTION, b"odd")
    + resource(0x03ED, b"sixteen bytes ..")
)


def test_iptc_caption_survives_without_the_thumbnail(tmp_path: Path) -> None:
    """The caption of a JPEG is in the JPEG written, and the thumbnail is not."""
    photo = COFFEE.read_bytes()
    data = (
        photo[:2]
        + b"\xff\xed"
        + struct.pack(">H", len(PHOTOSHOP_BLOCK) + 2)
        + PHOTOSHOP_BLOCK
        + photo[2:]
    )
    images.write(images.read(io.BytesIO(data)), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert IptcImagePlugin.getiptcinfo(image) == {(2, 120): b"hello"}
    assert b"old picture" not in (tmp_path / "a.jpg").read_bytes()


@pytest.mark.parametrize("extension", ["png", "jpg", "tif"])
def test_iptc_fields_go_to_formats_that_have_a_place_for_them(
    tmp_path: Path, extension: str
) -> None:
    """From a JPEG to each, and back to a JPEG; WebP cannot hold them, and that is said."""
    fields = renewed_resources(PHOTOSHOP_BLOCK)
    given = images.Picture(np.zeros((3, 3, 3), np.float32), iptc=fields)
    assert images.write(given, tmp_path / f"a.{extension}") == ()
    again = images.read(tmp_path / f"a.{extension}")
    images.write(again, tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        assert IptcImagePlugin.getiptcinfo(image) == {(2, 120): b"hello"}
    (note,) = images.write(again, tmp_path / "c.webp")
    assert "IPTC" in note


def test_damaged_resources_lose_what_is_damaged() -> None:
    """Cut anywhere, what is whole before the cut is kept; IPTC fields alone become a resource."""
    whole = renewed_resources(PHOTOSHOP_BLOCK)
    assert whole == resource(0x0404, CAPTION)
    for end in range(len(PHOTOSHOP_BLOCK)):
        assert renewed_resources(PHOTOSHOP_BLOCK[:end]) in (None, whole)
    assert renewed_resources(CAPTION) == whole
    assert iptc_fields(whole) == CAPTION
    assert renewed_resources(b"rubbish") is None


def test_names_of_files_in_iptc_fields() -> None:
    """They go, also from long fields; the digest is that of what is left."""
    kept = b"\x1c\2\x78\0\5hello" + b"\x1c\2\5\x80\4\0\0\0\2ab"
    local = b"\x1c\2\5\0\x11/home/ann/a b.jpg" + b"\x1c\2\x28\x80\2\0\7C:\\\xe4\\bc"
    digest = hashlib.md5(kept, usedforsecurity=False).digest()
    assert renewed_resources(local + kept) == resource(0x404, kept)
    both = resource(0x404, kept[:10] + local + kept[10:]) + resource(0x425, bytes(16))
    assert renewed_resources(both) == resource(0x404, kept) + resource(0x425, digest)
    assert renewed_resources(resource(0x404, local) + resource(0x425, bytes(16))) is None
    sound = resource(0x404, kept) + resource(0x425, bytes(16))
    assert renewed_resources(sound) == sound
    damaged = resource(0x404, kept + b"\x1c\2\5\xff")
    assert renewed_resources(damaged) == damaged


@pytest.mark.parametrize("extension", ["png", "jpg", "tif"])
def test_rights_are_kept(tmp_path: Path, extension: str) -> None:
    """Flag and address of the copyright go where IPTC fields go, in a PNG too."""
    rights = resource(0x40A, b"\1") + resource(0x40B, b"https://example.org/me")
    for block in rights, resource(0x404, CAPTION) + rights:
        data = jpeg_with(segment(0xED, b"Photoshop 3.0\0" + block))
        images.write(images.read(io.BytesIO(data)), tmp_path / f"a.{extension}")
        assert images.read(tmp_path / f"a.{extension}").iptc == block
