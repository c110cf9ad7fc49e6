"""Tell the user something, though nobody looks at a terminal: by the desktop, or in a window."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from dreamlayer.plugin.file_managers.powershell import powershell
from dreamlayer.plugin.file_managers.words import TITLE
from dreamlayer.plugin.machine import Machine

_SECONDS = 15.0
"""Seconds that a program may take which only hands the text on."""
_READING = 3600.0
"""Seconds that a window may stay open; it is closed by the user."""

_APPLE = (
    "on run words",
    "display notification (item 2 of words) with title (item 1 of words)",
    "end run",
)

_BALLOON = """
Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$icon = New-Object System.Windows.Forms.NotifyIcon
$icon.Icon = [System.Drawing.SystemIcons]::Information
$icon.Visible = $true
$icon.ShowBalloonTip(15000, $env:DREAMLAYER_TITLE, $env:DREAMLAYER_TEXT, '{kind}')
Start-Sleep -Seconds 8
$icon.Dispose()
"""

_MESSAGE_BOX = (
    "import ctypes, os; ctypes.windll.user32.MessageBoxW("
    "None, os.environ['DREAMLAYER_TEXT'], os.environ['DREAMLAYER_TITLE'], {style})"
)


def notify(machine: Machine, text: str, *, urgent: bool = False, brief: bool = False) -> bool:
    """Tell one sentence or a few; whether anything shows them.

    Parameters
    ----------
    machine : Machine
        The machine.
    text : str
        What is told.
    urgent : bool
        Whether something went wrong, so that it must not pass unseen.
    brief : bool
        Whether only those ways are taken that do not wait for a reader.
    """
    told = {"DREAMLAYER_TITLE": TITLE, "DREAMLAYER_TEXT": text}
    machine = replace(machine, environment={**machine.environment, **told})
    for command, seconds in _ways(machine, text, urgent=urgent):
        if brief and seconds > _SECONDS:
            continue
        if machine.run(command, machine.environment, seconds).code == 0:
            return True
    return False


def _ways(machine: Machine, text: str, *, urgent: bool) -> Iterator[tuple[Sequence[str], float]]:
    """Commands that tell it, the best first, each with its seconds."""
    if machine.windows:
        yield powershell(_BALLOON.format(kind="Error" if urgent else "Info")), 4 * _SECONDS
        style = 0x10 if urgent else 0x40
        yield [sys.executable, "-c", _MESSAGE_BOX.format(style=style)], _READING
    elif machine.system == "Darwin":
        lines = [word for line in _APPLE for word in ("-e", line)]
        yield ["osascript", *lines, TITLE, text], _SECONDS
        yield ["osascript", "-e", 'display alert (system attribute "DREAMLAYER_TEXT")'], _READING
    else:
        yield from _ways_on_linux(machine, text, urgent=urgent)


def _ways_on_linux(
    machine: Machine, text: str, *, urgent: bool
) -> Iterator[tuple[Sequence[str], float]]:
    # Notifications take a little markup.
    marked = escape(text, quote=False)
    level = "critical" if urgent else "normal"
    words = [f"--app-name={TITLE}", f"--urgency={level}", "--icon=applications-graphics"]
    yield ["notify-send", *words, "--", TITLE, marked], _SECONDS
    place = ["--dest", "org.freedesktop.Notifications"]
    place += ["--object-path", "/org/freedesktop/Notifications"]
    method = ["--method", "org.freedesktop.Notifications.Notify"]
    hints = f"{{'urgency': <byte {2 if urgent else 1}>}}"
    given = [_variant(TITLE), "uint32 0", _variant("applications-graphics"), _variant(TITLE)]
    given += [_variant(marked), "@as []", hints, "int32 -1"]
    yield ["gdbus", "call", "--session", *place, *method, *given], _SECONDS
    if not (machine.environment.get("DISPLAY") or machine.environment.get("WAYLAND_DISPLAY")):
        return
    yield ["kdialog", "--title", TITLE, "--passivepopup", text, "15"], 2 * _SECONDS
    kind = "error" if urgent else "info"
    shown = [f"--title={TITLE}", f"--text={text}"]
    yield ["zenity", f"--{kind}", "--no-markup", "--width=420", *shown], _READING
    yield ["yad", f"--{kind}", "--no-markup", "--width=420", "--button=OK:0", *shown], _READING
    yield ["xmessage", "-center", text], _READING


def _variant(text: str) -> str:
    """A text as gdbus reads it."""
    quoted = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{quoted}'"
