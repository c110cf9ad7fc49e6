"""Exif tags in TIFF files of every layout, and damage in them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from format_samples import tiff_of
from image_samples import noise, profile, tiff
from metadata_samples import exif_with_thumbnail, jpeg_with, segment, tiff_with
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.containers.tiff_directories import read_directory, read_header
from dreamlayer.core.images.containers.tiff_values import Directory, Value, shorts
from dreamlayer.core.images.decoders.tiff_tags import EXTRA, pages
from dreamlayer.core.images.metadata.exif import exif_resolution
from dreamlayer.core.images.metadata.photoshop import resource
from dreamlayer.core.images.metadata.tiff_exif import (
    read_tiff_exif,
    read_tiff_field,
    write_tiff_exif,
)
from dreamlayer.core.images.streams import library


@pytest.mark.parametrize("big", [False, True])
def test_append(tmp_path: Path, big: bool) -> None:
    """Tags are added to classic and to BigTIFF files, whose pixels stay the same."""
    values = noise(30, 20, 3)
    path = tmp_path / "a.tif"
    image = library().Image.new_from_memory(values.data, 20, 30, 3, "uchar")
    image.copy(interpretation="srgb").tiffsave(str(path), bigtiff=big)
    with path.open("r+b") as file:
        write_tiff_exif(file, exif_with_thumbnail(">"))
        added = read_tiff_exif(file)
    assert added is not None
    with Image.open(path) as written:
        assert written.getexif()[0x013B] == "Anna"
        assert written.getexif().get_ifd(0x8769)[0x829A] == pytest.approx(1 / 125)
        np.testing.assert_array_equal(np.asarray(written), values)
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + added)
    assert exif[0x013B] == "Anna"
    assert exif.get_ifd(0x8769)[0x829A] == pytest.approx(1 / 125)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kinds", [(0,), (2, 0), (2, 0, 0)])
def test_further_fields_win(order: str, kinds: tuple[int, ...]) -> None:
    """What channels are is said in place of what the file's encoder said."""
    stored = (EXTRA, 3, [1] * len(kinds))
    file = io.BytesIO(tiff_of(bytes(99), (2, 2), tags=[stored], order=order))
    write_tiff_exif(file, None, {EXTRA: shorts(*kinds)})
    assert next(pages(file)).all(EXTRA) == kinds


def test_damage_does_no_harm() -> None:
    """Blocks cut short or with random bytes read as fewer tags, and never as an error."""
    whole = exif_with_thumbnail("<")
    random = np.random.default_rng(3)
    for _ in range(300):
        data = bytearray(whole[: random.integers(0, len(whole))])
        for at in random.integers(0, max(len(data), 1), 5):
            if at < len(data):
                data[at] = random.integers(256)
        read_tiff_exif(io.BytesIO(data))
        exif_resolution(bytes(data))
        file = io.BytesIO(tiff(noise(3, 3, 3)))
        write_tiff_exif(file, bytes(data))
        with Image.open(file) as image:
            np.testing.assert_array_equal(np.asarray(image), noise(3, 3, 3))


def test_no_tags() -> None:
    """A TIFF file without descriptive tags has no Exif block."""
    assert read_tiff_exif(io.BytesIO(tiff(noise(3, 3, 3)))) is None
    assert exif_resolution(exif_with_thumbnail("<")) is None


def test_layout_and_places_are_not_descriptive() -> None:
    """Of a TIFF file's tags those are read that describe the picture, and no names of files."""
    data = tiff_with((270, 2, b"a flower\0"), (269, 2, b"/home/ann/a.tif\0"), (305, 2, b"GIMP\0"))
    tags = Image.Exif()
    tags.load(b"Exif\0\0" + (read_tiff_exif(io.BytesIO(data)) or b""))
    assert dict(tags) == {270: "a flower", 305: "GIMP"}


@pytest.mark.parametrize("swapped", [False, True])
def test_iptc_of_a_tiff(tmp_path: Path, swapped: bool) -> None:
    """IPTC fields are read from their own tag, also where they were stored as swapped numbers."""
    fields = b"\x1c\x02\x78\0\x05hello\0\0"
    stored = struct.pack("<3I", *struct.unpack(">3I", fields)) if swapped else fields
    picture = images.read(io.BytesIO(tiff_with((33723, 7, stored))))
    images.write(picture, tmp_path / "a.tif")
    with (tmp_path / "a.tif").open("rb") as file:
        assert (read_tiff_field(file, 33723) or b"").startswith(fields[:10])
        assert b"8BIM\x04\x04" in (read_tiff_field(file, 34377) or b"")


KEPT = {
    285: (2, b"Map of Kent\0"),  # PageName
    36867: (2, b"2001:02:03 04:05:06\0"),  # DateTimeOriginal, where scanners put it
    33550: (12, struct.pack("<3d", 1, 2, 0)),  # GeoTIFF's scale
    33922: (12, struct.pack("<6d", *range(6))),
    34735: (3, struct.pack("<8H", *range(8))),
    34737: (2, b"WGS 84|\0"),
    42112: (2, b"<GDALMetadata/>\0"),
    65000: (7, b"private"),
}


