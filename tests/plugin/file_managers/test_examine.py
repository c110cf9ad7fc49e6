"""The doctor follows the menu entries from their files to the Python, and names what helps."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from made_up_desktop import desktop, install, starter
from made_up_machine import python

from dreamlayer.core.version import VERSION
from dreamlayer.plugin import cli
from dreamlayer.plugin.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    """A desktop with Deep Dream in two of its file managers."""
    made = desktop(tmp_path, ["nemo", "thunar"])
    assert install(made) == 0
    capsys.readouterr()
    return made


def doctor(machine: Machine, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """What the command says."""
    code = cli.main(["doctor", "--quiet"], machine=machine)
    return code, capsys.readouterr().out.splitlines()


def test_all_is_well(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Who has the entries alone, and no editor, is well."""
    code, lines = doctor(machine, capsys)
    assert code == 0
    assert lines == [
        "file managers",
        f"  ok     Python: 3.12.1 ({machine.root / 'my venv' / 'python'})",
        f"  ok     files: those of version {VERSION} in {starter(machine).parent}",
        "  ok     preset: default",
        "  ok     Nemo: Deep Dream in its menu",
        "  ok     Thunar: Deep Dream in its menu, once it is started again: thunar -q",
    ]


def test_nothing_is_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who never asked for it hears nothing of it."""
    _, lines = doctor(desktop(tmp_path), capsys)
    assert "file managers" not in lines


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("settings.json", "settings: "),
        ("deep-dream", "is not that of version"),
        ("entry", "dreamlayer.nemo_action is missing"),
        ("version", "they are those of version 0.0.1"),
    ],
)
def test_what_is_damaged(
    machine: Machine, capsys: pytest.CaptureFixture[str], damage: str, says: str
) -> None:
    """The first thing that is wrong is named, with the command that installs again."""
    own = starter(machine).parent
    if damage == "entry":
        (machine.home / ".local/share/nemo/actions/dreamlayer.nemo_action").unlink()
    elif damage == "version":
        path = own / "settings.json"
        path.write_text(path.read_text().replace(VERSION, "0.0.1"))
    else:
        (own / damage).write_text("damaged")
    code, lines = doctor(machine, capsys)
    assert code == 2
    assert lines[-2].startswith("  WRONG")
    assert says in lines[-2]
    assert "-m dreamlayer.plugin install --file-managers" in lines[-1]


def test_the_chosen_python_is_kept(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The advice names the Python that was chosen, where that works."""
    starter(machine).unlink()
    _, lines = doctor(machine, capsys)
    assert lines[-1].endswith(f"--python '{machine.root / 'my venv' / 'python'}'")


def test_a_python_that_is_gone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A Python that was removed is found, and the present one advised."""
    path = machine.root / "my venv" / "python"
    path.unlink()
    code, lines = doctor(machine, capsys)
    assert code == 2
    assert f"Python: {path} is not there" in lines[-2]
    assert f"install --file-managers --python {machine.python}" in lines[-1]
    python(path, onnxruntime=None, reason="ImportError: x")
    _, lines = doctor(machine, capsys)
    assert "ONNX Runtime cannot be loaded" in lines[-2]


def test_a_preset_that_is_gone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A preset of one's own that was deleted is told before the next right-click tells it."""
    for path in (starter(machine), starter(machine).with_name("settings.json")):
        path.write_text(path.read_text().replace("default", "gone"))
    code, lines = doctor(machine, capsys)
    assert code == 2
    assert "preset: " in lines[-2]
    assert "--preset default" in lines[-1]


def test_for_programs(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has the checks."""
    assert cli.main(["doctor", "--quiet", "--json"], machine=machine) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    assert [one["name"] for one in report["file_managers"]] == [
        *["Python", "files", "preset", "Nemo", "Thunar"]
    ]
