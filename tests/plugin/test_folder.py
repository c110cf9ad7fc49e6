"""The installed folder is replaced whole or not at all, and only where it is ours."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import time
from pathlib import Path

import pytest
from made_up_machine import HOME

from dreamlayer.plugin.folder import (
    install_folder,
    installed_files,
    is_ours,
    read_settings,
    remove_folder,
)
from dreamlayer.plugin.gimps.content import ENTRY, PROCEDURE, plugin_files
from dreamlayer.plugin.machine import InstallError

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and permission bits")
SETTINGS = {
    "command": ["/my venv/bin/python", "-P"],
    "environment": {},
    "version": "1",
    "interpreter": "/Jörg/python",
}
NEW = {ENTRY: b"#!/usr/bin/env python3\n# plug-in-deep-dream new\n", "part/a.json": b"{}"}


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A plug-ins folder that is not there yet."""
    return tmp_path / HOME / "GIMP" / "3.2" / "plug-ins"


def everything(folder: Path) -> dict[str, bytes]:
    """All files under a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def age(path: Path) -> None:
    """Let it look two hours old."""
    long_ago = time.time() - 7200
    os.utime(path, (long_ago, long_ago))


def test_the_files_of_this_version() -> None:
    """What is installed is what lies in plugin/dreamlayer, without what Python leaves there."""
    found = plugin_files("3.2")
    assert found[ENTRY].startswith(b"#!/usr/bin/env python3\n")
    assert PROCEDURE.encode() in b"".join(found.values())
    assert not [name for name in found if "__pycache__" in name or name.endswith(".pyc")]


def test_pictures_of_the_presets_lie_beside_the_description(plugins: Path, tmp_path: Path) -> None:
    """They are installed and removed with the rest; without any, all else is the same."""
    pictures = tmp_path / "thumbnails"
    pictures.mkdir()
    (pictures / "eyes.jpg").write_bytes(b"eyes")
    (pictures / "notes.txt").write_bytes(b"not one")
    for version in ("2.10", "3.0"):
        found = plugin_files(version, pictures=pictures)
        rest = plugin_files(version, pictures=tmp_path / "nowhere")
        assert found == {**rest, "thumbnails/eyes.jpg": b"eyes"}
        target = install_folder(plugins, found, SETTINGS)
        assert (target / "description.json").is_file()
        assert (target / "thumbnails" / "eyes.jpg").read_bytes() == b"eyes"
        assert remove_folder(plugins)
        assert not target.exists()


@pytest.mark.parametrize("version", ["2.10", "3.0"])
def test_languages_come_and_go_with_the_rest(plugins: Path, tmp_path: Path, version: str) -> None:
    """Files of languages are installed and examined, and go when the plug-in or they go."""
    source, name = tmp_path / "source", "locale/zh_CN/dreamlayer.po"
    (source / name).parent.mkdir(parents=True)
    (source / name).write_text('msgid "Steps"\nmsgstr "步数"\n', encoding="utf-8")
    (source / ENTRY).write_bytes(NEW[ENTRY])
    found = plugin_files(version, source, tmp_path / "nowhere")
    assert set(found) == {ENTRY, name}
    target = install_folder(plugins, found, SETTINGS)
    assert (target / name).read_text(encoding="utf-8").endswith('msgstr "步数"\n')
    assert installed_files(target) == found
    install_folder(plugins, NEW, SETTINGS)
    assert not (target / "locale").exists()
    install_folder(plugins, found, SETTINGS)
    assert remove_folder(plugins)
    assert everything(plugins.parent) == {}


def test_the_first_line_for_2_10() -> None:
    """GIMP 2.10 finds its Python 2.7 by the name python alone; the rest is the same."""
    old, new = plugin_files("2.10"), plugin_files("3.0")
    assert old[ENTRY].startswith(b"#!/usr/bin/env python\n")
    assert old[ENTRY].partition(b"\n")[2] == new[ENTRY].partition(b"\n")[2]
    assert {**old, ENTRY: b""} == {**new, ENTRY: b""}


def test_a_copy_without_the_files(tmp_path: Path) -> None:
    """A package that was built without the plug-in says so."""
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / ENTRY).write_bytes(b"")
    with pytest.raises(InstallError, match=r"lacks dreamlayer\.py"):
        plugin_files("3.0", tmp_path)


def test_placed(plugins: Path) -> None:
    """All files are there, the entry is executable, and nothing else lies about."""
    folder = install_folder(plugins, NEW, SETTINGS)
    assert folder == plugins / "dreamlayer"
    assert everything(plugins.parent) == {
        **{f"plug-ins/dreamlayer/{name}": data for name, data in NEW.items()},
        "plug-ins/dreamlayer/worker.json": (folder / "worker.json").read_bytes(),
    }
    assert read_settings(folder) == SETTINGS
    if os.name != "nt":
        assert stat.S_IMODE((folder / ENTRY).stat().st_mode) == 0o755


def test_replaced_without_stale_files(plugins: Path) -> None:
    """What an older version had and this one has not is gone."""
    install_folder(plugins, {**NEW, "stale.py": b"", "old/b": b""}, SETTINGS)
    install_folder(plugins, NEW, SETTINGS)
    assert set(everything(plugins / "dreamlayer")) == {*NEW, "worker.json"}


def test_the_time_moves_on(plugins: Path) -> None:
    """GIMP sees by the whole second of its time that the entry is another one."""
    entry = plugins / "dreamlayer" / ENTRY
    times = set()
    for _ in range(3):
        install_folder(plugins, NEW, SETTINGS)
        times.add(int(entry.stat().st_mtime))
    assert len(times) == 3


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, OSError(28, "No space left")])
@pytest.mark.parametrize("step", ["_write", "_set_later_times", "_swap", "rename"])
def test_ended_early(
    plugins: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException, step: str
) -> None:
    """Whatever ends it and where, the older plug-in stays as it was and nothing is left."""
    install_folder(plugins, {**NEW, "old.py": b"old"}, SETTINGS)
    before = everything(plugins.parent)

    def fail(*_: object) -> None:
        raise end

    if step == "rename":
        real = Path.rename

        def rename(self: Path, target: Path) -> Path:
            if target == plugins / "dreamlayer" and (self / "part").exists() and not fail_once:
                fail_once.append(self)
                raise end
            return real(self, target)

        fail_once: list[Path] = []
        monkeypatch.setattr(Path, "rename", rename)
    else:
        monkeypatch.setattr(f"dreamlayer.plugin.folder.{step}", fail)
    with pytest.raises((KeyboardInterrupt, SystemExit, InstallError)):
        install_folder(plugins, NEW, SETTINGS)
    assert everything(plugins.parent) == before


def test_interrupted_while_the_old_goes(plugins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended after the exchange, the new plug-in is there; the next install sweeps the old one."""
    install_folder(plugins, {**NEW, "old.py": b"old"}, SETTINGS)
    real, calls = shutil.rmtree, []

    def rmtree(path: Path, **options: bool) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        real(path, **options)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    with pytest.raises(KeyboardInterrupt):
        install_folder(plugins, NEW, SETTINGS)
    assert set(everything(plugins / "dreamlayer")) == {*NEW, "worker.json"}
    (left,) = plugins.parent.glob(".dreamlayer-*")
    age(left)
    install_folder(plugins, NEW, SETTINGS)
    assert [path.name for path in plugins.parent.iterdir()] == ["plug-ins"]


