"""The command line of the installer: `dreamlayer-plugin COMMAND`, `python -m plugin COMMAND`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from dreamlayer.core.cli.program import Program

if TYPE_CHECKING:
    from dreamlayer.plugin.machine import Machine


def main(
    argv: Sequence[str] | None = None,
    program: str = "dreamlayer-plugin",
    machine: Machine | None = None,
) -> int:
    """Run one command; see `core.cli.program.Program.main`.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, those of the process by default.
    program : str
        What the program is called in messages.
    machine : Machine, optional
        Where to work, this machine by default.
    """

    def load(name: str) -> SimpleNamespace:
        from dreamlayer.plugin.machine import Machine

        command = importlib.import_module(f"dreamlayer.plugin.{name}")
        return SimpleNamespace(
            configure=command.configure,
            run=lambda options: command.run(options, machine or Machine.this()),
        )

    return Program(
        program,
        description=(
            "Put Deep Dream into GIMP 2.10, GIMP 3 and Krita, check it, or take it away. "
            "No editor has to be open; nothing outside your own folders is changed."
        ),
        example="install",
        load=load,
        commands={
            "install": "put it into every GIMP and Krita of yours, also after an update",
            "doctor": "say of each editor what keeps it from working, and what to run",
            "uninstall": "take it out of every editor, and tell what else is left",
            "zip": "write the file that Krita's own importer of Python plug-ins takes",
            "darktable": "make Deep Dream a target of darktable's export, or remove it",
        },
        cancelled="what was done before stays",
        also=_tell_programs,
    ).main(argv)


def _tell_programs(arguments: Sequence[str], sentence: str) -> None:
    """Who asked for JSON gets the error in that form, too."""
    if "--json" in arguments:
        from dreamlayer.plugin.families import by_list

        lists = {**by_list(()), "file_managers": []}
        print(json.dumps({"ok": False, **lists, "error": sentence}, indent=2))
