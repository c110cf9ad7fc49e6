"""A resolution is what a file tells with a unit; numbers without one tell the pixels' shape."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from format_samples import tiff_of
from image_samples import encoded, noise, png
from PIL import Image

from dreamlayer.core import images

RGB = Image.fromarray(noise(6, 8, 3))
NONE, INCH, CENTIMETRE = 1, 2, 3


def inches(data: bytes) -> tuple[float, float] | None:
    """Pixels per inch across and down."""
    found = images.read(io.BytesIO(data)).resolution
    return None if found is None else (found[0] * 25.4, found[1] * 25.4)


def of_png(across: int, down: int, unit: int) -> bytes:
    return png(noise(6, 8, 3), ((b"pHYs", struct.pack(">IIB", across, down, unit)),))


def of_tiff(across: int, down: int, unit: int | None, orientation: int = 1) -> bytes:
    tags = [(282, 5, [across, 1]), (283, 5, [down, 1]), (274, 3, [orientation])]
    tags += [] if unit is None else [(296, 3, [unit])]
    return tiff_of(noise(6, 8, 3).tobytes(), (8, 6), tags=tags)


def of_jpeg(
    jfif: tuple[int, int, int], exif: tuple[int, int, int | None] | None = None, turn: int = 1
) -> bytes:
    block = Image.Exif()
    if exif is not None:
        block[282], block[283], block[274] = *exif[:2], turn
        if exif[2] is not None:
            block[296] = exif[2]
    data = bytearray(encoded(RGB, "jpeg", **({} if exif is None else {"exif": block})))
    at = data.index(b"JFIF\0")
    data[at + 7 : at + 12] = struct.pack(">BHH", *jfif)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (of_png(11811, 5906, 1), (300, 150)),
        (of_png(72, 72, 0), None),
        (of_png(2, 1, 0), (144, 72)),
        (of_png(0, 0, 1), None),
        (of_png(1, 2**31, 0), None),
        (of_png(2**31, 2**31, 1), None),
        (of_tiff(300, 150, INCH), (300, 150)),
        (of_tiff(300, 150, None), (300, 150)),
        (of_tiff(100, 50, CENTIMETRE), (254, 127)),
        (of_tiff(72, 72, NONE), None),
        (of_tiff(1, 3, NONE), (72, 216)),
        (of_tiff(0, 300, INCH), None),
        (of_jpeg((1, 300, 150)), (300, 150)),
        (of_jpeg((2, 100, 50)), (254, 127)),
        (of_jpeg((0, 1, 1)), None),
        (of_jpeg((0, 72, 72)), None),
        (of_jpeg((0, 100, 50)), (144, 72)),
        (of_jpeg((1, 300, 300), (72, 36, INCH)), (72, 36)),
        (of_jpeg((1, 300, 300), (72, 36, None)), (72, 36)),
        (of_jpeg((1, 300, 300), (72, 72, NONE)), (300, 300)),
        (of_jpeg((0, 1, 1), (72, 72, NONE)), None),
        (of_jpeg((0, 1, 1), (2, 1, NONE)), (144, 72)),
        (encoded(RGB, "gif"), None),
        (encoded(RGB, "bmp"), (96, 96)),
    ],
)
def test_units(data: bytes, expected: tuple[float, float] | None) -> None:
    """Without one nothing is made up: 72 per nothing is not 72 per millimetre."""
    found = inches(data)
    assert found == (None if expected is None else pytest.approx(expected, abs=0.3))


@pytest.mark.parametrize("turn", [5, 6, 7, 8])
@pytest.mark.parametrize("target", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_turned_pictures(tmp_path: Path, turn: int, target: str) -> None:
    """What was across is down in the upright picture, and in what is written of it."""
    for data in (
        of_tiff(200, 100, INCH, turn),
        of_jpeg((1, 200, 100), (200, 100, INCH), turn),
        of_jpeg((1, 200, 100), (7, 7, NONE), turn),
    ):
        assert inches(data) == pytest.approx((100, 200), abs=0.1)
        images.write(images.read(io.BytesIO(data)), tmp_path / target)
        assert inches((tmp_path / target).read_bytes()) == pytest.approx((100, 200), abs=0.1)


def test_webp_has_it_in_exif() -> None:
    """There is no other place."""
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 300, 150, INCH
    assert inches(encoded(RGB, "webp", exif=exif)) == pytest.approx((300, 150))
    exif[296] = NONE
    assert inches(encoded(RGB, "webp", exif=exif)) == pytest.approx((144, 72))


@pytest.mark.parametrize("target", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_none_stays_none(tmp_path: Path, target: str) -> None:
    """A picture without a resolution gets none, by any program's reading, however often written."""
    picture = images.read(io.BytesIO(png(noise(6, 8, 3))))
    for _ in range(2):
        images.write(picture, tmp_path / target)
        picture = images.read(tmp_path / target)
        assert picture.resolution is None
    with Image.open(tmp_path / target) as image:
        assert image.info.get("dpi", (1, 1)) == (1, 1)
        assert image.info.get("jfif_unit", 0) == 0
