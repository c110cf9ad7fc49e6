"""Profiles that readers would refuse are repaired or left out; color chunks become profiles."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from image_samples import EXTENSIONS, encoded, grey_profile, noise, png, profile
from metadata_samples import jpeg_with, png_with, segment
from PIL import Image, ImageCms

from dreamlayer.core import images
from dreamlayer.core.images.profile import meaning_of, sound_profile


def changed(at: int, new: bytes) -> bytes:
    """A sound profile with other bytes at an offset."""
    old = profile()
    return old[:at] + new + old[at + len(new) :]


REPAIRED = {
    "odd": struct.pack(">I", len(profile()) + 1) + profile()[4:] + b"\0",
    "padded": profile() + bytes(7),
}
REFUSED = {
    "empty": b"",
    "short": profile()[:-9],
    "header alone": struct.pack(">I", 132) + profile()[4:128] + bytes(4),
    "no size": changed(0, bytes(4)),
    "giant size": changed(0, b"\xff" * 4),
    "no mark": changed(36, b"xxxx"),
    "grey": changed(16, b"GRAY"),
    "other space": changed(16, b"XYZW"),
    "link": changed(12, b"link"),
    "named colors": changed(12, b"nmcl"),
    "connection": changed(20, b"HSV "),
    "giant table": changed(128, b"\xff" * 4),
    "tag beyond": changed(136, b"\xff\xff\xff\xf0"),
    "long tag": changed(140, b"\xff\xff\xff\xf0"),
    "intent": changed(64, b"\xff" * 4),
}


@pytest.mark.parametrize("case", [*REPAIRED, *REFUSED])
def test_odd_profiles(tmp_path: Path, case: str) -> None:
    """What is harmless is repaired, the rest left out and said before the work, in every format."""
    data = jpeg_with(segment(0xE2, b"ICC_PROFILE\0\1\1" + (REPAIRED | REFUSED)[case]))
    for extension in EXTENSIONS.values():
        path = tmp_path / f"a{extension}"
        with images.open(io.BytesIO(data)) as source:
            notes = images.check_target(path, picture=source)
            picture = source.load()
        assert images.write(picture, path) == notes
        with Image.open(path) as image:
            written = image.info.get("icc_profile")
        if case in REPAIRED:
            assert notes == ()
            assert written is not None
            assert len(written) % 4 == 0
            ImageCms.getProfileName(ImageCms.ImageCmsProfile(io.BytesIO(written)))
        else:
            assert written is None
            assert all("color profile" in note for note in notes)


def test_sound_profiles_keep_every_byte() -> None:
    """One that nothing is wrong with is returned as it is, if it is for the right colors."""
    assert sound_profile(profile()) == profile()
    assert sound_profile(grey_profile(), b"GRAY") == grey_profile()
    assert sound_profile(grey_profile()) is None


def chromaticities(*points: float) -> bytes:
    """A cHRM chunk."""
    return struct.pack(">8I", *(round(one * 100_000) for one in points))


DISPLAY_P3 = chromaticities(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
REC_709 = chromaticities(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)


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


@pytest.mark.parametrize(
    ("chunks", "color", "expected"),
    [
        # Linear light: (0.5 * 1.055 ** (1 / 2.4) ...) of half.
        ({b"gAMA": gamma(1)}, (128, 128, 128), (188, 188, 188)),
        ({b"gAMA": gamma(1 / 1.8)}, (128, 128, 128), (146, 146, 146)),
        # The same neutral gray, and a green that sRGB lacks, so its red ends at 0.
        ({b"cHRM": DISPLAY_P3}, (128, 128, 128), (128, 128, 128)),
        ({b"cHRM": DISPLAY_P3}, (60, 180, 90), (0, 183, 78)),
        ({b"cICP": bytes((12, 13, 0, 1))}, (60, 180, 90), (0, 183, 78)),
        # H.273 counts before all others.
        ({b"cICP": bytes((12, 13, 0, 1)), b"gAMA": gamma(1)}, (128, 128, 128), (128, 128, 128)),
        ({b"cICP": bytes((9, 8, 0, 1))}, (255, 255, 255), (255, 255, 255)),
    ],
)
def test_meaning_of_chunks(
    tmp_path: Path,
    chunks: dict[bytes, bytes],
    color: tuple[int, int, int],
    expected: tuple[int, int, int],
) -> None:
    """They become a profile that means the same in formats without such chunks; PNG keeps them."""
    picture = images.read(io.BytesIO(png_with(tuple(chunks.items()))))
    assert picture.profile is None
    for extension in ".jpg", ".tif", ".webp":
        assert images.write(picture, tmp_path / f"a{extension}") == ()
        with Image.open(tmp_path / f"a{extension}") as image:
            made = image.info["icc_profile"]
        assert in_srgb(made, color) == pytest.approx(expected, abs=1)
        assert sound_profile(made) == made
    images.write(picture, tmp_path / "a.png")
    assert dict(images.read(tmp_path / "a.png").png_chunks) == chunks


@pytest.mark.parametrize(
    "chunks",
    [
        {},
        {b"sRGB": b"\0", b"gAMA": gamma(1)},
        {b"gAMA": gamma(1 / 2.2)},
        {b"gAMA": gamma(1 / 2.2), b"cHRM": REC_709},
        {b"cICP": bytes((1, 13, 0, 1))},
        {b"gAMA": bytes(4)},
        {b"gAMA": b"x", b"cHRM": b"y", b"cICP": b"z"},
        {b"cHRM": bytes(32)},
        {b"cICP": bytes((200, 13, 0, 1))},
    ],
)
def test_chunks_that_mean_srgb(chunks: dict[bytes, bytes]) -> None:
    """What is marked as sRGB, in the many ways of that, and damaged chunks need no profile."""
    assert meaning_of(chunks).profile is None
    assert meaning_of(chunks).lost is None


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr(tmp_path: Path, transfer: int) -> None:
    """PQ and HLG get a profile for plain displays with their coding in it, which is said early."""
    data = png_with(((b"cICP", bytes((9, transfer, 0, 1))),))
    with images.open(io.BytesIO(data)) as source:
        (note,) = images.check_target(tmp_path / "a.jpg", picture=source)
        assert images.check_target(tmp_path / "a.png", picture=source) == ()
    assert "HDR" in note
    made = meaning_of({b"cICP": bytes((9, transfer, 0, 1))}).profile
    assert made is not None
    assert bytes((9, transfer, 0, 1)) in made
    assert in_srgb(made, (255, 255, 255)) == pytest.approx((255, 255, 255), abs=1)


def test_primaries_on_a_line() -> None:
    """Chromaticities that span no colors are said to be wrong."""
    line = chromaticities(*[0.3] * 8)
    assert meaning_of({b"cHRM": line}).lost


def test_profiles_of_other_colors(tmp_path: Path) -> None:
    """A grey profile on a picture in RGB is left out, and said; on a grey one it is converted."""
    for values, notes in ((noise(3, 3, 3), 1), (noise(3, 3, 1), 0)):
        chunk = (b"iCCP", b"x\0\0" + zlib.compress(grey_profile()))
        with images.open(io.BytesIO(png(values, (chunk,)))) as source:
            assert len(images.check_target(tmp_path / "a.png", picture=source)) == notes
            assert len(source.load().notes) == notes


def test_cmyk_with_a_damaged_profile(tmp_path: Path) -> None:
    """It is read by the profile of coated paper, as without one, and that is said."""
    ink = Image.new("CMYK", (8, 8), (90, 20, 60, 10))
    plain = images.read(io.BytesIO(encoded(ink, "tiff")))
    picture = images.read(io.BytesIO(encoded(ink, "tiff", icc_profile=b"CMYK" * 50)))
    np.testing.assert_array_equal(picture.pixels, plain.pixels)
    (note,) = images.write(picture, tmp_path / "a.png")
    assert "color profile" in note


def test_png_with_a_profile_that_libpng_refuses(tmp_path: Path) -> None:
    """It is repaired where it can be; else chunks of color say what it does not."""
    linear = (b"gAMA", gamma(1))
    for given, repaired in ((REPAIRED["odd"], True), (REFUSED["no mark"], False)):
        chunk = (b"iCCP", b"x\0\0" + zlib.compress(given))
        picture = images.read(io.BytesIO(png_with((chunk, linear))))
        assert (picture.profile is not None) == repaired
        assert picture.png_chunks == (() if repaired else (linear,))
        assert len(picture.notes) == (not repaired)
        images.write(picture, tmp_path / "a.jpg")
        with Image.open(tmp_path / "a.jpg") as image:
            shown = in_srgb(image.info["icc_profile"], (128, 128, 128))
        assert shown == pytest.approx((128,) * 3 if repaired else (188,) * 3, abs=1)
