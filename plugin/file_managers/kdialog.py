"""The progress window of KDE's kdialog, which stays open and is steered over D-Bus."""

from __future__ import annotations

import threading

from dreamlayer.plugin.file_managers.words import TITLE
from dreamlayer.plugin.machine import Answer, Machine

_SECONDS = 5.0
_EVERY = 0.5
"""Seconds between two questions: each is a process."""

_SLOW = ("DBus.Error.NoReply", "DBus.Error.Timeout", "DBus.Error.TimedOut")
"""Errors of a dialog that is busy."""

_DIALOG = "org.kde.kdialog.ProgressDialog"


class KdialogWindow:
    """See `window.Window`; it is asked and told in a thread of its own, so that nobody waits.

    Parameters
    ----------
    machine : Machine
        The machine.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._state: tuple[float, str] = (0.0, "")
        self._closed = threading.Event()
        self.cancelled = False
        self._thread = threading.Thread(target=self._steer, daemon=True)
        self._thread.start()

    def show(self, fraction: float, text: str) -> None:
        """Show how much is done, from 0 to 1, and what is being done."""
        self._state = fraction, text

    def close(self) -> None:
        """Close the window."""
        self._closed.set()
        self._thread.join(4 * _SECONDS)

    def _steer(self) -> None:
        command = ["kdialog", "--title", TITLE, "--progressbar", "Starting ...", "100"]
        answer = self._machine.run(command, self._machine.environment, 4 * _SECONDS)
        words = answer.out.split()
        if answer.code != 0 or len(words) != 2:
            return
        service, path = words
        self._call(service, path, f"{_DIALOG}.showCancelButton", "boolean:true")
        shown = None
        while not self._closed.wait(_EVERY):
            said = self._call(service, path, f"{_DIALOG}.wasCancelled")
            if "boolean true" in said.out or _is_gone(said):
                # Who closes the window ends the service too.
                self.cancelled = True
                return
            if self._state != shown:
                shown = fraction, text = self._state
                self._call(service, path, f"{_DIALOG}.setLabelText", f"string:{text}")
                setting = [
                    f"string:{_DIALOG}",
                    "string:value",
                    f"variant:int32:{fraction * 100:.0f}",
                ]
                self._call(service, path, "org.freedesktop.DBus.Properties.Set", *setting)
        self._call(service, path, f"{_DIALOG}.close")

    def _call(self, service: str, path: str, method: str, *words: str) -> Answer:
        """What dbus-send says of a method."""
        command = ["dbus-send", "--session", "--print-reply", f"--dest={service}", path, method]
        return self._machine.run([*command, *words], self._machine.environment, _SECONDS)


def _is_gone(said: Answer) -> bool:
    """Whether the bus knows no such dialog; a slow one, or a bus that is lost, cancels nothing."""
    refused = said.code not in (0, None) and said.err.lstrip().startswith("Error ")
    return refused and not any(slow in said.err for slow in _SLOW)
