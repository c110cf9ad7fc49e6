"""The progress window is the desktop's own, and says whether the user cancels."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_machine import linux, script

from dreamlayer.plugin.file_managers import window as windows
from dreamlayer.plugin.file_managers.kdialog import KdialogWindow
from dreamlayer.plugin.file_managers.window import CANCELLED, NoWindow, PipeWindow, open_window
from dreamlayer.plugin.machine import Answer, Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")

SCREEN = {"DISPLAY": ":9"}


def machine(tmp: Path, *programs: str, **environment: str) -> Machine:
    """A machine with these programs, which note how they were started and what they read."""
    made = linux(tmp, **environment)
    path = f"{tmp / 'bin'}{os.pathsep}/usr/bin:/bin"
    made = replace(made, environment={**made.environment, "PATH": str(tmp / "bin")})
    for name in programs:
        text = (
            f'#!/bin/sh\nPATH={path}\necho "{name} $*" >> {tmp}/started\nexec cat >> {tmp}/read\n'
        )
        script(tmp / "bin" / name, text)
    return made


def wait(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true within some seconds."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize(
    ("programs", "environment", "chosen"),
    [
        (("zenity", "yad"), SCREEN, "zenity"),
        (("yad",), {"WAYLAND_DISPLAY": "wayland-0"}, "yad"),
        (("zenity", "kdialog", "dbus-send"), {**SCREEN, "XDG_CURRENT_DESKTOP": "KDE"}, "kdialog"),
        (("zenity", "kdialog"), {**SCREEN, "XDG_CURRENT_DESKTOP": "KDE"}, "zenity"),
        (("zenity", "kdialog"), {**SCREEN, "XDG_CURRENT_DESKTOP": "GNOME"}, "zenity"),
    ],
)
def test_which_program(
    tmp_path: Path, programs: tuple[str, ...], environment: dict[str, str], chosen: str
) -> None:
    """KDE's own program comes first in KDE if it can be steered, and last elsewhere."""
    window = open_window(machine(tmp_path, *programs, **environment))
    started = tmp_path / "started"
    assert wait(lambda: started.exists() and started.read_text() != "")
    window.close()
    assert started.read_text().split()[0] == chosen


