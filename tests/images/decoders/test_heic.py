"""HEIC is read by pillow-heif as it was encoded, and where that is missing, a sentence says so."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import XMP, noise, profile
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.decoders.heic import to_16_bits

ROOT = Path(__file__).parents[3]
pillow_heif: Any = pytest.importorskip("pillow_heif")
LOSSLESS = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}


def read(data: bytes) -> images.Picture:
    return images.read(io.BytesIO(data))


def heic(array: np.ndarray, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    size = (array.shape[1], array.shape[0])
    pillow_heif.from_bytes(mode, size, array.tobytes()).save(file, **LOSSLESS | options)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    """Pixels as pillow-heif gives them, which live no longer than its object."""
    heif = pillow_heif.open_heif(io.BytesIO(data))
    return np.array(heif)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_channels(mode: str, channels: int) -> None:
    """Grey, RGB and RGBA come back bit for bit."""
    values = noise(20, 30, channels)
    picture = read(heic(values, mode))
    assert (picture.format, picture.depth) == ("heic", 8)
    expected = values[..., :3] if channels > 1 else values.repeat(3, axis=2)
    np.testing.assert_array_equal(picture.pixels, expected / np.float32(255))
    assert picture.has_alpha == (channels == 4)
    if picture.alpha is not None:
        np.testing.assert_array_equal(picture.alpha, values[..., 3])


def test_premultiplied_alpha() -> None:
    """Colors that are multiplied by alpha are divided again."""
    values = np.full((8, 8, 4), 100, np.uint8)
    values[..., 3] = 200
    picture = read(heic(values, "RGBa"))
    np.testing.assert_array_equal(np.rint(picture.pixels * 255), round(100 * 255 / 200))


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_colors(bits: int) -> None:
    """10 and 12 bits become 16, and white stays white."""
    levels = to_16_bits(bits)
    assert (levels[0], levels[-1]) == (0, 65535)
    values = np.full((8, 8, 3), 65535, np.uint16)
    values[:4] = 32768
    # `save` takes the number of bits from a process-wide option, 10 by default.
    if bits == 10:
        picture = read(heic(values, "RGB;16"))
        assert picture.depth == 16
        assert picture.pixels.max() == 1
        assert abs(picture.pixels.min() - 512 / 1023) < 1e-4


def test_metadata() -> None:
    """Profile, Exif and XMP are kept; Exif's orientation is not applied, since HEIF has its own."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 3, "a dog"
    values = noise(20, 30, 3)
    image = Image.fromarray(values)
    image.info["icc_profile"] = profile()
    file = io.BytesIO()
    heif = pillow_heif.HeifFile()
    heif.add_from_pillow(image)
    heif.save(file, **LOSSLESS, exif=exif.tobytes(), xmp=XMP)
    data = file.getvalue()
    stored = decoded(data)
    picture = read(data)
    np.testing.assert_array_equal(picture.pixels, stored / np.float32(255))
    assert (picture.profile, picture.xmp) == (profile(), XMP)
    assert picture.exif is not None
    assert b"a dog" in picture.exif


@pytest.mark.parametrize("turns", range(4))
def test_rotation(turns: int) -> None:
    """The file's own rotation is applied, once."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A] = 3, "a camera", 72.0
    values = noise(20, 30, 3)
    image = Image.fromarray(values)
    image.getexif()[0x0112] = 3
    file = io.BytesIO()
    heif = pillow_heif.HeifFile()
    heif.add_from_pillow(image)
    heif.save(file, **LOSSLESS, exif=exif.tobytes())
    data = file.getvalue()
    assert data.count(b"irot\2") == 1
    # Exif says the same, as cameras write it, or something else.
    data = data.replace(b"\x01\x12\0\3\0\0\0\1\0\3", b"\x01\x12\0\3\0\0\0\1\0\6")
    assert b"\x01\x12\0\3\0\0\0\1\0\6" in data
    stored = decoded(data.replace(b"irot\2", b"irot\0"))
    picture = read(data.replace(b"irot\2", b"irot" + bytes([turns])))
    np.testing.assert_array_equal(picture.pixels, np.rot90(stored, turns) / np.float32(255))


def test_primary_of_several() -> None:
    """Of a collection, the primary picture is read."""
    values = noise(20, 30, 3)
    heif = pillow_heif.HeifFile()
    heif.add_from_pillow(Image.new("RGB", (9, 9), "red"))
    heif.add_from_pillow(Image.fromarray(values))
    file = io.BytesIO()
    heif.save(file, primary_index=1, **LOSSLESS)
    np.testing.assert_array_equal(read(file.getvalue()).pixels, values / np.float32(255))


def test_code_points() -> None:
    """Display P3 by code points becomes a profile, and HDR is refused."""
    values = noise(8, 8, 3)
    picture = read(heic(values, color_primaries=12, transfer_characteristics=13))
    assert picture.profile is not None
    assert b"acsp" in picture.profile
    with pytest.raises(PictureError, match=r"HDR picture \(PQ\)"):
        read(heic(values, color_primaries=9, transfer_characteristics=16))


@pytest.mark.parametrize("part", [0.2, 0.6, 0.95])
def test_truncated(part: float) -> None:
    """A cut file is an error of one line that names the kind."""
    data = heic(noise(40, 40, 3))
    with pytest.raises(PictureError, match=r"HEIC, AVIF .* damaged") as caught:
        read(data[: int(len(data) * part)])
    assert "\n" not in str(caught.value)


def test_size_limit() -> None:
    """The size is checked before anything is decoded."""
    with pytest.raises(PictureError, match="megapixels"):
        images.open(io.BytesIO(heic(noise(64, 64, 3))), max_megapixels=0.001)


def test_without_pillow_heif(tmp_path: Path) -> None:
    """Where pillow-heif is missing, the message names it and the command that installs it."""
    path = tmp_path / "a.heic"
    path.write_bytes(heic(noise(8, 8, 3)))
    code = (
        "import sys; sys.modules['pillow_heif'] = None\n"
        "from dreamlayer.core import images, errors\n"
        "try: images.read(sys.argv[1])\nexcept errors.PictureError as e: print(e)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        check=True,
        text=True,
        cwd=ROOT,
    )
    assert "needs pillow-heif" in run.stdout
    assert "[heif]" in run.stdout
    assert len(run.stdout.splitlines()) == 1
