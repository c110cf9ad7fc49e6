"""Writing says early and in one sentence what cannot be written, and leaves the old file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import COFFEE, names

from dreamlayer.core import images
from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.metadata.xmp_writing import write_recipe


def picture(**more: Any) -> images.Picture:
    return images.Picture(np.full((8, 8, 3), 0.5, np.float32), **more)


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


def test_largest_xmp_in_jpeg(tmp_path: Path) -> None:
    """XMP up to the limit that is checked does arrive in a JPEG."""
    recipe = "x" * (65_504 - len(write_recipe(None, "")))
    images.write(picture(), tmp_path / "a.jpg", recipe=recipe)
    assert images.read(tmp_path / "a.jpg").recipe == recipe
    with pytest.raises(OutputError, match="JPEG allows"):
        images.write(picture(), tmp_path / "b.jpg", recipe=recipe + "x")


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
