"""Find every GIMP on a machine, each once."""

from __future__ import annotations

import argparse
from pathlib import Path

from dreamlayer.plugin.gimps import programs, sandboxes
from dreamlayer.plugin.gimps.gimp import FOLDER, Gimp, chosen_config, number, settings
from dreamlayer.plugin.machine import InstallError, Machine


def add_options(parser: argparse.ArgumentParser, folder: str) -> None:
    """Declare the options that all commands share; `folder` is the help of `--to`."""
    parser.add_argument(
        "--gimp", metavar="X.Y", help="only GIMP of this version, such as 3.2 (default: each GIMP)"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help=folder)
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, for another program"
    )
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="print the result alone, without the steps that lead to it",
    )


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


def chosen(machine: Machine, version: str | None) -> list[Gimp]:
    """As `find`, but of one version only where it is named; a machine without GIMP gives [].

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


def why_none(machine: Machine) -> str:
    """Why `find` finds nothing, as the beginning of a sentence."""
    program = machine.which("gimp")
    if program is None:
        return "no GIMP was found"
    return f"{program} tells of no version that the filter works in, 2.10 or 3.0 and later"
