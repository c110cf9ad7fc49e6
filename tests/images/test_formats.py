"""Which format a picture has, by its content, and which format an output gets."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from format_samples import box, heif_of, image_size
from image_samples import noise, png

from dreamlayer.core.errors import OutputError, PictureError
from dreamlayer.core.images.formats import default_extension, output_format, sniff
from dreamlayer.core.images.picture import FORMATS, READ

SIZE = image_size(4, 4)


def test_output_format() -> None:
    """The given format goes before the ending, in any case of letters; '-' is PNG."""
    assert output_format("a.JPG", None) == "jpeg"
    assert output_format("a.jpg", "TIF") == "tiff"
    assert output_format("-", None) == "png"
    assert output_format(Path("a.tiff"), None) == "tiff"


@pytest.mark.parametrize("ending", [".heic", ".AVIF", ".gif", ".bmp"])
def test_what_is_only_read(ending: str) -> None:
    """The ending of a format that is read but not written says so."""
    with pytest.raises(OutputError, match=r"can be read but not written; use \.png"):
        output_format(f"a{ending}", None)


def test_default_extension() -> None:
    """What is made from a picture keeps its format where that can be written, else it is PNG."""
    found = {format: default_extension(format) for format in READ}
    assert {found.pop(format) for format in FORMATS} == {".png", ".jpg", ".tif", ".webp"}
    assert set(found) == {"heic", "avif", "gif", "bmp", "jxl"}
    assert set(found.values()) == {".png"}


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (png(noise(2, 2, 3)), "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"II*\0", "tiff"),
        (b"MM\0+", "tiff"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"GIF89a", "gif"),
        (b"BM" + bytes(12) + b"\x7c\0\0\0", "bmp"),
        (b"\xff\x0a", "jxl"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
        (heif_of([(1, b"av01")], properties=[SIZE]), "avif"),
        (heif_of([(1, b"av01")], properties=[SIZE], brand=b"mif1"), "avif"),
        (heif_of([(1, b"hvc1")], properties=[SIZE], brand=b"avif"), "heic"),
        (heif_of([(1, b"grid"), (2, b"hvc1")], references=[(b"dimg", 1, 2)], properties=[SIZE],
                 brand=b"heic"), "heic"),
    ],
)  # fmt: skip
def test_sniff(data: bytes, format: str) -> None:
    """The content decides; of HEIF files, the codec of the primary picture, not the brand."""
    assert sniff(io.BytesIO(data), "a") == format


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (heif_of([(1, b"vvc1")], properties=[SIZE]), "with VVC"),
        (heif_of([(1, b"\x1b[2J")], properties=[SIZE]), r"codec '\\x1b\[2J'"),
        (box(b"ftyp", b"avis", bytes(4)), "an animation"),
        (box(b"ftyp", b"hevc", bytes(4)), "an animation"),
        (box(b"ftyp", b"heic", bytes(4)) + bytes(90), "HEIC, AVIF .* damaged"),
        (b"BM is how this text begins", "not a picture"),
    ],
)
def test_what_is_refused(data: bytes, says: str) -> None:
    """Other codecs, sequences and junk are named in one sentence."""
    with pytest.raises(PictureError, match=says):
        sniff(io.BytesIO(data), "a")
