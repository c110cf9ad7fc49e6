"""Files of formats that are not read are named for what they are."""

from __future__ import annotations

import io

import pytest
from format_samples import box
from image_samples import encoded, noise
from PIL import Image

from dreamlayer.core.images.decoders.other_formats import name_of

IMAGE = Image.fromarray(noise(20, 17, 3))


@pytest.mark.parametrize(
    ("format", "says"),
    [
        ("tga", "TGA"),
        ("ico", "icon (ICO)"),
        ("icns", "icon of macOS"),
        ("ppm", "PNM picture (PPM)"),
        ("pcx", "PCX"),
        ("dds", "DDS"),
        ("sgi", "SGI"),
        ("pdf", "PDF"),
        ("eps", "PostScript"),
    ],
)
def test_files_of_pillow(format: str, says: str) -> None:
    """What Pillow writes in other formats is named."""
    assert says in str(name_of(io.BytesIO(encoded(IMAGE, format))))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"8BPS\0\1", "Photoshop"),
        (b"gimp xcf v011\0", "GIMP"),
        (b"PK\3\4" + bytes(26) + b"mimetypeapplication/x-krita", "Krita"),
        (b"PK\3\4" + bytes(90), "ZIP"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"v/1\x01", "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance"),
        (b"qoif", "QOI"),
        (b"\x0a\5\1\x08", "PCX"),
        (b"P4\n9 9\n", "PBM"),
        (b"P5 9 9 255\n", "PGM"),
        (b"<?xml version='1.0'?>\n<svg/>", "SVG"),
        (b"\xef\xbb\xbf <!DOCTYPE html><html>", "web page"),
        (b"FUJIFILMCCD-RAW ", "camera raw file (RAF)"),
        (b"IIU\0", "camera raw file (RW2)"),
        (box(b"ftyp", b"crx ", bytes(4)), "camera raw file (CR3)"),
        (box(b"ftyp", b"isom", bytes(4)), "video (MP4"),
        (box(b"ftyp", b"qt  ", bytes(4)), "video (QuickTime)"),
        (b"\x1a\x45\xdf\xa3", "video"),
        (b"RIFF\0\0\0\0AVI ", "video"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ],
)
def test_marks(data: bytes, says: str) -> None:
    """Typical first bytes are enough."""
    assert says in str(name_of(io.BytesIO(data)))


@pytest.mark.parametrize("data", [b"", b"x", b"just some words", b"P9\n", bytes(600), b"\xff" * 99])
def test_unknown(data: bytes) -> None:
    """What has no known mark has no name."""
    assert name_of(io.BytesIO(data)) is None
