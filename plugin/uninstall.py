"""`python -m plugin uninstall`: remove the plug-in from every editor, and tell what is left."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dreamlayer.core.installation import command
from dreamlayer.plugin import darktable, places
from dreamlayer.plugin.editor import Editor, Family
from dreamlayer.plugin.families import (
    Choice,
    add_options,
    choices,
    everything,
    find,
    of_folder,
    why_none,
)
from dreamlayer.plugin.file_managers import menus
from dreamlayer.plugin.folder import NAME, remove_folder
from dreamlayer.plugin.leftovers import Leftover, caches, own_things, remove_cache
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.report import Outcome, Report, exit_code, show
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
    menus.add_option(parser, "only take Deep Dream out of the menus of your file managers")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Remove; the exit code is 0 where nothing is left that was to be removed, else 2."""
    if options.file_managers:
        return menus.uninstall(machine, as_json=options.json)
    steps = Steps(quiet=options.quiet)
    found: list[tuple[Choice, Editor]] = []
    folders: dict[Path, tuple[Family[Any], list[Editor]]] = {}
    if options.to is not None:
        folders[options.to.absolute()] = of_folder(options).family, []
    else:
        found = find(machine, choices(options), steps)
        for choice, editor in found:
            folders.setdefault(editor.plugins, (choice.family, []))[1].append(editor)
        if not folders and not options.json:
            print(f"{why_none(machine, choices(options))}, so there is no filter to remove")
    left: list[Leftover] = []
    entries: list[Outcome] = []
    exports: list[Outcome] = []

    def well() -> bool:
        return all(one.ok for one in [*entries, *exports]) and not any(one.failed for one in left)

    def leave() -> tuple[bool, dict[str, Any]]:
        """What else there is; known only once the filter is gone."""
        if everything(options):
            entries.extend(menus.remove(machine))
            exports.extend(darktable.take_out(machine))
        left.extend(_caches(machine, steps, remove=options.caches))
        remembered = [
            (family.label, family.remembered(editors)) for family, editors in folders.values()
        ]
        left.extend(own_things(machine, remembered))
        return well(), {
            "file_managers": [one.described for one in entries],
            "darktable": [one.described for one in exports],
            "left": [one.described for one in left],
        }

    made = (_remove(machine, plugins, *editors) for plugins, editors in folders.items())
    reports = show(made, as_json=options.json, more=leave)
    if not options.json:
        for entry in [*entries, *exports]:
            print(entry.line)
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


def _remove(
    machine: Machine, plugins: Path, family: Family[Any], editors: Sequence[Editor]
) -> Report:
    """Remove from one folder, which several editors may share."""
    folder = plugins / NAME
    name = ", ".join(editor.name for editor in editors) or "folder"
    first = editors[0] if editors else None
    blank = Report(name, family.listed, folder, True, "", editor=first)
    says = "the filter was not installed"
    try:
        if remove_folder(plugins, family.beside):
            says = "; ".join(filter(None, [f"removed {folder}", family.after_removal(machine)]))
        elif os.path.lexists(folder):
            says = f"left {folder}, which is not Deep Dream's"
        for editor in editors:
            family.disable(machine, editor)
    except InstallError as error:
        blocked = places.not_removable(machine, plugins)
        sentence, fix = (blocked.sentence, blocked.fix) if blocked else (str(error), None)
        return replace(blank, ok=False, says=f"not removed: {sentence}", fix=fix)
    copy = family.second_copy(machine, first) if first else None
    if copy:
        return replace(blank, ok=False, says=f"{says}, but {copy.sentence}", fix=copy.fix)
    return replace(blank, says=says)
