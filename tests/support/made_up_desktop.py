"""A made-up desktop: file managers that are only names, and an installation of Deep Dream in them.

Nothing opens a window; what a file manager does with its files is tested in a real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from made_up_machine import linux, python, script

from dreamlayer.plugin import cli
from dreamlayer.plugin.machine import Machine

EVERY = ("nautilus", "nemo", "thunar", "dolphin")


def desktop(tmp: Path, managers: Sequence[str] = EVERY, **environment: str) -> Machine:
    """A Linux machine with these file managers, and a good Python."""
    machine = linux(tmp, **environment)
    for name in managers:
        script(tmp / "bin" / name, "#!/bin/sh\n")
    python(tmp / "my venv" / "python")
    return machine


def install(machine: Machine, *arguments: str) -> int:
    """Run the command with the machine's Python."""
    path = str(machine.root / "my venv" / "python")
    words = ["install", "--file-managers", "--quiet", "--python", path, *arguments]
    return cli.main(words, machine=machine)


def files(folder: Path) -> set[str]:
    """All files below a folder, by their path in it."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }


def starter(machine: Machine) -> Path:
    """The script that the menu entries start."""
    return machine.home / ".local" / "share" / "dreamlayer" / "file-managers" / "deep-dream"
