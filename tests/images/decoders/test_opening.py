"""AVIF and still GIF are read right, limits hold before any work, and hostile files are refused."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from format_samples import AVIF_10_BITS, Tag, bmp_of, code_points, heif_of, image_size, tiff_of
from image_samples import COFFEE, XMP, encoded, noise, png, profile
from PIL import Image, ImageOps, features

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError
from dreamlayer.core.images.streams import library

ROOT = Path(__file__).parents[3]
LOSSLESS = {"quality": 100, "subsampling": "4:4:4"}
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="Pillow lacks AVIF")


def _decodes_10_bits() -> bool:
    try:
        pyvips.Image.heifload_buffer(AVIF_10_BITS).avg()
    except pyvips.Error:
        return False
    return True


needs_10_bits = pytest.mark.skipif(
    not _decodes_10_bits(), reason="this libvips decodes no AVIF of 10 bits"
)


def read(data: bytes) -> images.Picture:
    return images.read(io.BytesIO(data))


@needs_avif
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_avif(mode: str) -> None:
    """Colors as Pillow decodes them, alpha bit for bit, and all metadata."""
    image = Image.fromarray(noise(20, 30, len(mode)))
    exif = Image.Exif()
    exif[0x010E] = "a dog"
    data = encoded(image, "avif", icc_profile=profile(), exif=exif, xmp=XMP, **LOSSLESS)
    picture = read(data)
    with Image.open(io.BytesIO(data)) as opened:
        expected = np.asarray(opened)
    assert (picture.format, picture.depth) == ("avif", 8)
    assert np.abs(picture.pixels * 255 - expected[..., :3]).max() <= 1.01
    if mode == "RGBA":
        np.testing.assert_array_equal(picture.alpha, expected[..., 3])
    assert (picture.profile, picture.xmp) == (profile(), XMP)
    assert picture.exif is not None
    assert b"a dog" in picture.exif


@needs_avif
@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_turned_once(orientation: int) -> None:
    """The file's own rotation and mirroring are applied, the Exif orientation is not."""
    values = np.zeros((24, 32, 3), np.uint8)
    values[:8, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(values), "avif", exif=exif, **LOSSLESS)
    picture = read(data)
    with Image.open(io.BytesIO(data)) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_allclose(picture.pixels * 255, expected, atol=2)


@needs_avif
def test_premultiplied_avif() -> None:
    """Colors that are multiplied by alpha are divided again."""
    values = np.zeros((8, 8, 4), np.uint8)
    values[...] = 100, 50, 20, 200
    image = Image.fromarray(values)
    picture = read(encoded(image, "avif", alpha_premultiplied=True, **LOSSLESS))
    np.testing.assert_allclose(picture.pixels[4, 4] * 255, values[4, 4, :3], atol=3)
    assert picture.alpha is not None
    assert picture.alpha[4, 4] == 200


@needs_10_bits
def test_avif_of_10_bits() -> None:
    """10 bits become 16, to the nearest level: white stays white."""
    picture = read(AVIF_10_BITS)
    expected = np.full((8, 8, 3), 65535)
    expected[:4] = round(512 * 65535 / 1023)
    expected[0, 0] = 0
    assert picture.depth == 16
    np.testing.assert_array_equal(np.rint(picture.pixels * 65535), expected)


@needs_10_bits
def test_avif_code_points() -> None:
    """Code points of another color space become a profile; HDR and unknown ones are refused."""
    plain = struct.pack(">HH", 2, 2)
    assert AVIF_10_BITS.count(b"nclx" + plain) == 1
    p3 = AVIF_10_BITS.replace(b"nclx" + plain, b"nclx" + struct.pack(">HH", 12, 13))
    assert read(AVIF_10_BITS).profile is None
    found = read(p3).profile
    assert found is not None
    assert found[12:20] == b"mntrRGB "
    for points, says in ((9, 16), r"HDR picture \(PQ\)"), ((9, 18), "HLG"), ((99, 99), "unknown"):
        data = heif_of([(1, b"av01")], properties=[image_size(8, 8), code_points(*points)])
        with pytest.raises(PictureError, match=says):
            read(data)


