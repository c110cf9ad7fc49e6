"""JPEG segments are read up to the pixels, and written so that other programs find them."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from image_samples import COFFEE, EXTENSIONS, encoded, profile
from metadata_samples import PIXELS, exif_with_thumbnail, jpeg_with, png_with, segment, xmp
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.metadata.jpeg_segments import SegmentInserter, read_jpeg, segments


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
        (b"FLIR\0\1 temperatures", 0xE1, "unknown here (APP1)"),
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


def extended(packet: bytes, parts: int, named: bytes | None = None) -> list[bytes]:
    """Segments of XMP whose extension, in parts, is `packet`."""
    name = hashlib.md5(packet).hexdigest().upper().encode()
    note = {"note": "http://ns.adobe.com/xmp/note/"}
    main = xmp(
        f'note:HasExtendedXMP="{(named or name).decode()}"', "<dc:title>t</dc:title>", **note
    )
    step = -(-len(packet) // parts)
    return [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + main)] + [
        segment(
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0"
            + name
            + struct.pack(">II", len(packet), at)
            + packet[at : at + step],
        )
        for at in range(0, len(packet), step)
    ]


FURTHER = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/" '
    b'xmlns:GImage="http://ns.google.com/photos/1.0/image/">'
    b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="" '
    b'GImage:Data="OLD" lr:weight="7">'
    b"<lr:hierarchicalSubject><r:Bag><r:li>a|b</r:li></r:Bag></lr:hierarchicalSubject>"
    b"</r:Description></r:RDF></x:xmpmeta>"
)


@pytest.mark.parametrize("parts", [1, 3])
def test_extended_xmp_is_joined(tmp_path: Path, parts: int) -> None:
    """What it says of the subject is in the one packet of the new file, in any format."""
    segments_ = extended(FURTHER, parts)
    picture = images.read(io.BytesIO(jpeg_with(segments_[0], *segments_[:0:-1])))
    assert ["embedded pictures" in note for note in picture.notes] == [True]
    for extension in EXTENSIONS.values():
        images.write(picture, tmp_path / f"a{extension}", recipe="x")
        written = images.read(tmp_path / f"a{extension}")
        assert written.recipe == "x"
        packet = written.xmp or b""
        root = ElementTree.fromstring(packet)
        (bag,) = root.iter("{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject")
        assert "".join(bag.itertext()) == "a|b"
        assert b"<dc:title>t</dc:title>" in packet
        assert b"OLD" not in packet
        assert b"HasExtendedXMP" not in packet


@pytest.mark.parametrize("case", ["part missing", "other name", "damaged"])
def test_extended_xmp_that_is_not_whole(case: str) -> None:
    """It is left out, and said; the first packet stays."""
    segments_ = extended(FURTHER[:-9] if case == "damaged" else FURTHER, 2)
    if case == "part missing":
        del segments_[1]
    if case == "other name":
        segments_ = extended(FURTHER, 2, named=b"A" * 32)
    picture = images.read(io.BytesIO(jpeg_with(*segments_)))
    assert b"<dc:title>t</dc:title>" in (picture.xmp or b"")
    assert b"hierarchical" not in (picture.xmp or b"")
    assert picture.notes == ("written without its extended XMP",)


LONG = ("é" * 50_000, "a" + "日" * 70_000, "x" * 65_533, "🐶" * 40_000)


@pytest.mark.parametrize("text", LONG, ids=("é", "日", "x", "🐶"))
def test_long_comments(tmp_path: Path, text: str) -> None:
    """Comments longer than a segment go into several, cut between characters, from any format."""
    files = [png_with(((b"iTXt", b"Comment\0\0\0\0\0" + text.encode()),))]
    if text.isascii() or text[0] == "é":
        files.append(jpeg_with(segment(0xFE, text.encode("latin-1"))))
    for data in files:
        picture = images.read(io.BytesIO(data))
        assert images.write(picture, tmp_path / "a.jpg") == ()
        assert "".join(images.read(tmp_path / "a.jpg").comments) == text


def test_many_comments_are_said() -> None:
    """More than a hundred are not kept, and that is said."""
    picture = images.read(io.BytesIO(jpeg_with(*(segment(0xFE, b"a") for _ in range(101)))))
    assert picture.comments == ("a",) * 100
    assert "comments" in picture.notes[0]


def test_damage_between_segments_costs_nothing() -> None:
    """What a decoder passes with a warning does not hide the metadata behind it."""
    parts = (
        segment(0xE1, b"Exif\0\0" + exif_with_thumbnail("<")),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp("", "<dc:source>me</dc:source>")),
        segment(0xFE, b"hello"),
    )
    for garbage in b"\0\0\0", b"abc", b"\xff\xd3", b"\xff\xe5\0\1":
        picture = images.read(
            io.BytesIO(jpeg_with(segment(0xE0, b"JFIF"), *(garbage + one for one in parts)))
        )
        assert picture.comments == ("hello",)
        assert b"Anna" in (picture.exif or b"")
        assert b"me</dc:source>" in (picture.xmp or b"")
        assert picture.pixels.shape == (20, 12, 3)


def test_comments_behind_the_pixels() -> None:
    """They are found as those before them are; what follows the picture is none of it."""
    for options in {}, {"progressive": True}:
        data = encoded(Image.fromarray(PIXELS), "jpeg", **options)
        late = data[:-2] + segment(0xFE, b"late") + data[-2:] + segment(0xFE, b"another file")
        assert images.read(io.BytesIO(late)).comments == ("late",)


@pytest.mark.parametrize(
    ("trailer", "word"),
    [
        (b"\0\0\xff\xd8\xff\xe1", "further pictures"),
        (b"\0\0\0\x18ftypmp42" + bytes(9), "motion"),
        (b"x" * 200_000 + b"MotionPhoto_Data" + bytes(50) + b"SEFT", "motion"),
        (b"", None),
        (b"\0" * 100 + b"text", None),
    ],
)
def test_what_follows_the_picture_is_said(trailer: bytes, word: str | None) -> None:
    """Videos and pictures that telephones append are no part of the new picture."""
    notes = images.read(io.BytesIO(jpeg_with() + trailer)).notes
    assert [(word or "") in note for note in notes] == [True] * (word is not None)


def test_the_longest_profiles_come_back(tmp_path: Path) -> None:
    """A profile of more segments than libvips joins is read as it was written."""
    long = bytearray(profile() + bytes(7 << 20))
    long[:4] = len(long).to_bytes(4, "big")
    picture = images.Picture(np.full((8, 8, 3), 0.5, np.float32), profile=bytes(long))
    assert images.write(picture, tmp_path / "a.jpg") == ()
    again = images.read(tmp_path / "a.jpg")
    assert (again.profile, again.notes) == (bytes(long), ())


def test_too_many_segments_are_said() -> None:
    """What is behind the limits is not read, and that is said."""
    for many in (segment(0xE5, b"x" * 8) * 5000, segment(0xE1, bytes(65_000)) * 400):
        picture = images.read(io.BytesIO(jpeg_with(many, segment(0xFE, b"late"))))
        assert picture.comments == ()
        assert ["24 MiB" in note for note in picture.notes].count(True) == 1
