"""`python -m plugin uninstall`: remove the plug-in from every GIMP, and tell what else is left."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dreamlayer.core.installation import command
from dreamlayer.plugin import places
from dreamlayer.plugin.copies import second_copy
from dreamlayer.plugin.folder import NAME, remove_folder
from dreamlayer.plugin.gimps.find import add_options, chosen, why_none
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.leftovers import Leftover, caches, own_things, remove_cache
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.report import Report, exit_code, show
from dreamlayer.plugin.steps import Steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(parser, "only the filter in this plug-ins folder")
    parser.add_argument(
        "--caches",
        action="store_true",
        help="also remove what dreams left in your cache folder to start faster; your own presets "
        "and networks stay",
    )


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Remove; the exit code is 0 where nothing is left that was to be removed, else 2."""
    steps = Steps(quiet=options.quiet)
    folders: dict[Path, list[Gimp]] = {}
    if options.to is not None:
        folders[options.to.absolute()] = []
    else:
        with steps.step("Looking for GIMP") as result:
            gimps = chosen(machine, options.gimp)
            result(", ".join(gimp.name for gimp in gimps) or "none")
        for gimp in gimps:
            folders.setdefault(gimp.plugins, []).append(gimp)
        if not folders and not options.json:
            print(f"{why_none(machine)}, so there is no filter to remove")
    left: list[Leftover] = []

    def well() -> bool:
        return not any(one.failed for one in left)

    def leave() -> tuple[bool, dict[str, Any]]:
        """What else there is; known only once the filter is gone."""
        left.extend(_caches(machine, steps, remove=options.caches))
        left.extend(own_things(machine, [gimp for group in folders.values() for gimp in group]))
        return well(), {"left": [one.described for one in left]}

    made = (one for plugins, gimps in folders.items() for one in _remove(machine, plugins, gimps))
    reports = show(made, as_json=options.json, more=leave)
    if not options.json:
        for one in left:
            print(one.line)
        if any(one.cache and not one.removed and not one.failed for one in left):
            print(f"to remove the caches too, run: {command('plugin')} uninstall --caches")
    return exit_code(reports, well=well())


def _caches(machine: Machine, steps: Steps, *, remove: bool) -> list[Leftover]:
    found = caches(machine)
    if not remove or not found:
        return found
    with steps.step("Removing the caches"):
        return [remove_cache(machine, one) for one in found]


def _remove(machine: Machine, plugins: Path, gimps: list[Gimp]) -> Iterator[Report]:
    """Remove from one folder, which several GIMPs may share."""
    folder = plugins / NAME
    name = ", ".join(gimp.name for gimp in gimps) or "folder"
    blank = Report(name, folder, True, "", gimp=gimps[0] if gimps else None)
    says = "the filter was not installed"
    try:
        if remove_folder(plugins):
            says = f"removed {folder}"
        elif os.path.lexists(folder):
            says = f"left {folder}, which is not Deep Dream's"
    except InstallError as error:
        blocked = places.not_removable(machine, plugins)
        sentence, fix = (blocked.sentence, blocked.fix) if blocked else (str(error), None)
        yield replace(blank, ok=False, says=f"not removed: {sentence}", fix=fix)
        return
    copy = second_copy(machine, gimps[0]) if gimps else None
    if copy:
        says = f"{says}, but {copy.sentence}"
    yield replace(blank, ok=copy is None, says=says, fix=copy.fix if copy else None)
