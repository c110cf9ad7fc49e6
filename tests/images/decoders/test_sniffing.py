"""Which format a picture has is told by its content, and what it is that is not read."""

from __future__ import annotations

import io

import pytest
from format_samples import box, heif_of, image_size
from image_samples import noise, png

from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.sniffing import sniff

SIZE = image_size(4, 4)


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
