"""GIMP is found as a program: on Linux by real scripts, on Windows and macOS by made-up answers."""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path

import pytest
from made_up_machine import answers, gimp, linux, script

from dreamlayer.plugin.editor import APPIMAGE, NATIVE
from dreamlayer.plugin.gimps.programs import found
from dreamlayer.plugin.machine import Machine

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts and links")


@posix
def test_programs_on_the_path(tmp_path: Path) -> None:
    """A console program is preferred, links to it are the same, other programs are not GIMP."""
    machine = linux(tmp_path)
    config = machine.home / ".config" / "GIMP" / "3.2"
    console = gimp(tmp_path / "bin" / "gimp-console-3.2", "3.2.6", config)
    gimp(tmp_path / "bin" / "gimp-3.2", "3.2.6", config)
    (tmp_path / "bin" / "gimp-console").symlink_to(console)
    (tmp_path / "bin" / "gimp").symlink_to(tmp_path / "bin" / "gimp-3.2")
    script(tmp_path / "bin" / "gimp-test-clipboard-3.2", "#!/bin/sh\nexit 9\n")
    (tmp_path / "bin" / "gimp-3.0").write_text("not executable")
    first = next(iter(found(machine)))
    assert (first.version, first.kind, first.config) == ("3.2", NATIVE, config)
    assert first.command == (str(tmp_path / "bin" / "gimp-console"),)
    assert {g.version for g in found(machine)} == {"3.2"}


@posix
def test_several_versions(tmp_path: Path) -> None:
    """2.10 and 3.x beside each other are all found, in folders with any name."""
    folder = tmp_path / "prøgrams of mine"
    machine = linux(tmp_path, PATH=f"{tmp_path / 'none'}::{folder}")
    for version in ("2.10.34", "3.0.4", "3.2.6"):
        short = version.rpartition(".")[0]
        gimp(folder / f"gimp-console-{short}", version, tmp_path / short)
    assert {g.version for g in found(machine)} == {"2.10", "3.0", "3.2"}


@posix
def test_a_program_that_says_nothing(tmp_path: Path) -> None:
    """Its name tells the version, or it is left out."""
    machine = linux(tmp_path)
    script(tmp_path / "bin" / "gimp-console-3.0", "#!/bin/sh\nexit 1\n")
    script(tmp_path / "bin" / "gimp", "#!/bin/sh\nexit 1\n")
    assert [g.version for g in found(machine)] == ["3.0"]


@posix
def test_snap_on_the_path_is_no_native_program(tmp_path: Path) -> None:
    """/snap/bin/gimp is a link to Snap itself."""
    machine = linux(tmp_path)
    snap = script(tmp_path / "usr" / "snap", "#!/bin/sh\necho GIMP version 3.0.6\n")
    (tmp_path / "bin" / "gimp").symlink_to(snap)
    assert list(found(machine)) == []


@posix
def test_appimages(tmp_path: Path) -> None:
    """They are found where people put them; one that may not be executed is never started."""
    machine = linux(tmp_path)
    named = gimp(machine.home / "Downloads" / "GIMP-3.0.4-x86_64.AppImage", "9.9", tmp_path / "c")
    asked = gimp(machine.home / "Applications" / "gimp.appimage", "3.2.1", tmp_path / "c")
    shut = machine.home / "Desktop" / "GIMP-3.4.0-aarch64.AppImage"
    gimp(shut, "3.4.0", tmp_path / "c").chmod(0o644)
    gimp(tmp_path / "opt" / "Inkscape-1.4.AppImage", "3.2.1", tmp_path / "c")
    images = {g.version: g for g in found(machine)}
    assert set(images) == {"3.0", "3.2", "3.4"}
    assert images["3.0"].command == (str(named),)
    assert images["3.2"].command == (str(asked),)
    assert images["3.4"].command == ()
    assert {g.kind for g in images.values()} == {APPIMAGE}
    assert images["3.2"].config == machine.home / ".config" / "GIMP" / "3.2"


def test_windows(tmp_path: Path) -> None:
    """Both installers' folders and Scoop; what has a window is found, but not started."""
    home = tmp_path / "Jörg"
    every = tmp_path / "Program Files" / "GIMP 3" / "bin" / "gimp-console-3.0.exe"
    one = home / "AppData" / "Local" / "Programs" / "GIMP 2" / "bin" / "gimp-2.10.exe"
    scoop = home / "scoop" / "apps" / "gimp" / "current" / "bin" / "gimp-console-3.2.exe"
    alias = home / "AppData" / "Local" / "Microsoft" / "WindowsApps" / "gimp-console-3.4.exe"
    for file in (every, one, scoop, alias):
        script(file, "")
    environment = {
        "ProgramFiles": str(tmp_path / "Program Files"),
        "LOCALAPPDATA": str(home / "AppData" / "Local"),
        "APPDATA": str(home / "AppData" / "Roaming"),
        "PATH": f"{every.parent};{alias.parent}",
    }
    said = {"console-3.0.exe": "GNU Image Manipulation Program version 3.0.8"}
    machine = Machine("Windows", home, environment, tmp_path, answers(said))
    programs = {g.version: g for g in found(machine)}
    assert set(programs) == {"2.10", "3.0", "3.2"}
    assert programs["3.0"].command == (str(every),)
    assert programs["3.2"].command == (str(scoop),)
    assert programs["2.10"].command == ()
    assert programs["3.0"].config == home / "AppData" / "Roaming" / "GIMP" / "3.0"


def test_macos(tmp_path: Path) -> None:
    """The version is in the bundle's Info.plist; damaged bundles are asked, or left out."""
    home = tmp_path / "Users" / "jörg"
    system, own = tmp_path / "Applications", home / "Applications"
    for bundle, version in ((system / "GIMP.app", "3.2.4"), (own / "GIMP-2.10.app", "2.10.38")):
        for name in ("gimp", "gimp-console-x", "gimp-console"):
            script(bundle / "Contents" / "MacOS" / name, "")
        listed = plistlib.dumps({"CFBundleShortVersionString": version})
        (bundle / "Contents" / "Info.plist").write_bytes(listed)
    script(system / "GIMP asked.app" / "Contents" / "MacOS" / "gimp", "")
    (system / "GIMP empty.app").mkdir()
    script(system / "Krita.app" / "Contents" / "MacOS" / "gimp", "")
    said = {"asked.app/Contents/MacOS/gimp": "GIMP version 3.0.2"}
    machine = Machine("Darwin", home, {"PATH": ""}, tmp_path, answers(said))
    bundles = {g.version: g for g in found(machine)}
    assert set(bundles) == {"2.10", "3.0", "3.2"}
    console = system / "GIMP.app" / "Contents" / "MacOS" / "gimp-console"
    assert bundles["3.2"].command == (str(console),)
    support = home / "Library" / "Application Support"
    assert bundles["2.10"].config == support / "GIMP" / "2.10"


def test_what_is_no_folder_is_passed_over(tmp_path: Path) -> None:
    """A PATH that names a file, or nothing that is there, is no reason to stop."""
    machine = linux(tmp_path, PATH=f"{tmp_path / 'file'}:{tmp_path / 'none'}")
    (tmp_path / "file").write_text("")
    assert list(found(machine)) == []
