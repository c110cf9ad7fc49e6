"""Every Krita is found once, with its own folders, on three systems and in sandboxes."""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path

import pytest
from made_up_machine import answers, flatpak_with_krita, krita, linux, script

from dreamlayer.plugin.editor import APPIMAGE, FLATPAK, FOLDER, NATIVE, SNAP, STORE
from dreamlayer.plugin.kritas.family import KRITA
from dreamlayer.plugin.kritas.find import find
from dreamlayer.plugin.kritas.krita import Krita, how_to_get, version_in
from dreamlayer.plugin.machine import InstallError, Machine

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@posix
def test_linux(tmp_path: Path) -> None:
    """Native and AppImage share the user's files; Flatpak and Snap have their own."""
    machine = linux(tmp_path)
    home = machine.home
    krita(tmp_path / "bin" / "krita", "5.2.9")
    (tmp_path / "bin" / "kritarunner-old").write_text("")
    script(home / "Downloads" / "krita-5.3.0-x86_64.AppImage", "")
    flatpak_with_krita(machine, "5.2.11")
    script(tmp_path / "bin" / "snap", "#!/bin/sh\necho 'krita  5.2.2  64  latest/stable x -'\n")
    data, rc = home / ".local" / "share" / "krita", home / ".config" / "kritarc"
    own, snap = home / ".var" / "app" / "org.kde.krita", home / "snap" / "krita" / "current"
    assert [(k.version, k.kind, k.config, k.rc) for k in find(machine)] == [
        ("5.2", FLATPAK, own / "data" / "krita", own / "config" / "kritarc"),
        ("5.2", SNAP, snap / ".local" / "share" / "krita", snap / ".config" / "kritarc"),
        ("5.2", NATIVE, data, rc),
        ("5.3", APPIMAGE, data, rc),
    ]
    native = find(machine)[2]
    assert native.command == (str(tmp_path / "bin" / "kritarunner"),)
    assert native.plugins == data / "pykrita"
    assert native.name == "Krita 5.2 (native)"
    assert not (tmp_path / "bin" / "krita.log").exists(), "it would need a display"


@posix
def test_the_environment_names_the_folders(tmp_path: Path) -> None:
    """XDG_DATA_HOME and XDG_CONFIG_HOME count, but only where they can."""
    machine = linux(tmp_path, XDG_DATA_HOME="/my data", XDG_CONFIG_HOME="/my config")
    krita(tmp_path / "bin" / "krita", "5.2.9")
    (one,) = find(machine)
    assert (one.config, one.rc) == (Path("/my data/krita"), Path("/my config/kritarc"))
    relative = linux(tmp_path, XDG_DATA_HOME="data")
    assert find(relative)[0].config == relative.home / ".local" / "share" / "krita"


@posix
def test_settings_alone(tmp_path: Path) -> None:
    """A Krita that nobody finds gets the plug-in by its folder; one without a version, too."""
    machine = linux(tmp_path)
    assert find(machine) == []
    data = machine.home / ".local" / "share" / "krita"
    data.mkdir(parents=True)
    (one,) = find(machine)
    assert (one.name, one.config) == ("Krita (settings folder only)", data)
    script(tmp_path / "bin" / "krita", "")
    (one,) = find(machine)
    assert (one.version, one.kind, one.command) == ("", NATIVE, ())


@posix
def test_snap_on_the_path_is_no_native_program(tmp_path: Path) -> None:
    """/snap/bin/krita is a link to Snap itself."""
    machine = linux(tmp_path)
    (tmp_path / "bin" / "krita").symlink_to(script(tmp_path / "usr" / "snap", ""))
    assert find(machine) == []


def test_windows(tmp_path: Path) -> None:
    """The installer's Krita and the Store's, which has folders of its own; none is started."""
    home = tmp_path / "Jörg"
    local, roaming = home / "AppData" / "Local", home / "AppData" / "Roaming"
    script(tmp_path / "Program Files" / "Krita (x64)" / "bin" / "krita.exe", "")
    package = local / "Packages" / "49800Krita_n3kgb906j1zjg"
    package.mkdir(parents=True)
    environment = {
        "ProgramFiles": str(tmp_path / "Program Files"),
        "LOCALAPPDATA": str(local),
        "APPDATA": str(roaming),
    }
    machine = Machine("Windows", home, environment, tmp_path, answers({}))
    cache = package / "LocalCache"
    assert [(k.kind, k.config, k.rc, k.command) for k in find(machine)] == [
        (STORE, cache / "Roaming" / "krita", cache / "Local" / "kritarc", ()),
        (NATIVE, roaming / "krita", local / "kritarc", ()),
    ]


def test_macos(tmp_path: Path) -> None:
    """The version is in the bundle's Info.plist."""
    home, bundle = tmp_path / "Users" / "jörg", tmp_path / "Applications" / "krita.app"
    (bundle / "Contents").mkdir(parents=True)
    listed = plistlib.dumps({"CFBundleShortVersionString": "5.2.9"})
    (bundle / "Contents" / "Info.plist").write_bytes(listed)
    (one,) = find(Machine("Darwin", home, {"PATH": ""}, tmp_path, answers({})))
    library = home / "Library"
    assert (one.name, one.config) == (
        "Krita 5.2 (native)",
        library / "Application Support" / "krita",
    )
    assert one.rc == library / "Preferences" / "kritarc"


def test_one_version(tmp_path: Path) -> None:
    """A version that is not there is an error that names those that are."""
    machine = linux(tmp_path)
    script(machine.home / "bin" / "krita-5.2.9.appimage", "")
    assert len(KRITA.chosen(machine, "5.2")) == 1
    with pytest.raises(InstallError, match=r"no Krita 4\.4 was found; there are: Krita 5\.2 \(App"):
        KRITA.chosen(machine, "4.4")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("krita-5.2.9-x86_64.AppImage", "5.2"),
        ("5.3.4.1\n", "5.3"),
        ("krita 6.0.0-prealpha (git 0f1e2d3)", "6.0"),
        ("krita.appimage", ""),
        ("", ""),
    ],
)
def test_versions(text: str, version: str) -> None:
    """Major and minor version are read out of names and texts."""
    assert version_in(text) == version


def test_how_to_get_one(tmp_path: Path) -> None:
    """Debian's own package needs PyQt beside it; where Snap's is no use, another is offered."""
    machine = linux(tmp_path)
    snap = Krita("5.2", SNAP, tmp_path, rc=tmp_path)
    never = KRITA.unsupported(machine, snap)
    assert never is not None
    assert "Snap does not let Krita start programs" in never.sentence
    assert never.fix == "see https://krita.org/download/"
    script(tmp_path / "bin" / "apt-get", "")
    assert how_to_get(machine) == "sudo apt-get install krita python3-pyqt5"
    script(tmp_path / "bin" / "flatpak", "")
    assert how_to_get(machine, distribution=False) == "flatpak install flathub org.kde.krita"
    native = Krita("5.2", FOLDER, tmp_path, rc=tmp_path)
    assert KRITA.unsupported(machine, native) is None
    assert KRITA.not_permitted(machine, native) is None
