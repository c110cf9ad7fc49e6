"""Versions are read out of whatever GIMP prints, and settings folders follow GIMP's own rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_machine import linux, script

from dreamlayer.plugin.editor import FOLDER, NATIVE, number
from dreamlayer.plugin.gimps.gimp import (
    Gimp,
    how_to_get,
    in_name,
    in_text,
    native_config,
    settings,
)
from dreamlayer.plugin.machine import Machine


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("GNU Image Manipulation Program version 3.0.4\n", "3.0"),
        ("GNU Image Manipulation Program version 2.10.34\n", "2.10"),
        ("(gimp:19): GLib-CRITICAL **: 00:23:34.253: x\nGIMP version 3.2.6\n", "3.2"),
        ("GIMP 3.2.0-RC1\n", "3.2"),
        ("GNU Image Manipulation Program Version 4.0.0", "4.0"),
        ("GNU Image Manipulation Program version 2.8.22", None),
        ("GNU Image Manipulation Program version 2.99.18", None),
        ("error 3.5", None),
        ("", None),
    ],
)
def test_version_in_text(text: str, version: str | None) -> None:
    """Noise, other languages and versions that are too old are told from the version."""
    assert in_text(text) == version


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("GIMP-3.0.4-x86_64.AppImage", "3.0"),
        ("gimp-console-2.10.exe", "2.10"),
        ("gimp", None),
        ("GIMP-2.99.18.AppImage", None),
    ],
)
def test_version_in_a_name(name: str, version: str | None) -> None:
    """A file's name tells the version, where it has one."""
    assert in_name(name) == version


def test_versions_are_ordered_as_numbers() -> None:
    """2.10 is before 3.0, and 3.10 after 3.2."""
    assert sorted(["3.10", "2.10", "3.2"], key=number) == ["2.10", "3.2", "3.10"]


def test_settings_folders(tmp_path: Path) -> None:
    """Only folders that are named like a version count, development versions of 3 included."""
    for name in ("2.10", "2.8", "2.99", "3.1", "3.2", "fonts", "3.2.bak"):
        (tmp_path / name).mkdir()
    (tmp_path / "3.4").write_text("a file")
    assert [gimp.version for gimp in settings(tmp_path, FOLDER)] == ["2.10", "3.1", "3.2"]
    assert list(settings(tmp_path / "none", FOLDER)) == []


def test_the_environment_chooses_the_folder(tmp_path: Path) -> None:
    """GIMP3_DIRECTORY counts for 3, GIMP2_DIRECTORY for 2.10, relative to the home folder."""
    machine = linux(tmp_path, GIMP3_DIRECTORY="/my gimp", GIMP2_DIRECTORY="old")
    assert native_config(machine, "3.2") == Path("/my gimp")
    assert native_config(machine, "2.10") == machine.home / "old"
    plain = linux(tmp_path)
    assert native_config(plain, "3.2") == plain.home / ".config" / "GIMP" / "3.2"


def test_how_to_get_one(tmp_path: Path) -> None:
    """The command is one of a package tool that is there; without any, a page."""
    machine = linux(tmp_path)
    assert how_to_get(machine) == "see https://www.gimp.org/downloads/"
    script(tmp_path / "bin" / "apt-get", "")
    assert how_to_get(machine).startswith("sudo apt-get install gimp")
    assert "apt-get" not in how_to_get(machine, distribution=False)
    script(tmp_path / "bin" / "flatpak", "")
    assert how_to_get(machine) == "flatpak install flathub org.gimp.GIMP"


def test_how_to_get_one_elsewhere(tmp_path: Path) -> None:
    """Windows and macOS have package tools of their own."""
    script(tmp_path / "winget.exe", "")
    script(tmp_path / "brew", "")
    environment = {"PATH": str(tmp_path)}
    assert how_to_get(Machine("Windows", tmp_path, environment)).startswith("winget install")
    assert how_to_get(Machine("Darwin", tmp_path, environment)).startswith("brew install")


def test_names() -> None:
    """A GIMP is called by version and packaging."""
    assert Gimp("3.2", NATIVE, Path("/x")).name == "GIMP 3.2 (native)"
