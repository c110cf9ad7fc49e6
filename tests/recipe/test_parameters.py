"""Recipe files as editors and mistakes make them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.parameters import read_text
from dreamlayer.core.recipe.presets import load


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_marks_of_byte_order_are_no_text(encoding: str, tmp_path: Path) -> None:
    """Notepad and PowerShell write one."""
    path = tmp_path / "r.toml"
    path.write_text('steps = 3\nguide = "größe→.png"\n', encoding=encoding)
    assert (load(path).steps, load(path).guide) == (3, "größe→.png")


def test_other_encodings_are_said(tmp_path: Path) -> None:
    """One sentence says which to choose."""
    path = tmp_path / "r.toml"
    path.write_text("steps = 3", encoding="utf-16")
    with pytest.raises(RecipeError, match=r"r\.toml' is text in UTF-16; save it as UTF-8"):
        load(path)
    path.write_bytes("größe = 3".encode("latin-1"))
    with pytest.raises(RecipeError, match="not text in UTF-8"):
        load(path)


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    """A sparse file of gigabytes takes a megabyte, and so does a device."""
    path = tmp_path / "r.json"
    with path.open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(RecipeError, match="is no recipe: it is longer than"):
        load(path)
    if Path("/dev/zero").exists():
        with pytest.raises(RecipeError, match="is no recipe"):
            load("/dev/zero")


@pytest.mark.parametrize("name", ["", "gone.toml", "x" * 3000, "a\0b", "."])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    """Missing, too long, a folder, or no name at all."""
    with pytest.raises(RecipeError, match=r"^recipe '.* cannot be read: .*; check the name$"):
        read_text(os.path.join(tmp_path, name) if name else ".")  # noqa: PTH118 - keeps a null
