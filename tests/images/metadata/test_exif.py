"""Exif says of the new picture what is true of it, in files of every format."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from image_samples import COFFEE, EXTENSIONS, encoded, noise
from metadata_samples import (
    big_exif,
    exif_block,
    exif_with_thumbnail,
    holding_exif,
    with_maker_note,
)
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.containers.tiff_values import Directory, Value
from dreamlayer.core.images.containers.tiff_writing import block_of
from dreamlayer.core.images.metadata.exif import (
    finished_exif,
    renewed_exif,
    without_maker_note,
)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("extension", ["png", "jpg", "tif", "webp"])
def test_thumbnail_goes_and_tags_stay(tmp_path: Path, order: str, extension: str) -> None:
    """The thumbnail of the old picture is dropped in every format, the other tags stay."""
    with Image.open(COFFEE) as image:
        data = encoded(
            image.resize((30, 20)), "jpeg", exif=b"Exif\0\0" + exif_with_thumbnail(order)
        )
    path = tmp_path / f"a.{extension}"
    images.write(images.read(io.BytesIO(data)), path)
    with Image.open(path) as image:
        exif = image.getexif()
        assert exif[0x013B] == "Anna"
        assert exif[0x0112] == 1
        assert exif.get_ifd(0x8769)[0x829A] == pytest.approx(1 / 125)
        assert exif.get_ifd(1) == {}
        np.testing.assert_array_equal(image.size, (20, 30))
    thumbnail = encoded(Image.new("RGB", (16, 16), "red"), "jpeg")
    assert thumbnail[-200:] not in path.read_bytes()


def _tags(exif: bytes | None) -> Image.Exif:
    assert exif is not None
    tags = Image.Exif()
    tags.load(b"Exif\0\0" + exif)
    return tags


@pytest.mark.parametrize("order", ["<", ">"])
def test_old_file_and_pixels_go(order: str) -> None:
    """Layout, compression, sizes and previews of the old file go; the orientation becomes 1."""
    short = struct.pack(order + "HH", 7, 0)
    old = [(tag, 3, 1, short) for tag in (0x100, 0x101, 0x102, 0x103, 0x106, 0x111, 0x115, 0x14A)]
    exif, notes = renewed_exif(
        exif_block(order, *old, (0x112, 3, 1, short), (0x13B, 2, 4, b"Ann\0"))
    )
    assert dict(_tags(exif)) == {0x112: 1, 0x13B: "Ann"}
    assert notes == ()
    assert exif is not None
    assert exif[:2] == {"<": b"II", ">": b"MM"}[order]


def test_sizes_and_resolution_are_of_the_new_picture(tmp_path: Path) -> None:
    """Width and height are exchanged when the picture is turned, and follow when it is resized."""
    exif = Image.Exif()
    exif[0x112], exif[0x11A], exif[0x11B], exif[0x128] = 6, 72.0, 144.0, 2
    exif[0x8769] = {0xA002: 30, 0xA003: 20, 0x9214: (1, 2), 0xA20E: 3.0, 0xA20F: 5.0}
    data = encoded(Image.fromarray(noise(20, 30, 3)), "jpeg", exif=exif)
    given = images.read(io.BytesIO(data))
    for extension in "png", "jpg", "webp":
        images.write(given, tmp_path / f"a.{extension}")
        with Image.open(tmp_path / f"a.{extension}") as image:
            inner = image.getexif().get_ifd(0x8769)
            assert (inner[0xA002], inner[0xA003]) == image.size == (20, 30)
            assert 0x9214 not in inner
            assert (inner[0xA20E], inner[0xA20F]) == (5, 3)
    given.pixels = given.pixels[:8, :9]
    given.resolution = (300 / 25.4, 100 / 25.4)
    images.write(given, tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        tags = image.getexif()
        assert (tags.get_ifd(0x8769)[0xA002], tags.get_ifd(0x8769)[0xA003]) == (9, 8)
        assert (tags[0x11A], tags[0x11B], tags[0x128]) == (300, 100, 2)


@pytest.mark.parametrize("at", [56, 57, 500])
def test_maker_note_stays_at_its_offset(at: int) -> None:
    """It may point into itself from the start of the block; what lies between is not copied."""
    exif, notes = renewed_exif(with_maker_note(b"maker's own", at))
    finished = finished_exif(exif, "jpeg", (3, 4), (10, 20))
    assert notes == ()
    assert finished is not None
    assert finished[at : at + 11] == b"maker's own"
    assert _tags(finished).get_ifd(0x8769)[0x927C] == b"maker's own"
    assert _tags(finished)[0x13B] == "Ann"
    assert b"??" not in finished
    without = without_maker_note(finished)
    assert b"maker" not in (without or b"")
    assert _tags(without)[0x13B] == "Ann"


def test_maker_note_with_a_preview_goes() -> None:
    """A JPEG within it shows the old picture; that the note goes is said."""
    exif, (said,) = renewed_exif(with_maker_note(b"ab\xff\xd8\xff\xe0" + bytes(50), 56))
    assert 0x927C not in _tags(exif).get_ifd(0x8769)
    assert "preview" in said


@pytest.mark.parametrize(
    "text", ["/home/ann/a.jpg", r"C:\Users\ann\a", "file:///a", r"\\server\a", "/Users/ann"]
)
def test_names_of_files_go(text: str) -> None:
    """A text that is nothing but a place on somebody's disk is left out."""
    exif = Image.Exif()
    exif[0x10D], exif[0x10E], exif[0x9C9B] = text, "about " + text, text.encode("utf-16-le")
    tags = _tags(renewed_exif(exif.tobytes())[0])
    assert set(tags) == {0x112, 0x10E}


