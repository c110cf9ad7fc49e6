"""`python -m plugin uninstall`: take the plug-in out of every GIMP again."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dreamlayer.plugin.errors import InstallError
from dreamlayer.plugin.folder import NAME, remove
from dreamlayer.plugin.gimps.find import chosen
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.report import Outcome, show


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--gimp", metavar="X.Y", help="this version only, such as 3.2")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="from this plug-ins folder only")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Remove; the exit code is 0 where nothing of ours is left, else 2."""
    places: dict[Path, list[Gimp]] = {}
    if options.to is not None:
        places[options.to.absolute()] = []
    else:
        for gimp in chosen(machine, options.gimp):
            places.setdefault(gimp.plugins, []).append(gimp)
    outcomes = [_from(plugins, gimps) for plugins, gimps in places.items()]
    if not outcomes and not options.json:
        print("no GIMP was found, so there is nothing to remove")
    return show(outcomes, as_json=options.json)


def _from(plugins: Path, gimps: list[Gimp]) -> Outcome:
    """Remove from one folder, which several GIMPs may share."""
    folder = plugins / NAME
    says, ok = "nothing was installed", True
    try:
        if remove(plugins):
            says = f"removed {folder}"
        elif os.path.lexists(folder):
            says = f"left {folder}, which is not Deep Dream's"
    except InstallError as error:
        says, ok = f"not removed: {error}", False
    name = ", ".join(gimp.name for gimp in gimps) or "folder"
    return Outcome(name, folder, ok, says, gimp=gimps[0] if gimps else None)
