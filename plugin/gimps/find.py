"""Find every GIMP on a machine, each once."""

from __future__ import annotations

from dreamlayer.plugin.errors import InstallError
from dreamlayer.plugin.gimps import programs, sandboxes
from dreamlayer.plugin.gimps.gimp import FOLDER, Gimp, chosen_config, number, settings
from dreamlayer.plugin.machine import Machine


def find(machine: Machine) -> list[Gimp]:
    """Every GIMP from 2.10 on, oldest first; several ways to start the same one count once.

    A settings folder that none of them uses counts too: it may belong to a program that lies
    where nobody looks. Where the environment names a settings folder, only that one counts.
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


def chosen(machine: Machine, version: str | None) -> list[Gimp]:
    """As `find`, of one version only where that is named; none at all is no error.

    Raises
    ------
    InstallError
        There are GIMPs, but not of this version.
    """
    found = find(machine)
    fitting = [gimp for gimp in found if version in (None, gimp.version)]
    if found and not fitting:
        raise InstallError(
            f"no GIMP {version} was found; there are: {', '.join(gimp.name for gimp in found)}"
        )
    return fitting