def test_what_a_killed_install_left_is_swept(plugins: Path) -> None:
    """Later installs take away the folders of one that had no time to, and nothing else."""
    names = [".dreamlayer-0123abcd", ".dreamlayer-4567abcd", ".dreamlayer-backup", "plug-ins"]
    for name in names[:3]:
        (plugins.parent / name / "part").mkdir(parents=True)
        age(plugins.parent / name)
    # Another install may still write into this one.
    os.utime(plugins.parent / names[1])
    install_folder(plugins, NEW, SETTINGS)
    assert sorted(path.name for path in plugins.parent.iterdir()) == names[1:]
    assert remove_folder(plugins)
    assert sorted(path.name for path in plugins.parent.iterdir()) == names[2:]
    (plugins.parent / names[0]).mkdir()
    assert not remove_folder(plugins)
    assert sorted(path.name for path in plugins.parent.iterdir()) == names[2:]


def test_a_folder_that_is_lost_while_it_is_written(
    plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is an error, not a plug-in without some of its files; the older one stays."""
    install_folder(plugins, {**NEW, "old.py": b"old"}, SETTINGS)
    before = everything(plugins.parent)
    for number in range(len(NEW) + 1):
        calls: list[int] = []

        def lose(file: int, calls: list[int] = calls, number: int = number) -> None:
            calls.append(file)
            if len(calls) == number + 1:
                (fresh,) = plugins.parent.glob(".dreamlayer-*")
                shutil.rmtree(fresh)

        monkeypatch.setattr(os, "fsync", lose)
        with pytest.raises(InstallError, match=r"cannot be changed|was removed while"):
            install_folder(plugins, NEW, SETTINGS)
        assert everything(plugins.parent) == before


@pytest.mark.parametrize("found", ["folder", "file"])
def test_others_are_refused(plugins: Path, found: str) -> None:
    """A plug-in of somebody else's under our name is neither replaced nor removed."""
    target = plugins / "dreamlayer"
    if found == "folder":
        target.mkdir(parents=True)
        (target / ENTRY).write_text("print('another plug-in')")
    else:
        plugins.mkdir(parents=True)
        target.write_text("plug-in-deep-dream")
    before = everything(plugins)
    with pytest.raises(InstallError, match="is not Deep Dream's; move it away"):
        install_folder(plugins, NEW, SETTINGS)
    assert not remove_folder(plugins)
    assert everything(plugins) == before


def test_a_damaged_one_is_ours(plugins: Path) -> None:
    """An install that lost files is replaced, as is an empty folder."""
    folder = install_folder(plugins, NEW, SETTINGS)
    (folder / "worker.json").unlink()
    assert is_ours(folder)
    install_folder(plugins, NEW, SETTINGS)
    (folder / ENTRY).write_bytes(b"")
    assert is_ours(folder)
    install_folder(plugins, NEW, SETTINGS)
    assert remove_folder(plugins)
    folder.mkdir()
    install_folder(plugins, NEW, SETTINGS)


def test_removed(plugins: Path) -> None:
    """Ours goes, once; other plug-ins and the folder stay."""
    install_folder(plugins, NEW, SETTINGS)
    (plugins / "other").mkdir()
    assert remove_folder(plugins)
    assert not remove_folder(plugins)
    assert [path.name for path in plugins.iterdir()] == ["other"]
    assert [path.name for path in plugins.parent.iterdir()] == ["plug-ins"]


@posix
def test_links_are_kept_or_replaced(plugins: Path, tmp_path: Path) -> None:
    """A linked plug-ins folder stays a link; a link in our place goes, what it names stays."""
    real, mine = tmp_path / "elsewhere" / "real", tmp_path / "mine"
    real.mkdir(parents=True)
    mine.mkdir()
    (mine / ENTRY).write_text("# plug-in-deep-dream")
    plugins.parent.mkdir(parents=True)
    plugins.symlink_to(real)
    (real / "dreamlayer").symlink_to(mine)
    install_folder(plugins, NEW, SETTINGS)
    assert plugins.is_symlink()
    assert not (real / "dreamlayer").is_symlink()
    assert set(everything(real / "dreamlayer")) == {*NEW, "worker.json"}
    assert [path.name for path in mine.iterdir()] == [ENTRY]
    assert [path.name for path in real.parent.iterdir()] == ["real"]


def test_a_file_in_the_way(plugins: Path) -> None:
    """A plug-ins folder that is a file is an error of one sentence."""
    plugins.parent.mkdir(parents=True)
    plugins.write_text("")
    with pytest.raises(InstallError, match="cannot be changed: "):
        install_folder(plugins, NEW, SETTINGS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "is missing"),
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[]", "is damaged"),
        (json.dumps({**SETTINGS, "command": "python"}).encode(), "is damaged"),
        (json.dumps({"command": ["python"]}).encode(), "is damaged"),
    ],
)
def test_settings_that_cannot_be_read(tmp_path: Path, text: bytes | None, sentence: str) -> None:
    """A worker.json that this program did not write is told from one that it did."""
    if text is not None:
        (tmp_path / "worker.json").write_bytes(text)
    with pytest.raises(InstallError, match=sentence):
        read_settings(tmp_path)
