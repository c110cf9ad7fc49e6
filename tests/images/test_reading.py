"""Reading refuses what it cannot read with one sentence, and finds every kind of channel."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from image_samples import COFFEE, EXTENSIONS, encoded, grey_profile, noise, png, profile, tiff
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError

ROOT = Path(__file__).parents[2]


def read(data: bytes) -> images.Picture:
    return images.read(io.BytesIO(data))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2])
def test_grey_becomes_rgb(kind: type, channels: int) -> None:
    """Grey of 8 and 16 bits becomes three equal channels, and its alpha is kept."""
    values = noise(6, 5, channels, kind)
    picture = read(png(values))
    expected = values[..., :1].repeat(3, axis=2) / np.float32(np.iinfo(kind).max)
    np.testing.assert_array_equal(picture.pixels, expected)
    assert picture.has_alpha == (channels == 2)
    if picture.alpha is not None:
        np.testing.assert_array_equal(picture.alpha, values[..., 1])


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_one_bit_and_palette(format: str) -> None:
    """One-bit and palette pictures become 8-bit RGB."""
    image = Image.fromarray(noise(9, 11, 3))
    for mode in "1", "P":
        stored = image.convert(mode)
        picture = read(encoded(stored, format))
        assert picture.depth == 8
        expected = np.asarray(stored.convert("RGB")) / np.float32(255)
        np.testing.assert_array_equal(picture.pixels, expected)


def test_palette_with_transparency() -> None:
    """A transparent palette entry becomes alpha."""
    stored = Image.new("P", (4, 3), 1)
    stored.putpalette([0, 0, 0, 200, 100, 50])
    stored.putpixel((2, 1), 0)
    picture = read(encoded(stored, "png", transparency=0))
    assert picture.alpha is not None
    assert (picture.alpha[1, 2], picture.alpha[0, 0]) == (0, 255)


@pytest.mark.parametrize("format", ["jpeg", "tiff"])
def test_cmyk_becomes_srgb(format: str) -> None:
    """CMYK without a profile becomes RGB near the naive conversion, and carries an sRGB profile."""
    image = Image.new("RGB", (16, 16), (240, 30, 30)).convert("CMYK")
    picture = read(encoded(image, format))
    red, green, blue = picture.pixels[8, 8]
    assert red > 0.8
    assert max(green, blue) < 0.4
    assert picture.profile is not None
    assert picture.profile[16:20] == b"RGB "


def test_grey_profile_is_applied() -> None:
    """Grey with a profile of linear light becomes sRGB by the standard's curve."""
    values = np.array([[[0], [32], [128], [255]]], np.uint8)
    data = encoded(Image.fromarray(values[..., 0]), "tiff", icc_profile=grey_profile(1.0))
    picture = read(data)
    linear = values[..., 0] / 255
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(picture.pixels[..., 0], expected, atol=0.02)
    assert picture.profile is not None
    assert picture.profile[16:20] == b"RGB "


def test_grey_with_rgb_profile_keeps_it() -> None:
    """An RGB profile on a grey picture, which many programs write, stays and changes nothing."""
    image = Image.fromarray(noise(4, 4, 1)[..., 0])
    picture = read(encoded(image, "tiff", icc_profile=profile()))
    np.testing.assert_array_equal(picture.pixels[..., 0], np.asarray(image) / np.float32(255))
    assert picture.profile == profile()


def test_one_strip_tiff_of_any_size() -> None:
    """A TIFF stored as one strip of more than 50 MB is read."""
    values = np.zeros((4200, 4200, 3), np.uint8)
    values[-1, -1] = 255
    picture = read(tiff(values))
    assert picture.pixels[-1, -1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("part", [0.01, 0.4, 0.98])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"compression": "tiff_lzw"}])
@pytest.mark.parametrize("format", EXTENSIONS)
def test_truncated(format: str, options: dict[str, object], part: float) -> None:
    """A picture cut short is an error in every format, never half a picture."""
    data = encoded(Image.fromarray(noise(200, 150, 3)), format, **options)
    with pytest.raises(PictureError, match="damaged or truncated"):
        read(data[: int(len(data) * part)])


def test_damaged_png() -> None:
    """Flipped bits within the pixels are an error."""
    data = bytearray(png(noise(100, 100, 3)))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(PictureError, match="damaged"):
        read(bytes(data))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"just some words", "not a picture"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"%PDF-1.7" + bytes(50), "PDF"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"II*\0", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
        (b"RIFF\0\0\0\0WEBP", "damaged"),
    ],
)
def test_no_picture(tmp_path: Path, data: bytes, says: str) -> None:
    """Content that is no picture of the four formats is named, whatever the file's ending."""
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(PictureError, match=says) as caught:
        images.read(path)
    assert "a.png" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_format_is_told_by_content(tmp_path: Path) -> None:
    """A JPEG named .png is read as the JPEG it is."""
    path = tmp_path / "a.png"
    path.write_bytes(COFFEE.read_bytes())
    assert images.read(path).format == "jpeg"