def test_color_space_follows_a_conversion() -> None:
    """Pixels that were converted to sRGB are said to be sRGB."""
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 0xFFFF, 0x829A: 0.5}
    assert _tags(renewed_exif(exif.tobytes())[0]).get_ifd(0x8769)[0xA001] == 0xFFFF
    tags = _tags(renewed_exif(exif.tobytes(), converted=True)[0])
    assert tags.get_ifd(0x8769)[0xA001] == 1


ANN = (0x13B, 2, 4, b"Ann\0")
HOSTILE = {
    "points at itself": exif_block("<", ANN, (0x8769, 4, 1, struct.pack("<I", 8))),
    "loop": exif_block("<", ANN)[:-4] + struct.pack("<I", 8),
    "value beyond": exif_block(">", ANN, (0x10F, 2, 99, b"\xff" * 4)),
    "giant count": exif_block(">", ANN, (0x10F, 5, 2**32 - 1, bytes(4))),
    "unknown types": exif_block("<", ANN, *((0x10F, kind, 1, b"abcd") for kind in range(14, 40))),
    "text as pointer": exif_block("<", ANN, (0x8769, 2, 4, b"abc\0"), (0x8825, 5, 1, bytes(4))),
    "no resolution": exif_block("<", ANN, (0x11A, 5, 1, bytes(4)), (0x128, 2, 1, bytes(4))),
    "short": b"II*\0",
    "far directory": b"MM\0*\xff\xff\xff\xf0" + bytes(20),
    "too many fields": b"II*\0\x08\0\0\0\xff\xff" + bytes(99),
    "text": b"hello there",
    "zeros": bytes(99),
    "nothing": b"",
} | {
    f"{name} {order}": data
    for order in "<>"
    for name, data in {
        "64-bit count": big_exif(order, (0x13B, 2, 2**63, 0)),
        "largest count": big_exif(order, (0x13B, 5, 2**64 - 1, 0)),
        "64-bit offset": big_exif(order, (0x13B, 2, 100, 2**63)),
        "largest offset": big_exif(order, (0x13B, 2, 100, 2**64 - 1)),
        "64-bit pointer": big_exif(order, (0x8769, 18, 1, 2**63 + 5)),
        "itself": big_exif(order, (0x8769, 18, 1, 16)),
        "64-bit number": big_exif(order, (0x1020, 16, 1, 2**40), (0x1021, 16, 1, 7)),
        "64-bit fields": big_exif(order)[:16] + b"\xff" * 8,
        "64-bit start": big_exif(order)[:8] + b"\xff" * 8,
    }.items()
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_blocks(tmp_path: Path, case: str) -> None:
    """Whatever a block claims, the picture is read and written, with what is sound of it."""
    for _, data in holding_exif(HOSTILE[case]):
        picture = images.read(io.BytesIO(data))
        for extension in EXTENSIONS.values():
            path = tmp_path / f"a{extension}"
            images.write(picture, path, recipe="x")
            assert images.read(path).recipe == "x"
            with Image.open(path) as image:
                assert image.getexif().get(0x112, 1) == 1
                if b"Ann" in HOSTILE[case]:
                    assert image.getexif()[0x13B] == "Ann"


def test_big_block_becomes_classic() -> None:
    """An Exif block in the form of BigTIFF is written in the form that all can read."""
    exif, _ = renewed_exif(big_exif(">", (0x10F, 2, 4, 0x4D616B00 << 32), (0x1021, 16, 1, 7)))
    assert dict(_tags(exif)) == {0x112: 1, 0x10F: "Mak", 0x1021: 7}


@pytest.mark.parametrize("order", ["<", ">"])
def test_names_of_files_in_any_encoding(order: str) -> None:
    """Comments in Unicode, titles of Windows, and fields of GPS are looked at as ASCII is."""
    for text, kept in (
        ("C:\\Users\\ann\\u.txt", False),
        ("/home/ä/a b.jpg", False),
        ("a fläche", True),
    ):
        for code in "utf-16-le", "utf-16-be", "utf-8":
            name = {"utf-8": b"ASCII\0\0\0"}.get(code, b"UNICODE\0")
            content = name + text.encode(code)
            first: Directory = {
                0x9C9B: Value(1, 2 * len(text), text.encode("utf-16-le")),
                0x8769: {0x9286: Value(7, len(content), content), 0x9000: Value(7, 4, b"0232")},
                0x8825: {0x1B: Value(7, len(content), content), 0: Value(1, 4, b"\2\3\0\0")},
            }
            new, _ = renewed_exif(block_of(first, order))
            assert new is not None
            assert new.count(text.encode(code)) == (2 + (code == "utf-16-le")) * kept
            assert b"0232" in new
