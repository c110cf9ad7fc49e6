"""The doctor follows the plug-in in Krita in the same order as in GIMP, and fixes what it finds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import flatpak_with_krita, krita, linux, python, script

from dreamlayer.core.version import VERSION
from dreamlayer.plugin import cli
from dreamlayer.plugin.examiner import Check, Examiner, Target
from dreamlayer.plugin.kritas.family import KRITA
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.steps import Steps

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")

INSTALL = "'{installer}' -m dreamlayer.plugin install"
KEPT = f"{INSTALL} --python '{{python}}'"
"""With the Python that was chosen when the plug-in was installed, since it still works."""


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    """A machine with one Krita that has the plug-in, in which all is well."""
    installer = python(tmp_path / "the installer" / "python")
    path = python(tmp_path / "my venv" / "python")
    krita(tmp_path / "bin" / "krita", "5.2.9")
    machine = replace(linux(tmp_path), python=str(installer))
    assert cli.main(["install", "--python", str(path)], machine=machine) == 0
    capsys.readouterr()
    return machine


def plugins(machine: Machine) -> Path:
    """Where Krita looks for plug-ins."""
    return machine.home / ".local" / "share" / "krita" / "pykrita"


def rc(machine: Machine) -> Path:
    """Krita's settings."""
    return machine.home / ".config" / "kritarc"


def examine(machine: Machine) -> list[Check]:
    """The checks of the only Krita."""
    (one,) = KRITA.find(machine)
    target = Target(one.name, KRITA, one.plugins, one)
    return list(Examiner(machine, Steps(quiet=True)).examine(target))


def test_all_is_well(machine: Machine) -> None:
    """Everything is checked, in this order."""
    checks = examine(machine)
    assert [check.name for check in checks] == [
        "plug-in",
        "files",
        "enabled",
        "Python",
        "networks",
        "providers",
        "Krita",
    ]
    assert all(check.ok and check.fix is None for check in checks)
    assert checks[2].says == f"in {rc(machine)}"


def switch_off(machine: Machine) -> None:
    rc(machine).write_bytes(rc(machine).read_bytes().replace(b"=true", b"=false"))


def lose_settings(machine: Machine) -> None:
    rc(machine).unlink()


def lose_desktop(machine: Machine) -> None:
    (plugins(machine) / "dreamlayer.desktop").unlink()


def change_desktop(machine: Machine) -> None:
    (plugins(machine) / "dreamlayer.desktop").write_text("[Desktop Entry]\n")


def lose_entry(machine: Machine) -> None:
    (plugins(machine) / "dreamlayer" / "__init__.py").unlink()


def add_gimps_side(machine: Machine) -> None:
    (plugins(machine) / "dreamlayer" / "dreamlayer.py").write_text("")


def lose_pyqt(machine: Machine) -> None:
    script(machine.root / "bin" / "apt-get", "")
    said = "No module named 'PyQt6.sip' Could not import krita"
    krita(machine.root / "bin" / "krita", "6.0.0", answer="", says=said)


def break_the_plug_in(machine: Machine) -> None:
    krita(machine.root / "bin" / "krita", "5.2.9", answer='{"known": false, "error": "no x"}')


@pytest.mark.parametrize(
    ("harm", "name", "says", "fix"),
    [
        (switch_off, "enabled", "it is not enabled in {rc}", KEPT),
        (lose_settings, "enabled", "it is not enabled in {rc}", KEPT),
        (lose_desktop, "files", "dreamlayer.desktop is missing", KEPT),
        (change_desktop, "files", f"dreamlayer.desktop is not that of version {VERSION}", KEPT),
        (lose_entry, "files", "__init__.py is missing", KEPT),
        (add_gimps_side, "files", "dreamlayer.py does not belong to version", KEPT),
        (lose_pyqt, "Krita", "this Krita finds no PyQt6", "sudo apt-get install python3-pyqt6"),
        (break_the_plug_in, "Krita", "the plug-in says: no x", KEPT),
    ],
)
def test_each_fault(
    machine: Machine,
    harm: Callable[[Machine], None],
    name: str,
    says: str,
    fix: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first fault is the last check; all before it are well, and installing again helps."""
    harm(machine)
    *before, last = examine(machine)
    path, installer = machine.root / "my venv" / "python", machine.python
    assert all(check.ok for check in before)
    assert (last.ok, last.name) == (False, name)
    assert says.format(rc=rc(machine)) in last.says
    assert last.fix == fix.format(python=path, installer=installer)
    krita(machine.root / "bin" / "krita", "5.2.9")
    assert cli.main(["install", "--python", str(path)], machine=machine) == 0
    assert cli.main(["doctor"], machine=machine) == 0
    assert "WRONG" not in capsys.readouterr().out


def test_flatpak_that_confines(machine: Machine) -> None:
    """The right to start the worker is missed; the command gives it."""
    (machine.root / "bin" / "krita").unlink()
    plugins(machine).parent.rename(machine.root / "elsewhere")
    flatpak_with_krita(machine, "5.2.11")
    path = str(machine.root / "my venv" / "python")
    assert cli.main(["install", "--python", path], machine=machine) == 2
    last = examine(machine)[-1]
    assert (last.ok, last.name) == (False, "sandbox")
    assert last.fix == ("flatpak override --user --talk-name=org.freedesktop.Flatpak org.kde.krita")


def test_a_krita_that_is_open(machine: Machine) -> None:
    """It must be started again to see the plug-in."""
    for number, name in (("self", "python"), ("17", "krita")):
        (machine.root / "proc" / number).mkdir(parents=True)
        (machine.root / "proc" / number / "comm").write_text(name)
    assert examine(machine)[-1].says == (
        "the plug-in is registered; Krita is open: restart it, if the filter is new"
    )


def test_json(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The makes are listed apart."""
    assert cli.main(["doctor", "--json"], machine=machine) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["gimps"], len(report["kritas"])) == (True, [], 1)
    assert report["kritas"][0]["name"] == "Krita 5.2 (native)"
    assert report["kritas"][0]["checks"][2]["name"] == "enabled"


def test_no_krita(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for alone, that there is none is what is wrong."""
    assert cli.main(["doctor", "--krita"], machine=linux(tmp_path)) == 2
    said = capsys.readouterr().out
    assert "WRONG  Krita: no Krita was found" in said
    assert "fix: see https://krita.org/download/" in said
    assert "GIMP" not in said
