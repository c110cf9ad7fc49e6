"""Temporary files of dead processes are told apart from those that are in use."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from image_samples import names

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import replace_file, replacement
from dreamlayer.core.files.claims import create, host, new_name

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows locks open files")

DAY = 24 * 3600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that this process has not written into."""
    replacement._swept.discard(tmp_path)
    return tmp_path


def left(folder: Path, name: str, age: float = 0) -> str:
    """A file of some seconds of age; its name."""
    (folder / name).write_bytes(b"half")
    then = time.time() - age
    os.utime(folder / name, (then, then))
    return name


def test_what_killed_processes_left_is_removed_by_the_next(folder: Path) -> None:
    """Ours at once, those of other machines and of version 0.1 after a day."""
    ours = left(folder, new_name(".dreamlayer-", ".part"))
    others = left(folder, ".dreamlayer-00000000-0123456789abcdef.part", DAY + 60)
    first = left(folder, ".dreamlayer-0123456789abcdef.part", DAY + 60)
    replace_file(folder / "a.png", b"new")
    assert names(folder) == ["a.png"], (ours, others, first)


def test_what_may_be_in_use_stays(folder: Path) -> None:
    """On another machine, whose locks may not be seen here, or in another process."""
    others = left(folder, ".dreamlayer-00000000-0123456789abcdef.part")
    first = left(folder, ".dreamlayer-0123456789abcdef.part")
    used = new_name(".dreamlayer-", ".part")
    number = create(folder / used, 0o600)
    replace_file(folder / "a.png", b"new")
    assert names(folder) == sorted([others, first, used, "a.png"])
    os.close(number)
    replacement._swept.discard(folder)
    replace_file(folder / "a.png", b"new")
    assert names(folder) == sorted([others, first, "a.png"])


def test_nothing_else_is_removed(folder: Path) -> None:
    """Files of other names, folders, links, and what lies deeper."""
    kept = [left(folder, name, DAY * 99) for name in (".dreamlayer-x.png", "a.part", ".part")]
    (folder / f".dreamlayer-{host()}-folder.part").mkdir()
    (folder / f".dreamlayer-{host()}-link.part").symlink_to(folder / "a.part")
    os.mkfifo(folder / f".dreamlayer-{host()}-pipe.part")
    (folder / "deep").mkdir()
    deep = left(folder / "deep", new_name(".dreamlayer-", ".part"), DAY * 99)
    before = names(folder)
    replace_file(folder / "a.png", b"new")
    assert names(folder) == sorted([*before, "a.png"])
    assert names(folder / "deep") == [deep]
    assert set(kept) <= set(before)


def test_a_folder_is_looked_through_once(folder: Path) -> None:
    """It may hold a hundred thousand pictures."""
    replace_file(folder / "a.png", b"new")
    late = left(folder, new_name(".dreamlayer-", ".part"))
    replace_file(folder / "b.png", b"new")
    assert names(folder) == sorted([late, "a.png", "b.png"])


def test_closed_file_without_locks_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no locks, and a finished file is closed while it waits for its last name."""
    monkeypatch.setattr("dreamlayer.core.files.claims.fcntl", None)
    monkeypatch.setattr("dreamlayer.core.files.replacement._NAMELESS", 0)
    finished = left(folder, new_name(".dreamlayer-", ".part"))
    old = left(folder, new_name(".dreamlayer-", ".part"), DAY + 60)
    replace_file(folder / "a.png", b"new")
    assert names(folder) == sorted([finished, "a.png"])
    assert old not in names(folder)


def test_loss_of_the_temporary_file_is_told_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is there, so it is not said to be gone."""
    monkeypatch.setattr("dreamlayer.core.files.replacement._NAMELESS", 0)

    def write() -> None:
        with replacement.replacing(folder / "a.png"):
            next(folder.glob(".dreamlayer-*")).unlink()

    with pytest.raises(OutputError, match="another program removed the temporary one; try again"):
        write()
    assert names(folder) == []
