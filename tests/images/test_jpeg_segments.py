"""JPEG segments are read up to the pixels, and written so that other programs find them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from image_samples import COFFEE, EXTENSIONS, profile
from metadata_samples import jpeg_with, segment
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.jpeg_segments import SegmentInserter, read_jpeg, segments


def test_comments_survive(tmp_path: Path) -> None:
    """In a JPEG as comments, in UTF-8; in others as text that they have a place for."""
    data = jpeg_with(segment(0xFE, b"hello\0"), segment(0xFE, "zweites ü".encode("latin-1")))
    picture = images.read(io.BytesIO(data))
    assert picture.comments == ("hello", "zweites ü")
    for format, extension in EXTENSIONS.items():
        assert images.write(picture, tmp_path / f"a{extension}") == ()
        written = (tmp_path / f"a{extension}").read_bytes()
        assert b"hello" in written
        assert ("zweites ü".encode() in written) or format == "png"
    assert images.read(tmp_path / "a.jpg").comments == picture.comments
    images.write(images.read(tmp_path / "a.png"), tmp_path / "b.jpg")
    assert images.read(tmp_path / "b.jpg").comments == picture.comments


@pytest.mark.parametrize(
    ("content", "marker", "says"),
    [
        (b"urn:iso:std:iso:ts:21496:-1\0....", 0xE2, "gain map"),
        (b"MPF\0II*\0........", 0xE2, "further pictures"),
        (b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 40, 0xE1, "extended XMP"),
        (b"JP\0\1\0\0\0\1\0\0\0\x20jumb" + bytes(24), 0xEB, "credentials"),
    ],
)
def test_what_belongs_to_the_old_pixels_is_said(
    tmp_path: Path, content: bytes, marker: int, says: str
) -> None:
    """Gain maps, further pictures and vouchers are not in the new file, and one note says so."""
    with images.open(io.BytesIO(jpeg_with(segment(marker, content)))) as source:
        (note,) = images.check_target(tmp_path / "a.jpg", picture=source)
        picture = source.load()
    assert says in note
    assert picture.notes == images.write(picture, tmp_path / "a.jpg") == (note,)
    assert content[:20] not in (tmp_path / "a.jpg").read_bytes()


def test_long_profile_and_all_else_are_found_by_pillow(tmp_path: Path) -> None:
    """A profile of several segments is put together; the file is JFIF, with its resolution."""
    long = bytearray(profile() + bytes(200_000 - len(profile())))
    long[0:4] = len(long).to_bytes(4, "big")
    given = images.Picture(
        np.zeros((4, 4, 3), np.float32), profile=bytes(long), resolution=(10, 20), comments=("c",)
    )
    images.write(given, tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.info["icc_profile"] == bytes(long)
        assert image.info["dpi"] == (254, 508)
        assert image.info["comment"] == b"c"
        assert image.info["jfif_version"] == (1, 1)
        image.load()
    assert images.read(tmp_path / "a.jpg").profile == bytes(long)


def test_damage_does_no_harm() -> None:
    """Cut anywhere, or with random bytes, segments end where the damage begins."""
    whole = jpeg_with(segment(0xFE, b"first"), segment(0xE1, b"Exif\0\0II*\0"))
    for end in range(200):
        read_jpeg(io.BytesIO(whole[:end]))
    random = np.random.default_rng(1)
    for _ in range(300):
        data = bytearray(whole)
        for at in random.integers(2, 200, 4):
            data[at] = random.integers(256)
        assert all(len(content) < 65_536 for _, content in segments(io.BytesIO(data)))
    assert [marker for marker, _ in segments(io.BytesIO(COFFEE.read_bytes()))][:1] == [0xE0]


def test_inserter_takes_any_pieces() -> None:
    """Segments land behind the first mark however the JPEG is cut into writes."""
    data, added = jpeg_with(), segment(0xFE, b"x")
    for size in 1, 2, 3, 1000:
        file = io.BytesIO()
        inserter = SegmentInserter(file, added)
        for at in range(0, len(data), size):
            inserter.write(data[at : at + size])
        assert file.getvalue() == data[:2] + added + data[2:]