def test_without_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program is started where nobody sees it, or there is none."""
    assert isinstance(open_window(machine(tmp_path, "zenity")), NoWindow)
    assert not (tmp_path / "started").exists()
    (tmp_path / "bin" / "zenity").unlink()
    monkeypatch.setattr(windows.importlib.util, "find_spec", lambda _name: None)
    window = open_window(machine(tmp_path, **SCREEN))
    assert isinstance(window, NoWindow)
    window.show(0.5, "a.jpg")
    window.close()


def test_python_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the desktop has no program, Python's Tk makes the window, also on Windows and macOS."""
    started: list[list[str]] = []
    monkeypatch.setattr(windows.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(
        windows, "PipeWindow", lambda command, _environment: started.append(command)
    )
    for made in (
        machine(tmp_path, **SCREEN),
        replace(machine(tmp_path), system="Windows"),
        replace(machine(tmp_path), system="Darwin"),
    ):
        open_window(made)
    assert started == [[sys.executable, "-P", "-m", windows.TK]] * 3


def test_what_it_reads(tmp_path: Path) -> None:
    """Percentages up to 99, so that it stays open, and texts with the backslashes doubled."""
    window = open_window(machine(tmp_path, "zenity", **SCREEN))
    window.show(0.123, "a\\b.jpg")
    window.show(0.2, "too soon after the first")
    time.sleep(0.15)
    window.show(1.0, "Jörg <b> & c.png")
    read = tmp_path / "read"
    text = "12\n# a\\\\b.jpg\n99\n# Jörg <b> & c.png\n"
    assert wait(lambda: read.exists() and read.read_text("utf-8") == text), read.read_text()
    assert not window.cancelled
    window.close()


@pytest.mark.parametrize(("code", "cancelled"), [(CANCELLED, True), (252, True), (1, False)])
def test_how_it_ends(code: int, cancelled: bool) -> None:
    """The button and closing the window cancel; a window that is lost ends nothing."""
    window = PipeWindow([sys.executable, "-c", f"raise SystemExit({code})"], {})
    if cancelled:
        assert wait(lambda: window.cancelled)
    else:
        time.sleep(0.5)
        assert not window.cancelled
        window.show(0.5, "the work goes on")
    window.close()


def test_one_that_does_not_start() -> None:
    """The work is done all the same."""
    window = PipeWindow(["/no/such/zenity"], {})
    window.show(0.5, "a.jpg")
    assert not window.cancelled
    window.close()


def test_kdialog_is_steered(tmp_path: Path) -> None:
    """Over D-Bus it gets a button, texts and values, is asked for the button, and closed."""
    made = machine(tmp_path)
    script(tmp_path / "bin" / "kdialog", "#!/bin/sh\necho org.kde.kdialog-7 /ProgressDialog\n")
    script(
        tmp_path / "bin" / "dbus-send",
        f'#!/bin/sh\necho "$*" >> {tmp_path}/sent\n'
        f'case "$*" in *wasCancelled*) echo "   boolean $(/bin/cat {tmp_path}/button)" ;; esac\n',
    )
    (tmp_path / "button").write_text("false\n")
    window = KdialogWindow(made)
    window.show(0.25, "a.jpg")
    sent = tmp_path / "sent"
    assert wait(lambda: sent.exists() and "variant:int32:25" in sent.read_text())
    lines = sent.read_text().splitlines()
    assert lines[0].endswith("ProgressDialog.showCancelButton boolean:true")
    assert any(line.endswith("setLabelText string:a.jpg") for line in lines)
    assert not window.cancelled
    (tmp_path / "button").write_text("true\n")
    assert wait(lambda: window.cancelled)
    window.close()


def test_kdialog_is_closed(tmp_path: Path) -> None:
    """At the end of the work it goes; where it does not start, the work is done all the same."""
    made = machine(tmp_path)
    KdialogWindow(made).close()
    script(tmp_path / "bin" / "kdialog", "#!/bin/sh\necho org.kde.kdialog-7 /ProgressDialog\n")
    script(
        tmp_path / "bin" / "dbus-send",
        f'#!/bin/sh\necho "$*" >> {tmp_path}/sent\necho "   boolean false"\n',
    )
    window = KdialogWindow(made)
    assert wait(lambda: (tmp_path / "sent").exists())
    window.close()
    assert (tmp_path / "sent").read_text().splitlines()[-1].endswith("ProgressDialog.close")
    assert not window.cancelled


@pytest.mark.parametrize(
    ("code", "error", "cancels"),
    [
        (1, "Error org.freedesktop.DBus.Error.ServiceUnknown: The name is not activatable", True),
        (1, "Error org.freedesktop.DBus.Error.NoReply: Did not receive a reply", False),
        (1, "Failed to open connection to session bus: Connection refused", False),
        (None, "no answer in 5 s", False),
        (None, "No such file or directory", False),
    ],
)
def test_only_a_window_that_is_gone_cancels(
    tmp_path: Path, code: int | None, error: str, cancels: bool
) -> None:
    """A slow answer, or a D-Bus that cannot be asked, does not end the user's batch."""
    asked: list[str] = []

    def run(command: Sequence[str], _environment: Mapping[str, str], _seconds: float) -> Answer:
        if command[0] == "kdialog":
            return Answer(0, "org.kde.kdialog-7 /ProgressDialog", "")
        asked.append(command[-1])
        return Answer(code, "", error)

    window = KdialogWindow(replace(linux(tmp_path), run=run))
    assert wait(lambda: any("wasCancelled" in one for one in asked))
    assert wait(lambda: window.cancelled or asked[-1].startswith("variant"))
    window.close()
    assert window.cancelled == cancels
