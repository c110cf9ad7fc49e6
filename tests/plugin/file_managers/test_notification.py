"""The end is told by the first thing that works on the desktop."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import linux

from dreamlayer.plugin.file_managers.notification import notify
from dreamlayer.plugin.machine import Answer, Machine

TEXT = "Finished: Ann's <b>&c.jpg"


class Desk:
    """Runs nothing; the programs named `works` succeed."""

    def __init__(self, *works: str) -> None:
        self.works = works
        self.ran: list[list[str]] = []
        self.environment: Mapping[str, str] = {}

    def run(self, command: Sequence[str], environment: Mapping[str, str], _: float) -> Answer:
        """Note the command."""
        self.ran.append(list(command))
        self.environment = environment
        return Answer(0 if command[0] in self.works else None, "", "")


def machine(tmp: Path, desk: Desk, system: str = "Linux") -> Machine:
    """A machine with a screen."""
    return replace(linux(tmp, DISPLAY=":9"), system=system, run=desk.run)


def test_as_a_notification(tmp_path: Path) -> None:
    """Names are no markup, nor options; what went wrong stays until it is seen."""
    desk = Desk("notify-send")
    assert notify(machine(tmp_path, desk), TEXT)
    assert len(desk.ran) == 1
    assert desk.ran[0][-3:] == ["--", "Deep Dream", "Finished: Ann's &lt;b&gt;&amp;c.jpg"]
    assert "--urgency=normal" in desk.ran[0]
    notify(machine(tmp_path, desk), TEXT, urgent=True)
    assert "--urgency=critical" in desk.ran[1]


def test_by_d_bus(tmp_path: Path) -> None:
    """Where only GLib's tool is there, texts are quoted as it reads them."""
    desk = Desk("gdbus")
    assert notify(machine(tmp_path, desk), TEXT)
    assert desk.ran[-1][0] == "gdbus"
    assert "'Finished: Ann\\'s &lt;b&gt;&amp;c.jpg'" in desk.ran[-1]


@pytest.mark.parametrize("program", ["kdialog", "zenity", "yad", "xmessage"])
def test_in_a_window(tmp_path: Path, program: str) -> None:
    """Without notifications a window tells it, with the text as it is."""
    desk = Desk(program)
    assert notify(machine(tmp_path, desk), TEXT, urgent=True)
    assert desk.ran[-1][0] == program
    assert any(TEXT in word for word in desk.ran[-1])


def test_without_a_screen(tmp_path: Path) -> None:
    """No window is tried, and that nobody saw it is known."""
    desk = Desk("zenity")
    made = replace(linux(tmp_path), run=desk.run)
    assert not notify(made, TEXT)
    assert [one[0] for one in desk.ran] == ["notify-send", "gdbus"]


def test_on_macos(tmp_path: Path) -> None:
    """AppleScript gets the text as an argument, not as a part of the script."""
    desk = Desk("osascript")
    assert notify(machine(tmp_path, desk, "Darwin"), TEXT)
    assert desk.ran[0][-2:] == ["Deep Dream", TEXT]
    assert TEXT not in " ".join(desk.ran[0][:-1])


def test_on_windows(tmp_path: Path) -> None:
    """PowerShell gets the text by its environment; else there is a message box."""
    desk = Desk("powershell")
    assert notify(machine(tmp_path, desk, "Windows"), TEXT, urgent=True)
    shown = base64.b64decode(desk.ran[0][-1]).decode("utf-16-le")
    assert "$env:DREAMLAYER_TEXT, 'Error'" in shown
    assert desk.environment["DREAMLAYER_TEXT"] == TEXT
    desk = Desk()
    assert not notify(machine(tmp_path, desk, "Windows"), TEXT)
    assert "MessageBoxW" in desk.ran[1][-1]


@pytest.mark.parametrize("system", ["Linux", "Windows", "Darwin"])
def test_what_waits_for_nobody(tmp_path: Path, system: str) -> None:
    """That work has begun is told by what returns at once, or not at all: no window is opened."""
    desk = Desk("kdialog", "zenity", "yad", "xmessage", "powershell")
    assert not notify(machine(tmp_path, desk, system), TEXT, brief=True)
    tried = {"Linux": ["notify-send", "gdbus"], "Windows": [], "Darwin": ["osascript"]}
    assert [one[0] for one in desk.ran] == tried[system]
