"""Code points of color become ICC profiles that Little CMS understands as they are meant."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from dreamlayer.core.images.profiles.code_points import HLG, PQ, is_known, is_srgb, profile_of


def converted(profile: bytes, values: np.ndarray) -> np.ndarray:
    """Colors of a profile in sRGB, by Little CMS."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(Image.fromarray(values), source, target, outputMode="RGB")
    assert image is not None
    return np.asarray(image).astype(int)


def ramp() -> np.ndarray:
    return np.arange(0, 256, 3, dtype=np.uint8)[:, None, None].repeat(3, axis=2).copy()


def test_srgb_is_itself() -> None:
    """The profile of sRGB's own code points changes nothing."""
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    assert np.abs(converted(profile_of(1, 13), values) - values).max() <= 1


@pytest.mark.parametrize("primaries", [1, 2, 5, 6, 9, 12, 22])
def test_grey_stays_grey(primaries: int) -> None:
    """White is white, and with sRGB's curve each grey is itself."""
    assert np.abs(converted(profile_of(primaries, 13), ramp()) - ramp()).max() <= 1


def test_display_p3() -> None:
    """Display P3's (235, 51, 35) is about sRGB's red (ICC, Display P3)."""
    red = np.array([[[234, 51, 35]]], np.uint8)
    assert np.abs(converted(profile_of(12, 13), red)[0, 0] - [255, 0, 0]).max() <= 6


@pytest.mark.parametrize(("transfer", "exponent"), [(4, 2.2), (5, 2.8), (8, 1.0)])
def test_power_curves(transfer: int, exponent: float) -> None:
    """Exponents are those of the table in H.273."""
    linear = (ramp()[:, 0, 0] / 255) ** exponent
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    found = converted(profile_of(1, transfer), ramp())[:, 0, 0]
    np.testing.assert_allclose(found, expected * 255, atol=1.5)


def test_what_is_known() -> None:
    """Nothing said, and video's curves, are sRGB; HDR and unknown numbers have no profile."""
    assert all(is_srgb(*points) for points in [(1, 13), (2, 2), (1, 1), (1, 6), (2, 13)])
    assert not any(is_srgb(*points) for points in [(12, 13), (9, 14), (1, 8), (1, PQ)])
    assert is_known(12, 13)
    assert not any(is_known(*points) for points in [(9, PQ), (9, HLG), (77, 13), (1, 77), (3, 13)])
