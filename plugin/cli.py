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
            "Put the Deep Dream filter into GIMP 2.10 and GIMP 3, check it, or take it away. "
            "No GIMP has to be open; nothing outside your own folders is changed."
        ),
        example="install",
        load=load,
        commands={
            "install": "put the filter into every GIMP of yours, also after an update",
            "doctor": "say of each GIMP what keeps the filter from working, and what to run",
            "uninstall": "take the filter out of every GIMP, and tell what else is left",
        },
        cancelled="what was done before stays",
        also=_tell_programs,
    ).main(argv)


def _tell_programs(arguments: Sequence[str], sentence: str) -> None:
    """Who asked for JSON gets the error in that form, too."""
    if "--json" in arguments:
        print(json.dumps({"ok": False, "gimps": [], "error": sentence}, indent=2))
