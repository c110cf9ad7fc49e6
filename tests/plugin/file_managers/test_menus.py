"""Deep Dream is put into the menus of the file managers that are there, and taken out again."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from made_up_desktop import desktop, files, install, starter

from dreamlayer.plugin import cli
from dreamlayer.plugin.file_managers import own_files
from dreamlayer.plugin.file_managers.launcher import read_setup

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")

ENTRIES = {
    ".local/share/nautilus/scripts/Deep Dream",
    ".local/share/nemo/actions/dreamlayer.nemo_action",
    ".config/Thunar/uca.xml",
    ".local/share/kio/servicemenus/dreamlayer.desktop",
}
OWN = {f".local/share/dreamlayer/file-managers/{name}" for name in ("deep-dream", "settings.json")}


def test_every_file_manager(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each gets its file, all start one script, and each is told about."""
    machine = desktop(tmp_path)
    assert install(machine) == 0
    assert files(machine.home) == ENTRIES | OWN
    assert capsys.readouterr().out.splitlines() == [
        "Files (Nautilus): installed: Scripts > Deep Dream in its menu",
        "Nemo: installed: Deep Dream in its menu",
        "Thunar: installed: Deep Dream in its menu, once it is started again: thunar -q",
        "Dolphin: installed: Deep Dream in its menu",
        "Select pictures, right-click, choose Deep Dream: the preset 'default' is used, and the "
        "results are put beside them.",
    ]
    for name in (".local/share/nautilus/scripts/Deep Dream", *OWN - {"settings.json"}):
        if not name.endswith("json"):
            assert os.access(machine.home / name, os.X_OK)
    assert os.access(machine.home / ".local/share/kio/servicemenus/dreamlayer.desktop", os.X_OK)


def test_those_that_are_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File managers that are not installed get nothing, and are named."""
    machine = desktop(tmp_path, ["dolphin"])
    assert install(machine) == 0
    assert files(machine.home) == OWN | {".local/share/kio/servicemenus/dreamlayer.desktop"}
    assert "not found, and left out: Files (Nautilus), Nemo and Thunar" in capsys.readouterr().out


def test_none_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any file manager nothing is written."""
    machine = desktop(tmp_path, [])
    assert install(machine) == 2
    assert "there is no Files (Nautilus), Nemo, Thunar or Dolphin" in capsys.readouterr().err
    assert not files(machine.home)


def test_the_desktop_s_own_folders(tmp_path: Path) -> None:
    """The variables of the XDG base directories count where they are absolute."""
    data, config = tmp_path / "my data", tmp_path / "my config"
    machine = desktop(tmp_path, XDG_DATA_HOME=str(data), XDG_CONFIG_HOME=str(config))
    assert install(machine) == 0
    assert (data / "nemo" / "actions" / "dreamlayer.nemo_action").is_file()
    assert (config / "Thunar" / "uca.xml").is_file()
    assert not files(machine.home)


def test_twice_is_as_once(tmp_path: Path) -> None:
    """A second installation changes no byte."""
    machine = desktop(tmp_path)
    install(machine)
    before = {name: (machine.home / name).read_bytes() for name in files(machine.home)}
    assert install(machine) == 0
    assert before == {name: (machine.home / name).read_bytes() for name in files(machine.home)}


def test_the_preset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The preset that was chosen stays chosen; one that is not there is refused before all."""
    machine = desktop(tmp_path)
    assert install(machine, "--preset", "animal") == 2
    assert "animals" in capsys.readouterr().err
    assert not files(machine.home)
    assert install(machine, "--preset", "animals") == 0
    assert install(machine) == 0
    setup = read_setup(machine)
    assert setup is not None
    assert setup.preset == "animals"
    assert " --preset animals -- " in starter(machine).read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--preset", "animals"], "--preset is for file managers; give --file-managers with it"),
        (["--file-managers", "--gimp", "3.2"], "--file-managers installs into no editor"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    """What would be ignored is refused."""
    assert cli.main(["install", *words], machine=desktop(tmp_path)) == 2
    assert said in capsys.readouterr().err


def test_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json one object tells all."""
    machine = desktop(tmp_path, ["nemo"])
    assert install(machine, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report == {
        "ok": True,
        "gimps": [],
        "kritas": [],
        "file_managers": [
            {
                "name": "Nemo",
                "ok": True,
                "says": "installed: Deep Dream in its menu",
                "path": str(machine.home / ".local/share/nemo/actions/dreamlayer.nemo_action"),
            }
        ],
        "preset": "default",
        "not_found": ["Files (Nautilus)", "Thunar", "Dolphin"],
    }


def test_somebody_else_s_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of the user's under the same name stays, and the others are installed."""
    machine = desktop(tmp_path)
    mine = machine.home / ".local/share/nautilus/scripts/Deep Dream"
    mine.parent.mkdir(parents=True)
    mine.write_text("#!/bin/sh\necho mine\n")
    assert install(machine) == 2
    assert f"not installed: {mine} is not Deep Dream's; move it away" in capsys.readouterr().out
    assert cli.main(["uninstall", "--file-managers"], machine=machine) == 0
    assert files(machine.home) == {".local/share/nautilus/scripts/Deep Dream"}


def test_what_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One failure is told with the file, and stops no other."""
    machine = desktop(tmp_path)
    real = own_files.replace_file

    def full(path: Path, content: bytes) -> None:
        if "kio" in path.parts:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(own_files, "replace_file", full)
    assert install(machine) == 2
    assert "dreamlayer.desktop cannot be written: No space left on device" in (
        capsys.readouterr().out
    )
    assert (machine.home / ".local/share/nemo/actions/dreamlayer.nemo_action").is_file()


@pytest.mark.parametrize("words", [["--file-managers"], []])
def test_nothing_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """Uninstalling removes all files, alone or with the editors' filters."""
    machine = desktop(tmp_path)
    install(machine)
    capsys.readouterr()
    assert cli.main(["uninstall", "-q", *words], machine=machine) == 0
    said = capsys.readouterr().out
    assert "Nemo: removed from " in said
    left = {path.relative_to(machine.home).as_posix() for path in machine.home.rglob("*")}
    assert left == {".config", ".local", ".local/share"}
    assert cli.main(["uninstall", "-q", "--file-managers"], machine=machine) == 0
    assert "was not in the menu of any file manager" in capsys.readouterr().out


def test_removed_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON of `uninstall` tells of file managers too."""
    machine = desktop(tmp_path, ["nemo"])
    install(machine)
    capsys.readouterr()
    assert cli.main(["uninstall", "-q", "--json"], machine=machine) == 0
    report = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in report["file_managers"]] == ["Nemo", "file managers"]


def test_folders_of_the_user_stay(tmp_path: Path) -> None:
    """Only empty ones go; a link to a folder is the user's."""
    machine = desktop(tmp_path, ["nautilus", "nemo"])
    data = machine.home / ".local/share"
    (data / "nemo/scripts").mkdir(parents=True)
    elsewhere = tmp_path / "my scripts"
    elsewhere.mkdir()
    (data / "nautilus").mkdir()
    (data / "nautilus/scripts").symlink_to(elsewhere)
    install(machine)
    assert cli.main(["uninstall", "-q", "--file-managers"], machine=machine) == 0
    left = {path.relative_to(data).as_posix() for path in data.rglob("*")}
    assert left == {"nautilus", "nautilus/scripts", "nemo", "nemo/scripts"}
    assert list(elsewhere.iterdir()) == []