def tiff_of_tags(tags: dict[int, tuple[int, bytes]], *more: tuple[int, int, bytes]) -> bytes:
    """A TIFF file with fields of any type, put in by our own writer."""
    file = io.BytesIO(tiff_with(*more))
    sizes = {2: 1, 3: 2, 7: 1, 12: 8}
    fields: Directory = {
        tag: Value(kind, len(data) // sizes[kind], data) for tag, (kind, data) in tags.items()
    }
    write_tiff_exif(file, None, fields)
    return file.getvalue()


@pytest.mark.parametrize("format", ["tif", "jpg", "png", "webp"])
def test_tags_that_nobody_lists_are_kept(tmp_path: Path, format: str) -> None:
    """Maps, scanners' dates and private tags go to every format, as those of other formats do."""
    picture = images.read(io.BytesIO(tiff_of_tags(KEPT)))
    assert images.write(picture, tmp_path / f"a.{format}") == ()
    again = images.read(tmp_path / f"a.{format}")
    assert again.notes == ()
    found = read_directory(
        io.BytesIO(again.exif or b""), *read_header(io.BytesIO(again.exif or b""))
    ).fields
    assert {tag: found[tag].data for tag in KEPT} == {tag: data for tag, (_, data) in KEPT.items()}
    np.testing.assert_array_equal(again.pixels.shape, picture.pixels.shape)


def test_maps_of_turned_pictures() -> None:
    """A place on a map is that of the stored pixels: if they are turned, it goes and is said."""
    turned = images.read(io.BytesIO(tiff_of_tags(KEPT | {274: (3, b"\6\0")})))
    assert ["map" in note for note in turned.notes] == [True]
    assert b"private" in (turned.exif or b"")
    assert b"WGS 84" not in (turned.exif or b"")


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    """Photoshop's layers, colors that no profile tells, and values that cannot be read."""
    for fields, word in (
        ({37724: (7, b"Adobe Photoshop Document Data Block\0")}, "layers"),
        ({37724: (7, bytes(5 << 20))}, "layers"),
        ({318: (12, struct.pack("<2d", 0.31, 0.33))}, "white point"),
        ({65001: (7, bytes(5 << 20))}, "0xFDE9"),
    ):
        picture = images.read(io.BytesIO(tiff_of_tags(fields)))
        assert [word in note for note in picture.notes] == [True]
        assert images.write(picture, tmp_path / "a.tif") == picture.notes
        assert images.read(tmp_path / "a.tif").notes == ()
    white = struct.pack("<4I", 3127, 10_000, 329, 1000)
    file = io.BytesIO(tiff_with())
    write_tiff_exif(file, None, {318: Value(5, 2, white)})
    file.seek(0)
    assert images.read(file).notes == ()
    block = tiff_with((65001, 99, b"abcd"), (305, 2, b"GIMP\0"))
    unknown = images.read(io.BytesIO(jpeg_with(segment(0xE1, b"Exif\0\0" + block))))
    assert "0xFDE9" in unknown.notes[0]
    assert b"GIMP" in (unknown.exif or b"")


def test_long_tags_do_not_cost_all_of_a_jpeg(tmp_path: Path) -> None:
    """What is too long for a JPEG is left out by the largest tags first, and they are named."""
    tags = {42112: (2, b"x" * 70_000 + b"\0"), 315: (2, b"Anna\0"), 65000: (7, b"private")}
    picture = images.read(io.BytesIO(tiff_of_tags(tags)))
    (note,) = images.write(picture, tmp_path / "a.jpg")
    assert "0xA480" in note
    exif = images.read(tmp_path / "a.jpg").exif or b""
    assert (b"Anna" in exif, b"private" in exif, b"xxx" in exif) == (True, True, False)


@pytest.mark.parametrize("format", ["tif", "jpg", "png", "webp"])
def test_text_in_utf8(tmp_path: Path, format: str) -> None:
    """Text of Exif 3.0's own type is kept everywhere; names of files in it are not."""
    fields = ((315, 129, "Änne\0".encode()), (270, 129, b"/home/ann/a.jpg\0"))
    for data in (tiff_with(*fields), jpeg_with(segment(0xE1, b"Exif\0\0" + tiff_with(*fields)))):
        picture = images.read(io.BytesIO(data))
        assert picture.notes == ()
        images.write(picture, tmp_path / f"a.{format}")
        again = images.read(tmp_path / f"a.{format}")
        assert "Änne".encode() in (again.exif or b"")
        assert b"/home" not in (again.exif or b"")
    if format == "tif":
        with Image.open(tmp_path / "a.tif") as image:
            assert "nne" in image.getexif()[315]


def test_long_resources_of_photoshop() -> None:
    """IPTC fields are found in resources of many MiB; what cannot be read is said."""
    fields = b"\x1c\2\x78\0\5hello"
    block = resource(1036, bytes(5 << 20)) + resource(0x404, fields)
    assert images.read(io.BytesIO(tiff_with((34377, 7, block)))).iptc == resource(0x404, fields)
    file = io.BytesIO(tiff_with())
    write_tiff_exif(file, None, {34377: Value(7, 33 << 20, bytes(33 << 20))})
    file.seek(0)
    assert "IPTC" in images.read(file).notes[0]


def test_a_lab_profile_is_not_missed() -> None:
    """What says how Lab is Lab has done its work once the picture is RGB."""
    lab = bytearray(profile())
    lab[16:20] = b"Lab "
    data = tiff_of(bytes(12), (2, 2), photometric=8)
    file = io.BytesIO(data)
    write_tiff_exif(file, None, {34675: Value(7, len(lab), bytes(lab))})
    file.seek(0)
    assert images.read(file).notes == ()
