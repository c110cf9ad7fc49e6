"""Of what was selected, pictures are told from everything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from dreamlayer.plugin.file_managers.selection import select


def test_pictures_and_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endings tell, in any case; without one, the content; each file is taken once, in order."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "scan", "PNG")
    Image.new("L", (8, 8)).save(tmp_path / "drawing", "GIF")
    (tmp_path / "notes").write_text("notes")
    (tmp_path / "album.png").mkdir()
    names = ["B.JPG", "-a.tif", "x.gif", "notes.txt", "scan", "drawing", "notes", "album.png"]
    found = select([*names, str(tmp_path / "B.JPG")])
    assert found.pictures == [str(tmp_path / name) for name in ("B.JPG", "-a.tif", "scan")]
    assert found.others == [
        str(tmp_path / name) for name in ("x.gif", "notes.txt", "drawing", "notes", "album.png")
    ]


def test_a_picture_that_is_gone(tmp_path: Path) -> None:
    """It is no other file: why it fails is told later, with its name."""
    path = str(tmp_path / "gone.png")
    assert select([path]).pictures == [path]
