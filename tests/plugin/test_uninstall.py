"""Uninstalling takes away what was installed, from every GIMP, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_machine import HOME, linux

from dreamlayer.plugin import cli
from dreamlayer.plugin.folder import install_folder


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The settings of two GIMPs that have the plug-in, and one that does not."""
    folder = tmp_path / HOME / ".config" / "GIMP"
    for version in ("2.10", "3.0"):
        install_folder(folder / version / "plug-ins", {"dreamlayer.py": b""}, {})
    (folder / "3.2").mkdir()
    return folder


def test_from_every_gimp(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each GIMP is told about; a second time there is nothing left."""
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    gone = settings / "2.10" / "plug-ins" / "dreamlayer"
    assert lines[0] == f"GIMP 2.10 (settings folder only): removed {gone}"
    assert lines[2] == "GIMP 3.2 (settings folder only): nothing was installed"
    assert not gone.exists()
    assert cli.main(["uninstall", "--json"], machine=linux(tmp_path)) == 0
    report = json.loads(capsys.readouterr().out)
    assert {gimp["says"] for gimp in report["gimps"]} == {"nothing was installed"}


def test_from_one(settings: Path, tmp_path: Path) -> None:
    """One version, or one folder, leaves the others alone."""
    assert cli.main(["uninstall", "--gimp", "3.0"], machine=linux(tmp_path)) == 0
    assert not (settings / "3.0" / "plug-ins" / "dreamlayer").exists()
    other = settings / "2.10" / "plug-ins"
    assert (other / "dreamlayer").is_dir()
    assert cli.main(["uninstall", "--to", str(other)], machine=linux(tmp_path)) == 0
    assert not (other / "dreamlayer").exists()


def test_others_stay(settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plug-in of somebody else's under our name is left, and that is said."""
    entry = settings / "3.0" / "plug-ins" / "dreamlayer" / "dreamlayer.py"
    entry.with_name("worker.json").unlink()
    entry.write_text("another")
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    assert "which is not Deep Dream's" in capsys.readouterr().out
    assert entry.read_text() == "another"


def test_without_any_gimp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to do is no failure."""
    assert cli.main(["uninstall"], machine=linux(tmp_path)) == 0
    assert "nothing to remove" in capsys.readouterr().out
