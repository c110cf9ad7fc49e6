"""Every usual kind of BMP is read, each bit field scaled to the whole range; odd ones are named."""

from __future__ import annotations

import io
import struct
import warnings
from typing import Any

import numpy as np
import pytest
from format_samples import bmp_of
from image_samples import encoded, noise, profile
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError

PALETTE = noise(16, 16, 4).tobytes()
COLORS = np.frombuffer(PALETTE, np.uint8).reshape(256, 4)[:, 2::-1]


def read(data: bytes) -> images.Picture:
    return images.read(io.BytesIO(data))


def levels(picture: images.Picture) -> np.ndarray:
    return np.rint(picture.pixels * (255 if picture.depth == 8 else 65535))


def field(values: np.ndarray, mask: int, top: int = 255) -> np.ndarray:
    low = (mask & -mask).bit_length() - 1
    return np.rint(((values.astype(np.int64) & mask) >> low) * (top / (mask >> low)))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_as_pillow_writes_it(mode: str) -> None:
    """Bilevel, grey, palettes and colors, with the resolution."""
    image = Image.fromarray(noise(9, 7, 3)).convert(mode)
    picture = read(encoded(image, "bmp", dpi=(300, 150)))
    np.testing.assert_array_equal(levels(picture), np.asarray(image.convert("RGB")))
    assert picture.format == "bmp"
    assert picture.resolution is not None
    np.testing.assert_allclose(picture.resolution, (300 / 25.4, 150 / 25.4), atol=1e-3)


