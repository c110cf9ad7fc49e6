"""Exif says of the new picture what is true of it, in files of every format."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from image_samples import COFFEE, encoded, noise, tiff
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.exif import exif_resolution
from dreamlayer.core.images.streams import library
from dreamlayer.core.images.tiff_exif import read_tiff_exif, write_tiff_exif


def block(order: str) -> bytes:
    """Return an Exif block made by hand: artist, exposure, and a thumbnail."""
    thumbnail = encoded(Image.new("RGB", (16, 16), "red"), "jpeg")
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    first = struct.pack(order + "H", 4)
    first += struct.pack(order + "HHIHH", 0x0112, 3, 1, 6, 0)
    first += struct.pack(order + "HHII", 0x011A, 5, 1, 200)
    first += struct.pack(order + "HHII", 0x013B, 2, 5, 208)
    first += struct.pack(order + "HHII", 0x8769, 4, 1, 62)
    first += struct.pack(order + "I", 100)
    inner = struct.pack(order + "HHHIII", 1, 0x829A, 5, 1, 214, 0)
    second = struct.pack(order + "H", 3)
    second += struct.pack(order + "HHIHH", 0x0103, 3, 1, 6, 0)
    second += struct.pack(order + "HHII", 0x0201, 4, 1, 222)
    second += struct.pack(order + "HHII", 0x0202, 4, 1, len(thumbnail))
    second += bytes(4)
    data = (mark + first).ljust(62, b"\0") + inner
    data = (data.ljust(100, b"\0") + second).ljust(200, b"\0")
    data += struct.pack(order + "II", 300, 1) + b"Anna\0\0" + struct.pack(order + "II", 1, 125)
    return data + thumbnail


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("extension", ["png", "jpg", "tif", "webp"])
def test_thumbnail_goes_and_tags_stay(tmp_path: Path, order: str, extension: str) -> None:
    """The thumbnail of the old picture is dropped in every format, the other tags stay."""
    with Image.open(COFFEE) as image:
        data = encoded(image.resize((30, 20)), "jpeg", exif=b"Exif\0\0" + block(order))
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


@pytest.mark.parametrize("big", [False, True])
def test_append(tmp_path: Path, big: bool) -> None:
    """Tags are added to classic and to BigTIFF files, whose pixels stay the same."""
    values = noise(30, 20, 3)
    path = tmp_path / "a.tif"
    image = library().Image.new_from_memory(values.data, 20, 30, 3, "uchar")
    image.copy(interpretation="srgb").tiffsave(str(path), bigtiff=big)
    with path.open("r+b") as file:
        write_tiff_exif(file, block(">"))
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


def test_damage_does_no_harm() -> None:
    """Blocks cut short or with random bytes read as fewer tags, and never as an error."""
    whole = block("<")
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
    assert exif_resolution(block("<")) is None