@pytest.mark.parametrize("data", [b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"])
def test_jpeg_xl(data: bytes) -> None:
    """Where libvips has no reader, JPEG XL is named with what to do; else junk is damage."""
    has_reader = library().type_find("VipsForeignLoad", "jxlload_source")
    says = "damaged" if has_reader else "a JPEG XL picture, which the installed libvips cannot read"
    with pytest.raises(PictureError, match=says):
        read(data + bytes(99))


def test_avif_beyond_what_is_decoded() -> None:
    """libvips decodes 16384 × 16384 pixels of AVIF at most, which is no damage."""
    data = heif_of([(1, b"av01")], properties=[image_size(17_000, 17_000)])
    with pytest.raises(PictureError, match="17000 × 17000 pixels, but only") as caught:
        read(data)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("transparency", [None, 3])
def test_still_gif(interlace: int, transparency: int | None) -> None:
    """A GIF of one frame is read, with its transparency."""
    image = Image.fromarray(noise(20, 30, 3)).quantize(16)
    options = {} if transparency is None else {"transparency": transparency}
    picture = read(encoded(image, "gif", interlace=interlace, **options))
    expected = np.asarray(image.convert("RGB"))
    visible = np.asarray(image) != transparency
    assert picture.format == "gif"
    np.testing.assert_array_equal(np.rint(picture.pixels * 255)[visible], expected[visible])
    if transparency is not None:
        np.testing.assert_array_equal(picture.alpha, np.where(visible, 255, 0))


def test_animations_are_refused() -> None:
    """A GIF of several frames is an animation."""
    frames = [Image.new("P", (8, 8), color) for color in (1, 2)]
    for frame in frames:
        frame.putpalette(bytes(range(48)))
    data = encoded(frames[0], "gif", save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match="an animation of 2 frames, but only single pictures"):
        read(data)


@needs_10_bits
def test_read_formats_are_written_as_others(tmp_path: Path) -> None:
    """What is read in one format goes to all that are written, with the same pixels."""
    picture = read(AVIF_10_BITS)
    for ending in ".png", ".tif":
        images.write(picture, tmp_path / f"a{ending}")
        again = images.read(tmp_path / f"a{ending}")
        assert again.depth == 16
        np.testing.assert_array_equal(again.pixels, picture.pixels)


def png_of(width: int, height: int, kind: int = 2, interlaced: int = 0, data: bytes = b"") -> bytes:
    """A PNG of 8 bits whose pixels are these compressed bytes."""
    whole = bytearray(png(np.zeros((1, 1, 3), np.uint8)))
    whole[16:29] = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, interlaced)
    whole[29:33] = struct.pack(">I", zlib.crc32(whole[12:29]))
    chunk = b"IDAT" + data
    pixels = struct.pack(">I", len(data)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return bytes(whole[:33]) + pixels + bytes(whole[-12:])


def gif_of(width: int, height: int) -> bytes:
    screen = struct.pack("<HH", width, height)
    return b"GIF89a" + screen + b"\x80\0\0\0\0\0\xff\xff\xff," + bytes(4) + screen + b"\0\2\2D\1\0;"


LARGE = (20_000, 20_000)
WEBP = encoded(Image.new("RGB", (8, 8)), "webp")
HUGE_TILES: list[Tag] = [(322, 4, [2**31]), (323, 4, [2**31]), (324, 4, [8]), (325, 4, [9])]
FAX: dict[str, Any] = {"samples": 1, "bits": 1, "photometric": 0, "compression": 4}
HOSTILE = {
    "png without pixels": png_of(10, 10),
    "png without pixels, large": png_of(*LARGE),
    "png interlaced, large": png_of(*LARGE, interlaced=1, data=zlib.compress(bytes(9))),
    "png of no width": png_of(0, 10),
    "png of 2^31": png_of(2**31, 2**31),
    "png without palette": png_of(10, 10, kind=3, data=zlib.compress(bytes(110))),
    "gif of 65535": gif_of(65535, 65535),
    "gif of 20000": gif_of(*LARGE),
    "gif without frames": b"GIF89a\x10\0\x10\0\0\0\0;",
    "webp of another size": WEBP.replace(b"\x08\0\x08\0", b"\xff\x3f\xff\x3f"),
    "avif of 2^32": heif_of([(1, b"av01")], properties=[image_size(2**32 - 1, 2**32 - 1)]),
    "avif without pixels": heif_of([(1, b"av01")], properties=[image_size(*LARGE)]),
    "avif of another size": AVIF_10_BITS.replace(image_size(8, 8), image_size(*LARGE)),
    "tiff of 2^31": tiff_of(bytes(99), (2**31, 2**31)),
    "tiff, large": tiff_of(bytes(99), LARGE),
    "tiff, large, deflate": tiff_of(bytes(99), LARGE, compression=8),
    "tiff, large, lzw": tiff_of(bytes(99), LARGE, compression=5),
    "tiff, large, jpeg": tiff_of(bytes(99), LARGE, compression=7),
    "tiff, large, fax": tiff_of(bytes(99), LARGE, **FAX),
    "tiff of 65535 channels": tiff_of(bytes(99), (9, 9), samples=65535),
    "tiff of no rows": tiff_of(bytes(999), (9, 9), tags=[(278, 4, [0])]),
    "tiff tiles of 2^31": tiff_of(bytes(999), (9, 9), tags=HUGE_TILES),
    "tiff of pages beyond": b"II+\0\x08\0\0\0" + struct.pack("<Q", 2**63),
    "bmp of skips": bmp_of(b"\0\2\xff\xff" * 200, LARGE, 8, compression=1, palette=bytes(1024)),
}


def test_hostile_files_cost_nothing(tmp_path: Path) -> None:
    """Tiny files that claim to be large, or contradict themselves, are refused without memory."""
    pytest.importorskip("resource")
    paths = []
    for number, data in enumerate(HOSTILE.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(data)
    code = (
        "import resource, sys\nfrom dreamlayer.core import errors, images\n"
        "images.read(sys.argv[1])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in sys.argv[2:]:\n"
        "    try: images.read(path)\n"
        "    except errors.PictureError as error: print(error)\n"
        "    else: print('read', path)\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(after - before)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(COFFEE), *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    *lines, grown = run.stdout.splitlines()
    assert run.stderr == ""
    assert len(lines) == len(HOSTILE)
    assert [line for line in lines if line.startswith("read")] == []
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown) * unit < 600e6


def seeds() -> list[bytes]:
    """One small file of each format and of each way to store it."""
    image = Image.fromarray(noise(20, 30, 3))
    made = [encoded(image, format) for format in ("png", "jpeg", "tiff", "webp", "gif", "bmp")]
    made += [encoded(image, "jpeg", progressive=True), AVIF_10_BITS]
    made += [encoded(image, "tiff", compression=name) for name in ("tiff_lzw", "jpeg")]
    made.append(encoded(image.convert("1"), "tiff", compression="group4"))
    made.append(encoded(image.quantize(16), "bmp"))
    made.append(tiff_of(bytes(999), (9, 9), samples=5, tags=[(338, 3, [0, 1])]))
    return made


@pytest.mark.parametrize("seed", range(8))
def test_mutated_files(seed: int) -> None:
    """A damaged file of any format is a picture or one sentence, never another error."""
    rng = random.Random(seed)
    for data in seeds() * 2:
        changed = bytearray(data)
        for _ in range(rng.choice([1, 2, 4])):
            at = rng.randrange(min(len(changed), rng.choice([64, 300, len(changed)])))
            value = rng.choice([0, 1, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(32)])
            length = rng.choice([1, 2, 4])
            changed[at : at + length] = value.to_bytes(4, rng.choice(["little", "big"]))[:length]
        try:
            said = str(images.read(io.BytesIO(bytes(changed)), max_megapixels=5).width)
        except PictureError as error:
            said = str(error)
        assert said.isprintable()