def test_missing_folder_and_permission(tmp_path: Path) -> None:
    """A missing file, a folder and a forbidden file are told apart."""
    with pytest.raises(PictureError, match="does not exist"):
        images.read(tmp_path / "none.png")
    with pytest.raises(PictureError, match="is a folder"):
        images.read(tmp_path)
    for odd in "a\0b", "a" * 300, tmp_path / ("ü" * 200 + ".png"), "a/" * 3000:
        with pytest.raises(PictureError, match=r"^'.*' cannot be read: .*; use a copy$"):
            images.read(odd)
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("this user may read everything")
    (tmp_path / "a.png").touch(0o000)
    with pytest.raises(PictureError, match="not permitted"):
        images.read(tmp_path / "a.png")


def test_too_large() -> None:
    """A header that promises more pixels than allowed is refused before any is decoded."""
    data = bytearray(png(noise(2, 2, 3)))
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(PictureError, match="--max-megapixels"):
        read(bytes(data))
    with pytest.raises(PictureError, match=r"0\.001"):
        images.read(COFFEE, max_megapixels=0.001)


def test_many_pages() -> None:
    """TIFF pages, WebP and PNG animations are refused, because all but one would be lost."""
    frames = [Image.fromarray(noise(8, 8, 3)), Image.new("RGB", (8, 8), "red")]
    for format in "tiff", "webp", "png":
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
        with pytest.raises(PictureError, match="single pictures"):
            read(data)


def test_unusual_channels() -> None:
    """Integers of 32 bits, 57 channels, and values that are no numbers are refused."""
    with pytest.raises(PictureError, match="16 bits"):
        read(tiff(np.zeros((3, 3, 3), np.uint32)))
    with pytest.raises(PictureError, match="channels"):
        read(tiff(np.zeros((3, 3, 57), np.uint8)))
    with pytest.raises(PictureError, match="not numbers"):
        read(tiff(np.full((3, 3, 3), np.nan, np.float32)))


def test_header_first(tmp_path: Path) -> None:
    """The size is known before the pixels, a source loads once, and the file is closed then."""
    path = tmp_path / "ünï 日本[page=3].png"
    path.write_bytes(png(noise(4, 9, 4, np.uint16)))
    source = images.open(path)
    assert (source.width, source.height, source.depth, source.has_alpha) == (9, 4, 16, True)
    source.load()
    with pytest.raises(ValueError, match="open it again"):
        source.load()


def test_changed_file_is_read_anew(tmp_path: Path) -> None:
    """A file that changed under the same name is not answered from a cache."""
    path = tmp_path / "a.png"
    for width in 3, 5:
        path.write_bytes(png(noise(4, width, 3)))
        assert images.read(path).width == width


def test_text_stream_is_refused() -> None:
    """A stream of text is an error that says so."""
    with pytest.raises(PictureError, match="binary mode"):
        images.read(io.StringIO("text"))  # type: ignore[arg-type]


def test_standard_streams() -> None:
    """'-' is standard input and output, with not a byte more than the picture."""
    code = "from dreamlayer.core import images; images.write(images.read('-'), '-', format='tiff')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=COFFEE.read_bytes(),
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    assert run.stderr == b""
    with Image.open(io.BytesIO(run.stdout)) as image:
        assert image.format == "TIFF"
        np.testing.assert_array_equal(
            np.asarray(image) / np.float32(255), images.read(COFFEE).pixels
        )


def test_nothing_but_the_sentence(tmp_path: Path) -> None:
    """The libraries below print nothing of their own about a damaged file."""
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(noise(50, 50, 3), tags=[(65000, 4, 1, 7)])[:4000])
    good = tmp_path / "b.tif"
    good.write_bytes(tiff(noise(50, 50, 3), tags=[(65000, 4, 1, 7)]))
    code = (
        "import sys\nfrom dreamlayer.core import images, errors\nimages.read(sys.argv[2])\n"
        "try: images.read(sys.argv[1])\nexcept errors.PictureError as e: print(e)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path), str(good)],
        capture_output=True,
        check=True,
        text=True,
        cwd=ROOT,
    )
    assert run.stderr == ""
    assert len(run.stdout.splitlines()) == 1
