"""Every GIMP is listed once, oldest first, however many ways lead to it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_up_machine import flatpak, gimp, linux

from dreamlayer.plugin.editor import APPIMAGE, FLATPAK, FOLDER, NATIVE
from dreamlayer.plugin.gimps.family import GIMP
from dreamlayer.plugin.gimps.find import find
from dreamlayer.plugin.machine import InstallError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


def test_all_kinds_together(tmp_path: Path) -> None:
    """Native, Flatpak, AppImage and a settings folder alone are told apart and sorted."""
    machine = linux(tmp_path)
    settings = machine.home / ".config" / "GIMP"
    gimp(tmp_path / "bin" / "gimp-console-3.0", "3.0.4", settings / "3.0")
    gimp(tmp_path / "bin" / "gimp", "3.0.4", settings / "3.0")
    gimp(machine.home / "bin" / "GIMP-3.2.0-x86_64.AppImage", "3.2.0", settings / "3.2")
    flatpak(machine, "3.2.4", settings / "3.2")
    for version in ("2.10", "3.2"):
        (settings / version).mkdir(parents=True)
    assert [(g.version, g.kind) for g in find(machine)] == [
        ("2.10", FOLDER),
        ("3.0", NATIVE),
        ("3.2", APPIMAGE),
        ("3.2", FLATPAK),
    ]


def test_the_one_that_can_be_asked_counts(tmp_path: Path) -> None:
    """Of two AppImages of one version, the one that may be executed is taken."""
    machine = linux(tmp_path)
    gimp(machine.home / "Applications" / "GIMP-3.2.0.AppImage", "3.2.0", tmp_path).chmod(0o644)
    good = gimp(machine.home / "Downloads" / "GIMP-3.2.2.AppImage", "3.2.2", tmp_path)
    (one,) = find(machine)
    assert one.command == (str(good),)


def test_a_chosen_folder_is_the_only_one(tmp_path: Path) -> None:
    """With GIMP3_DIRECTORY, the usual settings of GIMP 3 are not touched; those of 2.10 are."""
    machine = linux(tmp_path, GIMP3_DIRECTORY=str(tmp_path / "mine"))
    for version in ("2.10", "3.2"):
        (machine.home / ".config" / "GIMP" / version).mkdir(parents=True)
    gimp(tmp_path / "bin" / "gimp-console", "3.2.0", tmp_path / "mine")
    assert [(g.version, g.config.name) for g in find(machine)] == [
        ("2.10", "2.10"),
        ("3.2", "mine"),
    ]


def test_one_version_only(tmp_path: Path) -> None:
    """A version that is not there is an error that names those that are; no GIMP is none."""
    machine = linux(tmp_path)
    assert GIMP.chosen(machine, "3.2") == []
    (machine.home / ".config" / "GIMP" / "3.2").mkdir(parents=True)
    assert len(GIMP.chosen(machine, "3.2")) == 1
    assert len(GIMP.chosen(machine)) == 1
    with pytest.raises(InstallError, match=r"no GIMP 3\.0 was found; there are: GIMP 3\.2"):
        GIMP.chosen(machine, "3.0")
