"""Lab and YCbCr become the RGB that their definitions, or another decoder, give."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from format_samples import Tag, tiff_of
from image_samples import encoded, noise
from PIL import Image, ImageCms

from dreamlayer.core import images

SIZE = (16, 16)


def read(data: bytes) -> images.Picture:
    return images.read(io.BytesIO(data))


def lab_values() -> np.ndarray:
    """L 0..100, a and b, within sRGB: `[16, 16, 3]`."""
    image = Image.fromarray(noise(16, 16, 3) // 2 + 64)
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    converted = ImageCms.applyTransform(image, to_lab)
    assert converted is not None
    values = np.asarray(converted).astype(np.float64)
    values[..., 0] *= 100 / 255
    # Pillow gives a and b as signed bytes.
    values[..., 1:] -= 256 * (values[..., 1:] > 127)
    return values


def stored(values: np.ndarray, kind: str) -> bytes:
    light, signed = values[..., :1], values[..., 1:]
    if kind == "float":
        return values.astype(np.float32).tobytes()
    if kind == "icclab":
        return np.concatenate([light * 2.55, signed + 128], 2).round().astype(np.uint8).tobytes()
    wide = kind == "16"
    unit = 256 if wide else 1
    top = 65535 if wide else 255
    both = np.concatenate([light / 100 * top, signed * unit], 2).round().astype(np.int64)
    return (both & top).astype(np.uint16 if wide else np.uint8).tobytes()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("8", {"photometric": 8}),
        ("16", {"photometric": 8, "bits": 16}),
        ("float", {"photometric": 8, "bits": 32, "form": 3}),
        ("icclab", {"photometric": 9}),
    ],
)
def test_lab(kind: str, options: dict[str, Any]) -> None:
    """All encodings of Lab give sRGB as Little CMS does, with the white of D50."""
    values = lab_values()
    picture = read(tiff_of(stored(values, kind), SIZE, **options))
    original = (noise(16, 16, 3) // 2 + 64) / 255
    # Lab of 8 bits rounds colors to about two levels.
    np.testing.assert_allclose(picture.pixels, original, atol=0.02)
    assert picture.depth == (8 if kind in ("8", "icclab") else 16)
    assert picture.profile is not None


def test_lab_with_alpha() -> None:
    """Lab keeps its alpha, in floats too, where the picture becomes integers."""
    values = np.concatenate([lab_values(), np.full((16, 16, 1), 0.25)], 2)
    alpha: Tag = (338, 3, [2])
    floats = values.astype(np.float32).tobytes()
    picture = read(tiff_of(floats, SIZE, samples=4, photometric=8, bits=32, form=3, tags=[alpha]))
    assert picture.alpha is not None
    assert picture.alpha.dtype == np.uint16
    assert (picture.alpha == round(0.25 * 65535)).all()


def test_lab_of_pillow() -> None:
    """A Lab TIFF as Pillow writes it is read as Pillow converts it."""
    image = Image.fromarray(noise(16, 16, 3) // 2 + 64)
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.applyTransform(image, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
    assert converted is not None
    picture = read(encoded(converted, "tiff"))
    np.testing.assert_allclose(picture.pixels, np.asarray(image) / 255, atol=0.02)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_ycbcr(compression: str | None) -> None:
    """YCbCr becomes RGB as Pillow converts it, whether the decoder does it or not."""
    image = Image.fromarray(noise(16, 16, 3))
    if compression != "jpeg":
        image = image.convert("YCbCr")
    data = encoded(image, "tiff", compression=compression)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            expected = np.asarray(opened.convert("RGB"))
    except OSError:
        pytest.skip("this Pillow does not read the YCbCr that it writes")
    np.testing.assert_allclose(read(data).pixels * 255, expected, atol=1.5)


def test_ycbcr_by_its_levels() -> None:
    """Levels and coefficients of the tags count: studio levels of BT.709."""
    luma: Tag = (529, 5, [2126, 10000, 7152, 10000, 722, 10000])
    reference: Tag = (532, 5, [16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1])
    whole: Tag = (530, 3, [1, 1])
    red = [16 + 219 * 0.2126, 128 - 112 * 0.2126 / (1 - 0.0722), 240]
    values = np.array([[235, 128, 128], [16, 128, 128], red]).round().astype(np.uint8)
    tags = [luma, reference, whole]
    picture = read(tiff_of(values.tobytes(), (3, 1), photometric=6, tags=tags))
    np.testing.assert_allclose(picture.pixels[0], [[1, 1, 1], [0, 0, 0], [1, 0, 0]], atol=0.01)


def test_subsampled_ycbcr_has_no_alpha() -> None:
    """libtiff adds an opaque channel, which is not the file's."""
    # Two by two lumas, then Cb and Cr, of each block.
    data = bytes([100, 100, 100, 100, 128, 128]) * 64
    picture = read(tiff_of(data, SIZE, photometric=6, tags=[(530, 3, [2, 2])]))
    assert picture.alpha is None
    np.testing.assert_allclose(picture.pixels * 255, 100, atol=1)
