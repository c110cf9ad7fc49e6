"""The file for Krita's own importer holds what `install` puts in place, and only that."""

from __future__ import annotations

import json
import sys
import zipfile
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import linux, python

from dreamlayer.plugin import cli
from dreamlayer.plugin.folder import is_ours
from dreamlayer.plugin.kritas.content import plugin_files
from dreamlayer.plugin.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a good Python and no editor."""
    return replace(linux(tmp_path), python=str(python(tmp_path / "my venv" / "python")))


def make(machine: Machine, file: Path, *options: str) -> int:
    """Run the command."""
    return cli.main(["zip", "--output", str(file), *options], machine=machine)


def test_what_it_holds(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder as an entry of its own, without which Krita does not find it, and its files."""
    file = machine.root / "dream.zip"
    assert make(machine, file) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{file}: in Krita, open it with Tools > Scripts > Import Python")
    assert told.err.startswith("Trying the Python that is to run the dreams, ")
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        read = {name: archive.read(name) for name in names}
    assert names[:2] == ["dreamlayer.desktop", "dreamlayer/"]
    wanted = {f"dreamlayer/{name}": data for name, data in plugin_files().items()}
    settings = json.loads(read.pop("dreamlayer/worker.json"))
    assert {name: data for name, data in read.items() if name in wanted} == wanted
    assert set(read) == {*wanted, "dreamlayer.desktop", "dreamlayer/"}
    assert settings["interpreter"] == machine.python
    assert settings["command"][:2] == ["/bin/sh", "-c"], "in Flatpak and outside"
    described = ConfigParser()
    described.read_string(read["dreamlayer.desktop"].decode())
    assert described["Desktop Entry"]["X-KDE-Library"] == "dreamlayer"
    assert described["Desktop Entry"]["X-Krita-Manual"] in plugin_files()


def test_unpacked_it_is_ours(machine: Machine) -> None:
    """What Krita unpacked is known as an install, so that it can be replaced and removed."""
    file, folder = machine.root / "dream.zip", machine.root / "pykrita"
    assert make(machine, file, "--quiet") == 0
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    assert is_ours(folder / "dreamlayer")
    assert cli.main(["doctor", "--to", str(folder)], machine=machine) == 0
    assert cli.main(["uninstall", "--to", str(folder)], machine=machine) == 0
    assert list(folder.iterdir()) == []


def test_the_same_files_make_the_same_archive(machine: Machine) -> None:
    """Neither the time nor the order on the disk is in it."""
    files = [machine.root / "a.zip", machine.root / "b.zip"]
    for file in files:
        assert make(machine, file, "-q") == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_elsewhere_there_is_no_flatpak(machine: Machine) -> None:
    """On Windows and macOS the worker is started by its own name."""
    for system in ("Windows", "Darwin"):
        file = machine.root / f"{system}.zip"
        assert make(replace(machine, system=system), file) == 0
        with zipfile.ZipFile(file) as archive:
            settings = json.loads(archive.read("dreamlayer/worker.json"))
        assert settings["command"][0] == machine.python


def test_mistakes(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A place that cannot be written is told before anything is tried; so is a bad Python."""
    assert make(machine, machine.root / "none" / "dream.zip") == 2
    assert "Trying" not in capsys.readouterr().err
    python(machine.root / "my venv" / "python", onnxruntime=None, reason="ImportError: x")
    assert make(machine, machine.root / "dream.zip") == 2
    assert "ONNX Runtime cannot be loaded" in capsys.readouterr().err
    assert not (machine.root / "dream.zip").exists()
