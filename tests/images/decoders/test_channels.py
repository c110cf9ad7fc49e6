"""What a decoded image's channels are, and which of them cannot be converted."""

from __future__ import annotations

from typing import Any

import pytest
from image_samples import grey_profile, profile

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.channels import Layout, channel_layout, check_profile
from dreamlayer.core.images.streams import library


def image(bands: int, format: str = "uchar", interpretation: str = "srgb") -> Any:
    black = library().Image.black(2, 2, bands=bands)
    return black.cast(format).copy(interpretation=interpretation)


@pytest.mark.parametrize(
    ("bands", "interpretation", "colors", "alpha", "space"),
    [
        (1, "b-w", 1, None, "grey"),
        (2, "b-w", 1, 1, "grey"),
        (3, "srgb", 3, None, "rgb"),
        (4, "srgb", 3, 3, "rgb"),
        (4, "cmyk", 4, None, "cmyk"),
        (5, "cmyk", 4, 4, "cmyk"),
    ],
)
def test_layout(
    bands: int, interpretation: str, colors: int, alpha: int | None, space: str
) -> None:
    """Formats other than TIFF have colors and perhaps alpha, nothing else."""
    for format, depth in ("uchar", 8), ("ushort", 16), ("float", 32):
        found = channel_layout(image(bands, format, interpretation), "a PNG", "a")
        assert found == Layout(colors, alpha, depth, space)


def test_refused() -> None:
    """Other numbers of channels and types of values are named."""
    with pytest.raises(PictureError, match="a WebP of 6 channels"):
        channel_layout(image(6), "a WebP", "a")
    with pytest.raises(PictureError, match="a WebP of int values"):
        channel_layout(image(3, "int"), "a WebP", "a")


def test_check_profile() -> None:
    """In floating point, colors that would have to be converted are refused."""
    check_profile(Layout(3, None, 32, "rgb"), profile(), "a")
    check_profile(Layout(1, None, 32, "grey"), profile(), "a")
    check_profile(Layout(1, None, 16, "grey"), grey_profile(), "a")
    with pytest.raises(PictureError, match="grey in floating point"):
        check_profile(Layout(1, None, 32, "grey"), grey_profile(), "a")
    with pytest.raises(PictureError, match="CMYK in floating point"):
        check_profile(Layout(4, None, 32, "cmyk"), None, "a")
