"""Sandboxed GIMPs by made-up package tools, whose answers were seen from the real Flatpak 1.14."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_up_machine import answers, flatpak, linux, script

from dreamlayer.plugin.editor import FLATPAK, NATIVE, SNAP, STORE
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.gimps.sandboxes import found, not_permitted, unsupported
from dreamlayer.plugin.machine import Machine

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")

SNAP_LIST = """#!/bin/sh
echo 'Name  Version  Rev  Tracking       Publisher     Notes'
echo 'gimp  3.0.6    525  latest/stable  snapcrafters  -'
"""


@posix
def test_flatpak_shares_the_settings(tmp_path: Path) -> None:
    """With the permission that Flathub's GIMP has, it reads the user's own settings folder."""
    machine = linux(tmp_path)
    flatpak(machine, "3.2.4", tmp_path / "config")
    (one,) = found(machine)
    assert (one.version, one.kind) == ("3.2", FLATPAK)
    assert one.config == machine.home / ".config" / "GIMP" / "3.2"
    run = ("flatpak", "run", "--command=gimp-console-3.2", "org.gimp.GIMP")
    assert one.command == run


@posix
def test_flatpak_without_create(tmp_path: Path) -> None:
    """An older package shares the folder only where it is; else it has one of its own."""
    machine = linux(tmp_path)
    flatpak(machine, "2.10.38", tmp_path / "config", folders="host;xdg-config/GIMP;")
    own = machine.home / ".var" / "app" / "org.gimp.GIMP" / "config" / "GIMP" / "2.10"
    assert [g.config for g in found(machine)] == [own]
    shared = machine.home / ".config" / "GIMP"
    shared.mkdir(parents=True)
    assert [g.config for g in found(machine)] == [shared / "2.10"]


@posix
def test_flatpak_with_no_such_permission(tmp_path: Path) -> None:
    """Where the user has taken the permission away, the application has a folder of its own."""
    machine = linux(tmp_path)
    (machine.home / ".config" / "GIMP").mkdir(parents=True)
    flatpak(machine, "3.2.4", tmp_path / "config", folders="host;!xdg-config/GIMP;")
    (one,) = found(machine)
    assert ".var" in one.config.parts


@posix
@pytest.mark.parametrize(
    ("policy", "free"),
    [
        ("org.freedesktop.Flatpak=talk", True),
        ("org.freedesktop.Flatpak=own", True),
        ("org.freedesktop.Flatpak=none", False),
        ("org.gtk.vfs.*=talk", False),
        ("", False),
    ],
)
def test_flatpak_confines(tmp_path: Path, policy: str, free: bool) -> None:
    """Without the right to start programs outside, the one command that gives it is named."""
    machine = linux(tmp_path)
    flatpak(machine, "3.2.4", tmp_path / "config", policy=policy)
    (one,) = found(machine)
    obstacle = not_permitted(machine, one)
    assert (obstacle is None) == free
    if obstacle:
        assert obstacle.fix == (
            "flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP"
        )


@posix
def test_flatpak_that_fails(tmp_path: Path) -> None:
    """A Flatpak that breaks off, or says what nobody understands, has no GIMP."""
    machine = linux(tmp_path)
    script(tmp_path / "bin" / "flatpak", "#!/bin/sh\necho '[[[org.gimp.GIMP'; exit 1\n")
    assert list(found(machine)) == []
    script(tmp_path / "bin" / "flatpak", "#!/bin/sh\necho 'org.gimp.GIMP\t3.2'; exit 0\n")
    (one,) = found(machine)
    assert not_permitted(machine, one) is not None


@posix
def test_snap_is_closed(tmp_path: Path) -> None:
    """GIMP from Snap is found, and said to be no place for the plug-in."""
    machine = linux(tmp_path)
    script(tmp_path / "bin" / "snap", SNAP_LIST)
    (one,) = found(machine)
    folder = machine.home / "snap" / "gimp" / "current" / ".config" / "GIMP" / "3.0"
    assert (one.version, one.kind, one.config) == ("3.0", SNAP, folder)
    obstacle = unsupported(machine, one)
    assert obstacle is not None
    assert "Snap" in obstacle.sentence


def test_the_store_is_closed(tmp_path: Path) -> None:
    """GIMP from the Microsoft Store is found by its aliases and settings, started or not."""
    local = tmp_path / "Jörg" / "AppData" / "Local"
    package = local / "Packages" / "GIMP.GIMP_n1xq9f"
    package.mkdir(parents=True)
    script(local / "Microsoft" / "WindowsApps" / "gimp-3.2.exe", "")
    script(local / "Microsoft" / "WindowsApps" / "winget.exe", "")
    environment = {
        "LOCALAPPDATA": str(local),
        "PATH": str(local / "Microsoft" / "WindowsApps"),
    }
    machine = Machine("Windows", tmp_path / "Jörg", environment, tmp_path, answers({}))
    (one,) = found(machine)
    folder = package / "LocalCache" / "Roaming" / "GIMP"
    assert (one.version, one.kind, one.config) == ("3.2", STORE, folder / "3.2")
    (folder / "3.0").mkdir(parents=True)
    assert {g.version for g in found(machine)} == {"3.0", "3.2"}
    obstacle = unsupported(machine, one)
    assert obstacle is not None
    assert obstacle.fix == "winget install GIMP.GIMP.3"


def test_what_is_not_in_a_sandbox_is_free(tmp_path: Path) -> None:
    """A native GIMP has no obstacle, and macOS has no sandbox that we know."""
    machine = linux(tmp_path)
    native = Gimp("3.2", NATIVE, tmp_path)
    assert unsupported(machine, native) is None
    assert not_permitted(machine, native) is None
    assert list(found(Machine("Darwin", tmp_path, {}, tmp_path, answers({})))) == []
