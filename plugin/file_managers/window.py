"""A window with a progress bar and a button that cancels: the best that the desktop has."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from dreamlayer.plugin.file_managers.words import TITLE
from dreamlayer.plugin.machine import Machine

CANCELLED = 31
"""The exit code of a window that the user cancelled or closed; any other means that it was lost."""

TK = "dreamlayer.plugin.file_managers.tk_window"

_CLOSED = 252
"""How yad ends when its window is closed."""

_OPTIONS = ("--progress", f"--title={TITLE}", "--text=Starting ...", "--width=420")
_MORE = {"zenity": (), "yad": ("--no-markup", "--center", f"--button=Cancel:{CANCELLED}")}
_ZENITY = {"ZENITY_CANCEL": str(CANCELLED), "ZENITY_ESC": str(CANCELLED)}

_EVERY = 0.1
"""Seconds between two states that are shown."""

_NO_WINDOW = 0x08000000


class Window(Protocol):
    """Shows how far the work is."""

    @property
    def cancelled(self) -> bool:
        """Whether the user wants the work to end."""

    def show(self, fraction: float, text: str) -> None:
        """Show how much is done, from 0 to 1, and what is being done."""

    def close(self) -> None:
        """Close it."""


class NoWindow:
    """Where the desktop has none."""

    cancelled = False

    def show(self, fraction: float, text: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing is open."""


class PipeWindow:
    """A program that reads what to show from its input, as zenity does: a percentage, or `# text`.

    Parameters
    ----------
    command : sequence of str
        The program, which ends with the code `CANCELLED` where the user cancels.
    environment : mapping
        Its environment.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._shown_at = -_EVERY
        with contextlib.suppress(OSError, ValueError):
            self._process = subprocess.Popen(
                list(command),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                creationflags=_NO_WINDOW if os.name == "nt" else 0,
            )
        if self._process is not None and self._process.stdin is not None and os.name != "nt":
            # A window that hangs does not keep the work waiting.
            os.set_blocking(self._process.stdin.fileno(), False)

    @property
    def cancelled(self) -> bool:
        """Whether the user cancelled or closed it."""
        return self._process is not None and self._process.poll() in (CANCELLED, _CLOSED)

    def show(self, fraction: float, text: str) -> None:
        """Show how much is done, from 0 to 1, and what is being done."""
        now = time.monotonic()
        if self._process is None or self._process.stdin is None or now < self._shown_at + _EVERY:
            return
        self._shown_at = now
        # At 100 it would be over.
        percent = min(int(100 * fraction), 99)
        line = text.replace("\\", "\\\\")
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(f"{percent}\n# {line}\n".encode("utf-8", "replace"))

    def close(self) -> None:
        """Close the window."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def open_window(machine: Machine) -> Window:
    """Open the window that fits the desktop; none where there is no screen or no program for it."""
    environment = dict(machine.environment)
    if machine.system not in ("Windows", "Darwin"):
        if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
            return NoWindow()
        programs = ["zenity", "yad", "kdialog"]
        if "KDE" in environment.get("XDG_CURRENT_DESKTOP", "").split(":"):
            programs.sort(key="kdialog".__ne__)
        for name in programs:
            needed = (name, "dbus-send") if name == "kdialog" else (name,)
            if any(machine.which(one) is None for one in needed):
                continue
            if name == "kdialog":
                from dreamlayer.plugin.file_managers.kdialog import KdialogWindow

                return KdialogWindow(machine)
            return PipeWindow([name, *_OPTIONS, *_MORE[name]], {**environment, **_ZENITY})
    if importlib.util.find_spec("_tkinter") and importlib.util.find_spec("tkinter"):
        return PipeWindow([sys.executable, "-P", "-m", TK], environment)
    return NoWindow()
