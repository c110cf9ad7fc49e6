"""Color chunks of a PNG, and what LittleCMS makes of colors of a profile."""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageCms


def chromaticities(*points: float) -> bytes:
    """A cHRM chunk."""
    return struct.pack(">8I", *(round(one * 100_000) for one in points))


def gamma(value: float) -> bytes:
    """A gAMA chunk."""
    return struct.pack(">I", round(value * 100_000))


def in_srgb(made: bytes, color: tuple[int, int, int]) -> tuple[int, ...]:
    """What LittleCMS makes of a color of a profile."""
    pixel = Image.new("RGB", (1, 1), color)
    source = ImageCms.ImageCmsProfile(io.BytesIO(made))
    shown = ImageCms.profileToProfile(
        pixel, source, ImageCms.createProfile("sRGB"), renderingIntent=1
    )
    assert shown is not None
    found: tuple[int, ...] = shown.getpixel((0, 0))
    return found
