"""Endpoints and gammas of a BMP become a profile, which shows the colors that they mean."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from format_samples import bmp_of
from image_samples import noise
from PIL import Image, ImageCms

from dreamlayer.core import images

SRGB = ((0.4124, 0.2126, 0.0193), (0.3576, 0.7152, 0.1192), (0.1805, 0.0722, 0.9505))
WIDE = ((0.5767, 0.2974, 0.0270), (0.1856, 0.6273, 0.0707), (0.1882, 0.0753, 0.9911))
CALIBRATED, NAMED = 0, 0x73524742


def bmp(
    ends: tuple[tuple[float, ...], ...],
    gammas: tuple[float, ...],
    kind: int = CALIBRATED,
    header: int = 108,
) -> bytes:
    """A BMP of 4 × 4 pixels with endpoints and gammas."""
    data = bytearray(bmp_of(noise(4, 4, 3).tobytes(), (4, 4), 24, header=header))
    numbers = [round(value * 2**30) for end in ends for value in end]
    struct.pack_into("<I9i3I", data, 14 + 56, kind, *numbers, *(round(g * 65536) for g in gammas))
    return bytes(data)


def profile(data: bytes) -> bytes | None:
    return images.read(io.BytesIO(data)).profile


def shown(found: bytes, color: tuple[int, int, int]) -> np.ndarray:
    """A color under a profile, as sRGB."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(found))
    target = ImageCms.createProfile("sRGB")
    image = Image.new("RGB", (1, 1), color)
    made = ImageCms.profileToProfile(image, source, target, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    assert made is not None
    return np.asarray(made)[0, 0]


@pytest.mark.parametrize("header", [108, 124])
def test_linear_light(header: int) -> None:
    """A gamma of 1 makes half of the light, which is 188 in sRGB; sizes of headers alike."""
    found = profile(bmp(SRGB, (1, 1, 1), header=header))
    assert found is not None
    np.testing.assert_allclose(shown(found, (128, 128, 128)), 188, atol=1)
    assert set(shown(found, (255, 255, 255))) == {255}


def test_gamma_of_each_color() -> None:
    """They may differ; below 1 it is what encodes."""
    found = profile(bmp(SRGB, (1, 2.2, 1 / 1.8)))
    assert found is not None
    expected = [(128 / 255) ** gamma for gamma in (1, 2.2, 1.8)]
    encoded = [1.055 * light ** (1 / 2.4) - 0.055 for light in expected]
    np.testing.assert_allclose(shown(found, (128, 128, 128)), np.array(encoded) * 255, atol=2)


@pytest.mark.parametrize("scale", ["XYZ", "xyz"])
def test_primaries(scale: str) -> None:
    """Those of a wide space are kept, as XYZ or as chromaticities of D65."""
    ends = WIDE if scale == "XYZ" else tuple(tuple(v / sum(end) for v in end) for end in WIDE)
    found = profile(bmp(ends, (2.2, 2.2, 2.2)))
    assert found is not None
    assert set(shown(found, (255, 255, 255))) == {255}
    # The same numbers are a stronger red in a wider space.
    assert shown(found, (180, 100, 100))[0] > 185


def test_written_in_every_format(tmp_path: Path) -> None:
    """It goes to each of them."""
    picture = images.read(io.BytesIO(bmp(WIDE, (1.8, 1.8, 1.8))))
    for name in "a.png", "a.jpg", "a.tif", "a.webp":
        images.write(picture, tmp_path / name)
        assert images.read(tmp_path / name).profile == picture.profile


@pytest.mark.parametrize(
    "data",
    [
        bmp(SRGB, (2.2, 2.2, 2.2)),
        bmp(SRGB, (1 / 2.2,) * 3),
        bmp(WIDE, (1, 1, 1), NAMED),
        bmp(WIDE, (1, 1, 1), 0x57696E20),
        bmp(((0, 0, 0),) * 3, (0, 0, 0)),
        bmp(((0.3, 0.3, 0.3),) * 3, (1, 1, 1)),
        bmp(((-1, 1, 1),) * 3, (0, 0, 2**15)),
    ],
)
def test_srgb_and_nonsense(data: bytes) -> None:
    """sRGB needs no profile; empty or impossible numbers say nothing."""
    assert profile(data) is None


def test_endpoints_alone_or_gammas_alone() -> None:
    """What is missing is as in sRGB."""
    assert profile(bmp(WIDE, (0, 0, 0))) is not None
    assert profile(bmp(((0, 0, 0),) * 3, (1, 1, 1))) is not None
