"""Which format an output gets, and what the formats are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.formats import (
    FORMATS,
    NAMES,
    READ,
    default_extension,
    output_format,
    with_article,
)


def test_output_format() -> None:
    """The given format goes before the ending, in any case of letters; '-' is PNG."""
    assert output_format("a.JPG", None) == "jpeg"
    assert output_format("a.jpg", "TIF") == "tiff"
    assert output_format("-", None) == "png"
    assert output_format(Path("a.tiff"), None) == "tiff"


@pytest.mark.parametrize("ending", [".heic", ".AVIF", ".gif", ".bmp"])
def test_what_is_only_read(ending: str) -> None:
    """The ending of a format that is read but not written says so."""
    with pytest.raises(OutputError, match=r"can be read but not written; use \.png"):
        output_format(f"a{ending}", None)


def test_default_extension() -> None:
    """What is made from a picture keeps its format where that can be written, else it is PNG."""
    found = {format: default_extension(format) for format in READ}
    assert {found.pop(format) for format in FORMATS} == {".png", ".jpg", ".tif", ".webp"}
    assert set(found) == {"heic", "avif", "gif", "bmp", "jxl"}
    assert set(found.values()) == {".png"}


def test_names() -> None:
    """Every format has a name, and the article that goes with it."""
    assert NAMES.keys() == READ.keys()
    assert [with_article(one) for one in ("jpeg", "avif", "?")] == ["a JPEG", "an AVIF", "a file"]
