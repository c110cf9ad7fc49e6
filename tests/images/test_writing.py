"""Writing chooses depth and format, and says early and in one sentence what cannot be written."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import COFFEE, XMP, names, noise, png, png_values
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.metadata.xmp_writing import write_recipe
from dreamlayer.core.images.streams import Stream


def picture(**more: Any) -> images.Picture:
    return images.Picture(np.full((8, 8, 3), 0.5, np.float32), **more)


@pytest.mark.parametrize(("depth", "extension", "bits"), [(32, ".png", 16), (16, ".webp", 8)])
def test_depth_follows_the_format(tmp_path: Path, depth: int, extension: str, bits: int) -> None:
    """Where the format has no such depth, the nearest it has is written, alpha rounded along."""
    alpha = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    if depth == 16:
        alpha = np.rint(alpha * 65535).astype(np.uint16)
    path = tmp_path / f"a{extension}"
    images.write(picture(depth=depth, alpha=alpha), path)
    again = images.read(path)
    assert again.depth == bits
    assert again.alpha is not None
    top = 2**bits - 1
    np.testing.assert_allclose(
        again.alpha / top, np.linspace(0, 1, 64).reshape(8, 8), atol=0.5001 / top
    )


def test_rounds_to_nearest_and_cuts_off(tmp_path: Path) -> None:
    """Values are rounded, not truncated, and values beyond 0..1 become 0 and the largest."""
    values = np.array([0.5 - 0.02, 0.5 + 0.02, 1.6, -3, 255.9, 254.6], np.float32) / 255
    given = images.Picture(np.repeat(values.reshape(1, 6, 1), 3, axis=2))
    images.write(given, tmp_path / "a.png")
    stored = png_values((tmp_path / "a.png").read_bytes())
    assert stored[0, :, 0].tolist() == [0, 1, 2, 0, 255, 255]


def test_any_layout_of_pixels(tmp_path: Path) -> None:
    """Pixels that are a view, and not contiguous, are written as they look."""
    values = noise(6, 4, 4)
    given = images.read(io.BytesIO(png(values)))
    assert given.alpha is not None
    given.pixels, given.alpha = given.pixels[::-1, ::2], given.alpha[::-1, ::2]
    images.write(given, tmp_path / "a.png")
    stored = png_values((tmp_path / "a.png").read_bytes())
    np.testing.assert_array_equal(stored, values[::-1, ::2])


@pytest.mark.parametrize(
    ("target", "format", "says"),
    [
        ("a.gif", None, "GIF can be read but not written"),
        ("a", None, "no extension"),
        ("a.png", "bmp", "unknown format 'bmp'"),
        ("none/a.png", None, "does not exist"),
        ("here.png", None, "is a folder"),
    ],
)
def test_bad_target(tmp_path: Path, target: str, format: str | None, says: str) -> None:
    """A target that cannot work is found by the check and by the writing alike."""
    (tmp_path / "here.png").mkdir()
    with pytest.raises(OutputError, match=says):
        images.check_target(tmp_path / target, format)
    with pytest.raises(OutputError, match=says):
        images.write(picture(), tmp_path / target, format=format)
    assert names(tmp_path) == ["here.png"]


def test_good_target_is_left_alone(tmp_path: Path) -> None:
    """The check creates nothing."""
    images.check_target(tmp_path / "a.PNG", picture=picture())
    images.check_target("-", "jpg")
    assert names(tmp_path) == []


def test_format_cannot_hold_the_picture(tmp_path: Path) -> None:
    """Transparency in JPEG, sides too long, no pixels and too much XMP are refused in time."""
    clear = picture(alpha=np.zeros((8, 8), np.uint8))
    with pytest.raises(OutputError, match="transparency, which JPEG cannot store"):
        images.check_target(tmp_path / "a.jpg", picture=clear)
    with (
        images.open(io.BytesIO(png(noise(3, 3, 4)))) as source,
        pytest.raises(OutputError, match="transparency"),
    ):
        images.check_target(tmp_path / "a.jpg", picture=source)
    wide = images.Picture(np.zeros((1, 16_384, 3), np.float32))
    with pytest.raises(OutputError, match="16383"):
        images.check_target(tmp_path / "a.webp", picture=wide)
    with pytest.raises(OutputError, match="has no pixels"):
        images.write(images.Picture(np.zeros((0, 4, 3), np.float32)), tmp_path / "a.png")
    with pytest.raises(OutputError, match="JPEG allows"):
        images.write(picture(), tmp_path / "a.jpg", recipe="x" * 70_000)
    assert names(tmp_path) == []


def test_largest_xmp_in_jpeg(tmp_path: Path) -> None:
    """XMP up to the limit that is checked does arrive in a JPEG."""
    recipe = "x" * (65_504 - len(write_recipe(None, "")))
    images.write(picture(), tmp_path / "a.jpg", recipe=recipe)
    assert images.read(tmp_path / "a.jpg").recipe == recipe
    with pytest.raises(OutputError, match="JPEG allows"):
        images.write(picture(), tmp_path / "b.jpg", recipe=recipe + "x")


@pytest.mark.parametrize("extension", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "no space"), KeyboardInterrupt()])
def test_failure_while_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str, failure: BaseException
) -> None:
    """A full disk or an interrupt in the middle leaves the old file, and nothing beside it."""
    path = tmp_path / f"a{extension}"
    path.write_bytes(b"old")
    given = images.read(COFFEE)
    written = 0
    honest = Stream._write

    class FullFile:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, data: Any) -> int:
            nonlocal written
            written += len(data)
            if written > 9000:
                raise failure
            return int(self.file.write(data))

    def limited(stream: Stream, data: Any) -> int:
        if not isinstance(stream._file, FullFile):
            stream._file = FullFile(stream._file)  # type: ignore[assignment]
        return honest(stream, data)

    monkeypatch.setattr(Stream, "_write", limited)
    expected = OutputError if isinstance(failure, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        images.write(given, path)
    if expected is OutputError:
        assert "the disk is full" in str(caught.value)
    assert names(tmp_path) == [path.name]
    assert path.read_bytes() == b"old"


def test_full_disk(tmp_path: Path) -> None:
    """On a disk that is really full the old file stays, and one sentence says why."""
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)],
            capture_output=True,
            check=False,
        )
        if sys.platform == "linux" and os.geteuid() == 0
        else None
    )
    if mounted is None or mounted.returncode:
        pytest.skip("mounting a small disk needs Linux and its root")
    try:
        for extension in ".png", ".jpg", ".tif", ".webp":
            path = tmp_path / f"a{extension}"
            path.write_bytes(b"old")
            given = images.Picture(np.random.default_rng(0).random((600, 600, 3), np.float32))
            with pytest.raises(OutputError, match="the disk is full"):
                images.write(given, path)
            assert path.read_bytes() == b"old"
        assert len(names(tmp_path)) == 4
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_standard_output_full() -> None:
    """A full standard output is one sentence too."""
    code = (
        "import sys\nfrom dreamlayer.core import images, errors\n"
        "try: images.write(images.read(sys.argv[1]), '-')\n"
        "except errors.OutputError as e: print(e, file=sys.stderr)\n"
        "import os; os._exit(3)"
    )
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-c", code, str(COFFEE)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert run.returncode == 3
    assert run.stderr.startswith(b"cannot write to standard output")


def test_xmp_in_png_is_international_text(tmp_path: Path) -> None:
    """XMP goes into an uncompressed iTXt chunk before the pixels, as other programs expect."""
    images.write(picture(xmp=XMP), tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert data.index(b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + XMP) < data.index(b"IDAT")
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["XML:com.adobe.xmp"].encode() == XMP


@pytest.mark.parametrize("name", ["alpha", "extras"])
def test_planes_of_another_size(tmp_path: Path, name: str) -> None:
    """Pixels that were cropped without their alpha or extra channels are refused."""
    planes = {"alpha": np.zeros((4, 5), np.uint8), "extras": np.zeros((4, 5, 1), np.uint8)}
    picture = images.Picture(np.zeros((4, 4, 3), np.float32), **{name: planes[name]})
    with pytest.raises(OutputError, match=r"4 × 4, but its .* 5 × 4; crop or scale both"):
        images.write(picture, tmp_path / "a.tif")
    assert names(tmp_path) == []
