"""Find every GIMP on a machine, each once."""

from __future__ import annotations

from dreamlayer.plugin.editor import FOLDER, number
from dreamlayer.plugin.gimps import programs, sandboxes
from dreamlayer.plugin.gimps.gimp import Gimp, chosen_config, settings
from dreamlayer.plugin.machine import Machine


def find(machine: Machine) -> list[Gimp]:
    """Every GIMP from 2.10 on, oldest first; several ways to start the same one count once.

    A settings folder that none of them uses counts too: its GIMP may be installed where nobody
    looks. Where the environment names a settings folder, only that one counts.
    """
    found: dict[tuple[object, ...], Gimp] = {}
    for gimp in [*programs.found(machine), *sandboxes.found(machine)]:
        key = gimp.kind, gimp.version, gimp.config
        if key not in found or (gimp.command and not found[key].command):
            found[key] = gimp
    used = {gimp.config for gimp in found.values()}
    alone = [
        gimp
        for gimp in settings(machine.config_home / "GIMP", FOLDER)
        if gimp.config not in used and not chosen_config(machine, gimp.version)
    ]
    return sorted([*found.values(), *alone], key=lambda gimp: (number(gimp.version), gimp.kind))


def why_none(machine: Machine) -> str:
    """Why `find` finds nothing, as the beginning of a sentence."""
    program = machine.which("gimp")
    if program is None:
        return "no GIMP was found"
    return f"{program} tells of no version that the filter works in, 2.10 or 3.0 and later"
