"""A source says how many bytes per pixel its decoder takes: most where all of it is held."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import pyvips
from format_samples import tiff_of
from image_samples import COFFEE, encoded, noise, png
from PIL import Image, features

from dreamlayer.core import images
from dreamlayer.core.images.decoders.jpeg_frame import held_samples

SIDE = 48
RGB = Image.fromarray(noise(SIDE, SIDE, 3))
CLEAR = Image.fromarray(noise(SIDE, SIDE, 4))


def held(data: bytes, channels: int) -> float:
    """What is held beyond the file itself and bands of rows."""
    with images.open(io.BytesIO(data)) as source:
        return source.decoder_bytes - len(data) / SIDE**2 - 1200 * channels / SIDE


def interlaced(values: np.ndarray) -> bytes:
    image = pyvips.Image.new_from_array(values)
    space = "rgb16" if values.dtype == np.uint16 else "srgb"
    return bytes(image.copy(interpretation=space).pngsave_buffer(interlace=True))


def tiled(side: int) -> bytes:
    image = pyvips.Image.new_from_array(noise(SIDE, SIDE, 3))
    return bytes(image.tiffsave_buffer(tile=True, tile_width=side, tile_height=side))


@pytest.mark.parametrize(
    ("data", "channels", "expected"),
    [
        (png(noise(SIDE, SIDE, 3)), 3, 0),
        (interlaced(noise(SIDE, SIDE, 3)), 3, 3),
        (interlaced(noise(SIDE, SIDE, 4)), 4, 4),
        (interlaced(noise(SIDE, SIDE, 3, np.uint16)), 3, 6),
        (encoded(RGB, "jpeg"), 3, 0),
        (encoded(RGB, "jpeg", progressive=True, subsampling=0), 3, 6),
        (encoded(RGB, "jpeg", progressive=True, subsampling=2), 3, 3),
        (encoded(RGB.convert("L"), "jpeg", progressive=True), 1, 2),
        (encoded(RGB.convert("CMYK"), "jpeg", progressive=True), 4, 8),
        (encoded(RGB, "gif"), 3, 5.4),
        (encoded(RGB, "bmp"), 3, 3),
        (encoded(RGB, "webp"), 3, 7),
        (encoded(CLEAR, "webp"), 4, 9),
        (tiff_of(bytes(3 * SIDE**2), (SIDE, SIDE)), 3, 0),
        (tiff_of(bytes(3 * SIDE**2), (SIDE, SIDE), tags=[(284, 3, [2]), (278, 4, [SIDE]),
                 (273, 4, [8, 8, 8]), (279, 4, [SIDE**2] * 3)]), 3, 4),
        (encoded(RGB, "tiff", compression="tiff_lzw"), 3, 3),
        (encoded(RGB, "tiff", compression="tiff_lzw", tiffinfo={278: 12}), 3, 0.75),
        (tiled(16), 3, 1),
        (tiled(256), 3, 3),
    ],
)  # fmt: skip
def test_what_is_held(data: bytes, channels: int, expected: float) -> None:
    """By the file's process, interlacing, strips and tiles."""
    assert held(data, channels) == pytest.approx(expected, abs=0.02)


@pytest.mark.skipif(not features.check("avif"), reason="Pillow lacks AVIF")
def test_an_avif_is_held_whole() -> None:
    """With its colors at half size."""
    assert held(encoded(RGB, "avif"), 3) == pytest.approx(4.5, abs=0.02)


def test_extra_channels() -> None:
    """They are kept from the first to the last."""
    data = tiff_of(bytes(2 * 9 * SIDE**2), (SIDE, SIDE), samples=9, bits=16,
                   tags=[(338, 3, [2, 0, 0, 0, 0, 0])])  # fmt: skip
    with images.open(io.BytesIO(data)) as source:
        assert (source.extra_channels, source.extra_bytes) == (5, 10)
    assert held(data, 9) == pytest.approx(0)
    with images.open(COFFEE) as source:
        assert source.extra_bytes == 0
        # A file on a disk is not in memory.
        assert source.decoder_bytes == pytest.approx(1200 * 3 / source.height)


def scans(*counts: int, process: int = 0xC0) -> io.BytesIO:
    """The headers of a JPEG of three channels, 4:2:0, whose scans have so many of them."""
    factors = bytes([1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0])
    frame = bytes([0xFF, process, 0, 17, 8, 0, 16, 0, 16, 3]) + factors
    heads = (bytes([0xFF, 0xDA, 0, 6 + 2 * one, one]) for one in counts)
    return io.BytesIO(b"\xff\xd8" + frame + b"".join(heads))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (scans(3), 0),
        (scans(1, 1, 1), 1.5),
        (scans(3, process=0xC2), 1.5),
        (scans(3, process=0xCA), 1.5),
        (scans(3, process=0xC9), 0),
        (scans(), 0),
        (io.BytesIO(b"\xff\xd8"), 0),
        (io.BytesIO(b"\xff\xd8\xff\xc2\0\x05\1\2\3"), 0),
    ],
)
def test_scans_of_a_jpeg(file: Any, expected: float) -> None:
    """Channels that come one after another are held too, whatever the process."""
    assert held_samples(file) == expected
