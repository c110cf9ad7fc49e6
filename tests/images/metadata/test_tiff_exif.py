"""Exif tags in TIFF files of every layout, and damage in them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from format_samples import tiff_of
from image_samples import noise, tiff
from metadata_samples import exif_with_thumbnail, tiff_with
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.containers.tiff_values import shorts
from dreamlayer.core.images.decoders.tiff_tags import EXTRA, pages
from dreamlayer.core.images.metadata.exif import exif_resolution
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