@pytest.mark.parametrize(
    ("bits", "options"),
    [
        (16, {"compression": 3, "masks": (0xF800, 0x07E0, 0x001F)}),
        (16, {"compression": 3, "masks": (0x7C00, 0x03E0, 0x001F)}),
        (16, {"compression": 3, "masks": (0x001F, 0x07E0, 0xF800)}),
        (16, {"compression": 6, "masks": (0x0F00, 0x00F0, 0x000F, 0xF000)}),
        (16, {"compression": 3, "masks": (0x7C00, 0x03E0, 0x001F, 0x8000), "header": 56}),
        (32, {"compression": 3, "masks": (0xFF0000, 0xFF00, 0xFF, 0xFF000000), "header": 108}),
        (32, {"compression": 3, "masks": (0xFF, 0xFF00, 0xFF0000), "header": 52}),
    ],
)
@pytest.mark.parametrize("top_down", [False, True])
def test_bit_fields(bits: int, options: dict[str, Any], top_down: bool) -> None:
    """Any bit fields, with alpha where the header has a mask for it."""
    kind = np.uint16 if bits == 16 else np.uint32
    values = noise(6, 5, 1, kind)[..., 0]
    rows = np.zeros((6, -(-5 * bits // 32) * 32 // bits), kind)
    rows[:, :5] = values
    stored = rows if top_down else rows[::-1]
    picture = read(bmp_of(stored.tobytes(), (5, -6 if top_down else 6), bits, **options))
    red, green, blue, *alpha = options["masks"]
    expected = np.stack([field(values, mask) for mask in (red, green, blue)], 2)
    np.testing.assert_array_equal(levels(picture), expected)
    if alpha:
        np.testing.assert_array_equal(picture.alpha, field(values, alpha[0]))
    else:
        assert picture.alpha is None


def test_plain_pixels_have_no_alpha() -> None:
    """The fourth byte of a pixel without bit fields is unused."""
    values = noise(4, 4, 4)
    picture = read(bmp_of(values[::-1].tobytes(), (4, 4), 32))
    np.testing.assert_array_equal(levels(picture), values[..., 2::-1])
    assert picture.alpha is None


def test_ten_bits() -> None:
    """Fields of more than 8 bits become 16."""
    values = noise(4, 4, 1, np.uint32)[..., 0]
    masks = (0x3FF00000, 0x000FFC00, 0x000003FF)
    picture = read(bmp_of(values[::-1].tobytes(), (4, 4), 32, compression=3, masks=masks))
    assert picture.depth == 16
    expected = np.stack([field(values, mask, 65535) for mask in masks], 2)
    np.testing.assert_array_equal(levels(picture), expected)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("runs", [True, False])
def test_run_lengths(bits: int, runs: bool) -> None:
    """RLE of 4 and 8 bits, as runs and as plain stretches."""
    indices = noise(8, 8, 1)[..., 0] >> (8 - bits)
    data = b""
    for row in indices[::-1]:
        if runs:
            codes = row if bits == 8 else row << 4 | row
            data += b"".join(bytes([1, code]) for code in codes)
        else:
            data += b"\0\x08" + (row if bits == 8 else row[::2] << 4 | row[1::2]).tobytes()
        data += b"\0\0"
    palette = PALETTE[: 4 << bits]
    compression = 1 if bits == 8 else 2
    packed = bmp_of(data + b"\0\1", (8, 8), bits, compression=compression, palette=palette)
    np.testing.assert_array_equal(levels(read(packed)), COLORS[indices])
    cut = bmp_of(data[:9], (8, 8), bits, compression=compression, palette=palette)
    with pytest.raises(PictureError, match="damaged"):
        read(cut)


@pytest.mark.parametrize("top_down", [False, True])
def test_two_bits(top_down: bool) -> None:
    """Palettes of four colors are read."""
    indices = noise(6, 16, 1)[..., 0] >> 6
    packed = indices.reshape(6, 4, 4) << np.array([6, 4, 2, 0], np.uint8)
    rows = packed.sum(2).astype(np.uint8)
    stored = rows if top_down else rows[::-1]
    size = (15, -6 if top_down else 6)
    data = bmp_of(stored.tobytes(), size, 2, palette=PALETTE[:16])
    np.testing.assert_array_equal(levels(read(data)), COLORS[indices[:, :15]])
    with pytest.raises(PictureError, match="damaged"):
        read(data[:-5])


def test_os2() -> None:
    """The short header of OS/2 is read."""
    values = noise(8, 8, 3)
    head = struct.pack("<I4H", 12, 8, 8, 1, 24)
    data = b"BM" + struct.pack("<IHHI", 26 + 192, 0, 0, 26) + head + values[::-1].tobytes()
    np.testing.assert_array_equal(levels(read(data)), values[..., ::-1])


def test_profile() -> None:
    """A profile in a header of version 5 is kept."""
    values = noise(4, 4, 3)
    data = bytearray(bmp_of(values.tobytes(), (4, 4), 24, header=124))
    struct.pack_into("<I", data, 14 + 56, 0x4D424544)
    struct.pack_into("<II", data, 14 + 112, len(data) - 14, len(profile()))
    assert read(bytes(data) + profile()).profile == profile()


def test_no_warning_of_large_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own limit is neither asked nor changed; ours holds."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    data = encoded(Image.fromarray(noise(9, 7, 3)), "bmp")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(data).width == 7
    with pytest.raises(PictureError, match="megapixels"):
        images.open(io.BytesIO(data), max_megapixels=5e-5)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (bmp_of(bytes(64), (8, 8), 3, palette=PALETTE[:32]), "3 bits per pixel"),
        (bmp_of(bytes(64), (8, 8), 0, compression=4), "with JPEG"),
        (bmp_of(bytes(64), (8, 8), 0, compression=5), "with PNG"),
    ],
)
def test_unsupported(data: bytes, says: str) -> None:
    """Kinds that are not read are named."""
    with pytest.raises(PictureError, match=says) as caught:
        read(data)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("bits", [1, 4, 8, 16, 24, 32])
@pytest.mark.parametrize(
    "size", [(0, 5), (5, 0), (-5, 5), (5, -(2**31)), (2**31 - 1, 2**31 - 1), (20_000, 20_000)]
)
def test_lying_sizes(bits: int, size: tuple[int, int]) -> None:
    """Sizes of zero, below it, or beyond the file's length are errors before any work."""
    with pytest.raises(PictureError, match=r"damaged|megapixels"):
        images.open(io.BytesIO(bmp_of(bytes(64), size, bits, palette=PALETTE)))


@pytest.mark.parametrize("masks", [(0, 0, 0), (0xFF00, 0xFF00, 0xFF), (0xF0F0000, 0xFF00, 0xFF)])
def test_bad_bit_fields(masks: tuple[int, ...]) -> None:
    """Bit fields that are empty, overlap or have gaps are damage."""
    with pytest.raises(PictureError, match="bit fields"):
        read(bmp_of(bytes(64), (4, 4), 32, compression=3, masks=masks))
