"""Comments and XMP of a GIF go to the new picture, wherever they stand in the file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from image_samples import encoded, noise
from metadata_samples import xmp
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.metadata.gif_metadata import read_gif
from dreamlayer.core.images.metadata.xmp_writing import write_recipe

XMP_HEAD = b"!\xff\x0bXMP DataXMP"
TRAILER = bytes([1, *range(255, -1, -1), 0])


def gif_with(before: bytes = b"", behind: bytes = b"") -> bytes:
    """Return a GIF file with blocks before and behind its frame."""
    data = encoded(Image.fromarray(noise(12, 20, 3)), "gif")
    at = 13 + (3 << (data[10] & 7) + 1)
    return b"GIF89a" + data[6:at] + before + data[at:-1] + behind + b";"


def divided(content: bytes) -> bytes:
    """Content in parts, as blocks have it."""
    cut = [content[at : at + 200] for at in range(0, len(content), 200)]
    return b"".join(bytes([len(one)]) + one for one in cut) + b"\0"


@pytest.mark.parametrize("target", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_comments(tmp_path: Path, target: str) -> None:
    """Those before and behind the frame, in UTF-8 or Latin-1, and of more than one part."""
    long = "é" * 300
    data = gif_with(b"!\xfe" + divided(long.encode()), b"!\xfe" + divided(b"\xe9 late"))
    picture = images.read(io.BytesIO(data))
    assert picture.comments == (long, "é late")
    assert images.write(picture, tmp_path / target) == ()
    written = images.read(tmp_path / target)
    kept = [*written.comments, *(chunk[1].decode("latin-1") for chunk in written.png_chunks)]
    kept.append((written.xmp or b"").decode())
    assert all(any(text in one for one in kept) for text in (long, "é late"))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("form", ["trailer", "parts"])
def test_xmp(late: bool, form: str) -> None:
    """As Photoshop and ExifTool write it, undivided, or divided as other blocks are."""
    packet = write_recipe(xmp("", "<dc:source>mine</dc:source>"), "old")
    block = XMP_HEAD + (packet + TRAILER if form == "trailer" else divided(packet))
    picture = images.read(io.BytesIO(gif_with(*((b"", block) if late else (block, b"")))))
    assert picture.recipe == "old"
    assert b"mine" in (picture.xmp or b"")
    assert picture.notes == ()


def test_too_much_is_said() -> None:
    """What exceeds a limit, and a profile, which nothing reads from a GIF, is said."""
    long = b"!\xfe" + divided(b"x" * (2 << 20))
    data = XMP_HEAD + divided(b"x" * (5 << 20)) + b"!\xff\x0bICCRGBG1012" + divided(b"x") + long
    found = read_gif(io.BytesIO(gif_with(data + b"!\xfe\1a\0" * 101)))
    assert found.xmp is None
    assert found.comments == ["a"] * 100
    words = ("XMP", "profile", "1 MiB", "first 100")
    assert [word in one for word, one in zip(words, found.lost, strict=True)] == [True] * 4
