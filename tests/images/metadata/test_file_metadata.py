"""What a file says of its picture is read in one go, and the header's reader stays cheap."""

from __future__ import annotations

import io
import signal
import zlib
from pathlib import Path

import numpy as np
import pytest
from image_samples import COFFEE, encoded, grey_profile, noise, png
from metadata_samples import (
    exif_block,
    holding_exif,
    jpeg_with,
    png_with,
    riff,
    segment,
    tiff_with,
    webp_with,
)
from PIL import Image, features

from dreamlayer.core import images, interruption
from dreamlayer.core.images.metadata.webp_chunks import has_credentials
from dreamlayer.core.images.source import Source


def test_before_the_pixels_and_after_closing() -> None:
    """Metadata can be had without decoding, stay after it, and need an open file at first."""
    with images.open(COFFEE) as source:
        found = source.metadata
        assert source.load().exif == found.exif
    assert source.metadata is found
    with images.open(COFFEE) as source:
        pass
    with pytest.raises(ValueError, match="closed"):
        _ = source.metadata


def test_orientation_wherever_it_stands() -> None:
    """Pixels are turned by Exif before and behind a PNG's pixels, and in ImageMagick's text."""
    block = exif_block("<", (0x112, 3, 1, b"\6\0\0\0"))
    text = f"\nexif\n{len(block) + 6:8d}\n{(b'Exif' + bytes(2) + block).hex()}\n".encode()
    files = [data for _, data in holding_exif(block)]
    files.append(png_with(((b"tEXt", b"Raw profile type exif\0" + text),)))
    for data in files:
        with images.open(io.BytesIO(data)) as source:
            assert (source.width, source.height) == (12, 20)
            picture = source.load()
        assert picture.pixels.shape == (20, 12, 3)
        assert (picture.exif, picture.png_chunks) == (None, ())


def test_converted_colors_lose_their_old_meaning(tmp_path: Path) -> None:
    """A grey picture with a profile becomes sRGB, and chunks of color no longer apply to it."""
    chunk = (b"iCCP", b"x\0\0" + zlib.compress(grey_profile()))
    data = png(np.full((3, 3, 1), 99, np.uint8), (chunk, (b"cICP", bytes((9, 16, 0, 1)))))
    picture = images.read(io.BytesIO(data))
    assert picture.profile is not None
    assert picture.png_chunks == ()
    assert images.write(picture, tmp_path / "a.jpg") == ()


@pytest.mark.parametrize(
    "data",
    [
        png_with(((b"caBX", b"jumbf"),)),
        tiff_with((52545, 7, b"jumbf box")),
        jpeg_with(segment(0xEB, b"JP\0\1\0\0\0\1\0\0\0\x20jumb" + bytes(24))),
    ],
)
def test_credentials_of_the_old_pixels(tmp_path: Path, data: bytes) -> None:
    """Content credentials are in no new file, and that is said."""
    with images.open(io.BytesIO(data)) as source:
        (note,) = images.check_target(tmp_path / "a.png", picture=source)
    assert "credentials" in note


def test_credentials_of_webp() -> None:
    """They are found in a WebP's chunks; a damaged chunk ends the search."""
    assert not has_credentials(io.BytesIO(webp_with()))
    assert has_credentials(io.BytesIO(webp_with() + riff(b"odd ", b"x") + riff(b"C2PA", b"jumbf")))
    assert not has_credentials(io.BytesIO(webp_with() + b"odd \xff\xff\xff\xff"))


class Stopping(io.BytesIO):
    """A file that asks the program to stop once it is armed, and counts what is read since."""

    armed = False
    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if self.armed:
            self.reads += 1
            noted.request(signal.SIGINT)
            interruption.check()
        return super().read(size)


noted = interruption.Interruption()


def test_interrupted_at_once() -> None:
    """A signal ends the reading of metadata where it comes, not once all is read."""
    file = Stopping(jpeg_with(*(segment(0xFE, b"a") for _ in range(20))))
    noted.number = None
    with Source(file, "a", 100) as source:
        interruption.watch(noted)
        file.armed = True
        try:
            with pytest.raises(KeyboardInterrupt):
                _ = source.metadata
        finally:
            interruption.watch(None)
            file.armed = False
    assert file.reads == 1


@pytest.mark.skipif(not features.check("avif"), reason="Pillow lacks AVIF")
@pytest.mark.parametrize(
    ("name", "word"),
    [(b"depth", "depth map"), (b"gainmap", "gain map"), (b"matte", "further pictures")],
)
def test_pictures_beside_an_avif(tmp_path: Path, name: bytes, word: str) -> None:
    """What is not the picture itself is left out, and said before the dream."""
    values = Image.fromarray(noise(16, 16, 4))
    data = encoded(values, "avif", quality=90)
    alpha = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
    other = (b"urn:example:" + name).ljust(len(alpha), b"\0")
    assert alpha in data
    with images.open(io.BytesIO(data)) as source:
        assert images.check_target(tmp_path / "a.png", picture=source) == ()
    with images.open(io.BytesIO(data.replace(alpha, other))) as source:
        (note,) = images.check_target(tmp_path / "a.png", picture=source)
    assert word in note
