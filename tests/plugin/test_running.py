"""Whether the user has a GIMP open is seen in the system's processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from made_up_machine import answers, linux

from dreamlayer.plugin.gimps.family import GIMP
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.running import running


@pytest.mark.skipif(sys.platform == "win32", reason="the processes of Linux")
@pytest.mark.parametrize(
    ("name", "open_now"),
    [
        ("gimp", True),
        ("gimp-3.0", True),
        ("gimp-2.10", True),
        ("gimp-console-3.", False),
        ("gimpressionist", False),
        ("bash", False),
    ],
)
def test_linux(tmp_path: Path, name: str, *, open_now: bool) -> None:
    """A GIMP with a window counts, not one without, nor its plug-ins."""
    machine = linux(tmp_path)
    assert running(machine, GIMP.process) is None, "a system that does not tell"
    for number, comm in (("1", "systemd"), ("17", name), ("self", "python")):
        folder = tmp_path / "proc" / number
        folder.mkdir(parents=True)
        (folder / "comm").write_text(f"{comm}\n")
    assert running(machine, GIMP.process) is open_now


@pytest.mark.skipif(sys.platform == "win32", reason="the processes of Linux")
def test_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's GIMP is none of ours."""
    for number in ("self", "17"):
        (tmp_path / "proc" / number).mkdir(parents=True)
        (tmp_path / "proc" / number / "comm").write_text("gimp\n")
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert running(linux(tmp_path), GIMP.process) is False


@pytest.mark.parametrize(
    ("system", "program", "text"),
    [
        ("Windows", "tasklist", '"gimp-3.0.exe","4242","Console","1","312.000 K"\n'),
        ("Darwin", "ps", "COMM\nFinder\ngimp\n"),
    ],
)
def test_others(tmp_path: Path, system: str, program: str, text: str) -> None:
    """Windows and macOS list their processes by a program."""

    def machine(said: dict[str, str]) -> Machine:
        return Machine(system, tmp_path, {}, tmp_path, answers(said))

    assert running(machine({program: text}), GIMP.process) is True
    assert running(machine({program: text.replace("gimp", "gimp-console")}), GIMP.process) is False
    assert running(machine({}), GIMP.process) is None
