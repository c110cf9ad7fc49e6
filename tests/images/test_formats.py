"""Which format an output gets."""

from __future__ import annotations

from pathlib import Path

from dreamlayer.core.images.formats import output_format


def test_output_format() -> None:
    """The given format goes before the ending, in any case of letters; '-' is PNG."""
    assert output_format("a.JPG", None) == "jpeg"
    assert output_format("a.jpg", "TIF") == "tiff"
    assert output_format("-", None) == "png"
    assert output_format(Path("a.tiff"), None) == "tiff"
