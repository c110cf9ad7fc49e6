"""The doctor's report, as text and as JSON, ends with 0 only where every GIMP is well."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from made_up_machine import gimp, linux, python

from dreamlayer.plugin import cli
from dreamlayer.plugin.folder import files, place
from dreamlayer.plugin.interpreter import Trial, record
from dreamlayer.plugin.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with GIMP 3.0, in which all is well, and 3.2, which was never started."""
    machine = linux(tmp_path)
    path = python(tmp_path / "python")
    for version in ("3.0", "3.2"):
        config = machine.home / ".config" / "GIMP" / version
        gimp(tmp_path / "bin" / f"gimp-console-{version}", version, config)
    settings = record(Trial(str(path)), inside=False, outside=True)
    place(machine.home / ".config/GIMP/3.0/plug-ins", files("3.0"), settings)
    return machine


def test_text(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a check, and the command that mends what is wrong."""
    assert cli.main(["doctor"], machine=machine) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "GIMP 3.0 (native)"
    assert lines[6] == "  ok     GIMP: the plug-in is registered"
    assert lines[7] == "GIMP 3.2 (native)"
    assert lines[8].startswith("  WRONG  plug-in: it is not installed in")
    assert lines[9] == f"         mend it: {sys.executable} -m plugin install"
    assert len(lines) == 10


def test_one_version(machine: Machine) -> None:
    """With --gimp, only that version counts."""
    assert cli.main(["doctor", "--gimp", "3.0"], machine=machine) == 0
    assert cli.main(["doctor", "--gimp", "3.2"], machine=machine) == 2


def test_json(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for another program."""
    assert cli.main(["doctor", "--json"], machine=machine) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    good, bad = report["gimps"]
    assert (good["ok"], good["wrong"], good["mend"]) == (True, None, None)
    assert good["checks"][0]["name"] == "plug-in"
    assert bad["wrong"].startswith("it is not installed in")
    assert bad["mend"] == f"{sys.executable} -m plugin install"


def test_no_gimp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any GIMP that is what is wrong."""
    assert cli.main(["doctor"], machine=linux(tmp_path)) == 2
    said = capsys.readouterr().out
    assert "WRONG  GIMP: none was found" in said
    assert "mend it: see https://www.gimp.org/downloads/" in said
    assert cli.main(["doctor", "--json"], machine=linux(tmp_path)) == 2
    report = json.loads(capsys.readouterr().out)
    assert report == {
        "ok": False,
        "gimps": [],
        "mend": "see https://www.gimp.org/downloads/",
    }


def test_a_folder(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that the user names is checked without a GIMP."""
    plugins = machine.home / ".config" / "GIMP" / "3.0" / "plug-ins"
    assert cli.main(["doctor", "--to", str(plugins)], machine=machine) == 0
    assert capsys.readouterr().out.startswith("folder\n  ok     plug-in: installed in")
