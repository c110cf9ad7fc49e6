"""What a result holds beside its pixels, and whether its format can hold the picture."""

from __future__ import annotations

from pathlib import Path

from command_line import refused, run
from PIL import Image


def test_no_recipe_and_no_metadata(photo: Path, quick: list[str]) -> None:
    """As asked for; with neither, nothing tells where the picture comes from."""
    out = photo.with_name("out.png")
    with Image.open(photo) as picture:
        info = Image.Exif()
        info[0x010E] = "a description"
        picture.save(photo, exif=info)
    for option, kept in (("--no-recipe", True), ("--strip-metadata", False)):
        assert run("dream", photo, "-o", out, option, *quick).returncode == 0
        written = out.read_bytes()
        assert b"small.onnx" not in written
        assert (b"a description" in written) == kept


def test_transparency_that_the_result_could_not_hold(photo: Path, quick: list[str]) -> None:
    """Is found before the dream, and no folder is made."""
    with Image.open(photo) as picture:
        picture.convert("RGBA").save(photo)
    out = photo.with_name("out")
    result = run("dream", photo, "-o", f"{out}/", "--format", "jpeg", *quick)
    refused(result, "has transparency, which JPEG cannot store")
    assert not out.exists()
