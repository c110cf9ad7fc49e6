"""Color chunks of a PNG become profiles that mean the same."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from color_samples import chromaticities, gamma, in_srgb
from metadata_samples import png_with
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.metadata.png_colors import meaning_of
from dreamlayer.core.images.profiles.code_points import profile_of
from dreamlayer.core.images.profiles.sound_profile import sound_profile

DISPLAY_P3 = chromaticities(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
REC_709 = chromaticities(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)


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
        # The curves of video.
        {b"cICP": bytes((1, 1, 0, 1))},
        # Nothing said.
        {b"cICP": bytes((2, 2, 0, 1))},
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


@pytest.mark.parametrize("points", [(9, 1), (9, 14), (12, 13), (10, 17), (1, 7)])
def test_code_points_mean_what_they_mean_in_heif(points: tuple[int, int]) -> None:
    """There is one table for both, so video's curves are shown like sRGB here too."""
    assert meaning_of({b"cICP": bytes((*points, 0, 1))}).profile == profile_of(*points)
