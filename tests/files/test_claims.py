"""Temporary files of dead processes are told apart from those that are in use."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from image_samples import names

from dreamlayer.core.files import claims, replace_file, replacement
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


def test_without_locks_a_fresh_file_may_be_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a file is closed before it gets its final name; an hour later it is abandoned."""
    monkeypatch.setattr(claims, "fcntl", None)
    path = tmp_path / claims.new_name(".dreamlayer-", ".part")
    os.close(claims.create(path, 0o600))
    with claims.abandoned(path) as found:
        assert not found
    then = time.time() - 3700
    os.utime(path, (then, then))
    with claims.abandoned(path) as found:
        assert found
