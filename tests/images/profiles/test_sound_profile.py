"""Profiles that readers would refuse are repaired or left out."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from color_samples import gamma, in_srgb
from image_samples import EXTENSIONS, encoded, grey_profile, noise, png, profile
from metadata_samples import jpeg_with, png_with, segment
from PIL import Image, ImageCms

from dreamlayer.core import images
from dreamlayer.core.images.profiles.sound_profile import sound_profile


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
