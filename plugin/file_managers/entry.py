"""A file manager with a menu entry of ours: what the installer wants of each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dreamlayer.plugin.file_managers.own_files import read, remove_empty, remove_own, write_own
from dreamlayer.plugin.machine import Machine


class Entry(Protocol):
    """The menu entry of one file manager.

    Attributes
    ----------
    manager : str
        What the file manager is called.
    hint : str
        Where the entry is found, or what must be done first; a part of a sentence.
    """

    @property
    def manager(self) -> str: ...
    @property
    def hint(self) -> str: ...

    def is_wanted(self, machine: Machine) -> bool:
        """Whether the file manager is on the machine."""

    def path(self, machine: Machine) -> Path:
        """The file or folder that makes the entry."""

    def problem(self, machine: Machine, script: Path) -> str | None:
        """What is wrong with the entry, as one sentence; None where it starts the script."""

    def write(self, machine: Machine, script: Path) -> None:
        """Make the entry, or renew it; `InstallError` where that is impossible."""

    def remove(self, machine: Machine) -> bool:
        """Remove the entry; whether there was one."""


@dataclass(frozen=True)
class FileEntry:
    """An entry that is one file of ours.

    Attributes
    ----------
    manager, hint : str
        See `Entry`.
    program : str
        The file manager's program on the PATH.
    place : callable
        The file's path on a machine.
    content : callable
        What it holds, given the script.
    executable : bool
        Whether it must be executable.
    """

    manager: str
    hint: str
    program: str
    place: Callable[[Machine], Path]
    content: Callable[[Path], bytes]
    executable: bool = False

    def is_wanted(self, machine: Machine) -> bool:
        """Whether the program is on the PATH."""
        return machine.which(self.program) is not None

    def path(self, machine: Machine) -> Path:
        """The file."""
        return self.place(machine)

    def problem(self, machine: Machine, script: Path) -> str | None:
        """Whether the file is there, as it is written now."""
        path = self.path(machine)
        there = read(path)
        if there is None:
            return f"{path} is missing"
        if there != self.content(script):
            return f"{path} is not as this version writes it"
        if self.executable and os.name != "nt" and not os.access(path, os.X_OK):
            return f"{path} is not executable"
        return None

    def write(self, machine: Machine, script: Path) -> None:
        """Write the file."""
        write_own(self.path(machine), self.content(script), executable=self.executable)

    def remove(self, machine: Machine) -> bool:
        """Remove the file, and folders that are empty then."""
        path = self.path(machine)
        removed = remove_own(path)
        if removed:
            remove_empty(path.parent, data_home(machine))
        return removed


def data_home(machine: Machine) -> Path:
    """Where programs of the Linux desktops look for what the user adds to them."""
    return machine.desktop_folder("data")
