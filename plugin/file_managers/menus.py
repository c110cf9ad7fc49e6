"""Put Deep Dream into the menus of the file managers, or take it out of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

from dreamlayer.plugin.families import everything
from dreamlayer.plugin.file_managers.dolphin import DOLPHIN
from dreamlayer.plugin.file_managers.entry import Entry
from dreamlayer.plugin.file_managers.launcher import (
    Setup,
    folder,
    read_setup,
    remove_setup,
    script,
    write_setup,
)
from dreamlayer.plugin.file_managers.nautilus import NAUTILUS
from dreamlayer.plugin.file_managers.nemo import NEMO
from dreamlayer.plugin.file_managers.quick_action import QUICK_ACTION
from dreamlayer.plugin.file_managers.send_to import SEND_TO
from dreamlayer.plugin.file_managers.thunar import THUNAR
from dreamlayer.plugin.interpreter import PythonProbe
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.report import Outcome

OPTION = "--file-managers"


def entries(machine: Machine) -> Sequence[Entry]:
    """The entries of this system's file managers, whether they are there or not."""
    if machine.windows:
        return (SEND_TO,)
    if machine.system == "Darwin":
        return (QUICK_ACTION,)
    return (NAUTILUS, NEMO, THUNAR, DOLPHIN)


def add_option(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Declare `--file-managers`."""
    parser.add_argument(OPTION, action="store_true", help=purpose)


def add_install_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `install` that concern file managers."""
    add_option(
        parser,
        "put Deep Dream into the right-click menu of your file managers instead: Nautilus, Nemo, "
        "Thunar, Dolphin, the Explorer, the Finder",
    )
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help=f"with {OPTION}: the preset to dream with, also one of your own (default: the one of "
        "the last time, at first 'default')",
    )


def check_options(options: argparse.Namespace) -> None:
    """Raise `InstallError` where options of `install` do not go together."""
    if options.preset is not None and not options.file_managers:
        raise InstallError(f"--preset is for file managers; give {OPTION} with it")
    if options.file_managers and not everything(options):
        raise InstallError(f"{OPTION} installs into no editor; leave out --gimp, --krita and --to")


def install(machine: Machine, probe: PythonProbe, preset: str | None, *, as_json: bool) -> int:
    """Install into every file manager that is there; the exit code is 0 where all went well.

    Parameters
    ----------
    machine : Machine
        The machine.
    probe : PythonProbe
        The Python that the dreams will run in.
    preset : str or None
        The preset to dream with; None for that of the last time.
    as_json : bool
        Whether the result is printed for another program.

    Raises
    ------
    InstallError
        There is no file manager, or nothing can be written.
    RecipeError
        There is no such preset.
    """
    wanted = [one for one in entries(machine) if one.is_wanted(machine)]
    others = [one.manager for one in entries(machine) if one not in wanted]
    if not wanted:
        raise InstallError(
            f"no file manager was found that has menus for it: there is no {_joined(others, 'or')}"
        )
    setup = Setup(probe.path, dict(probe.environment), _preset(machine, preset))
    write_setup(machine, setup)
    outcomes = [_install(machine, one) for one in wanted]
    if as_json:
        _print_json(outcomes, preset=setup.preset, not_found=others)
    else:
        for outcome in outcomes:
            print(outcome.line)
        if others:
            print(f"not found, and left out: {_joined(others, 'and')}")
        print(
            f"Select pictures, right-click, choose Deep Dream: the preset {setup.preset!r} is "
            "used, and the results are put beside them."
        )
    return 0 if all(outcome.ok for outcome in outcomes) else 2


def remove(machine: Machine) -> list[Outcome]:
    """Take all of it away, also from file managers that are there no longer."""
    return list(_remove(machine))


def uninstall(machine: Machine, *, as_json: bool) -> int:
    """As `remove`, and say so; the exit code is 0 where nothing of it is left."""
    outcomes = remove(machine)
    if as_json:
        _print_json(outcomes)
    elif not outcomes:
        print("Deep Dream was not in the menu of any file manager")
    else:
        for outcome in outcomes:
            print(outcome.line)
    return 0 if all(outcome.ok for outcome in outcomes) else 2


def _preset(machine: Machine, named: str | None) -> str:
    """The preset to use."""
    from dreamlayer.core.recipe.presets import DREAMS

    if named is not None:
        DREAMS.preset(named)
        return named
    try:
        before = read_setup(machine)
    except InstallError:
        before = None
    return before.preset if before is not None else Setup.preset


def _install(machine: Machine, entry: Entry) -> Outcome:
    path = str(entry.path(machine))
    try:
        entry.write(machine, script(machine))
    except InstallError as error:
        return Outcome(entry.manager, False, f"not installed: {error}", path)
    return Outcome(entry.manager, True, f"installed: {entry.hint}", path)


def _remove(machine: Machine) -> Iterator[Outcome]:
    """The entries first: none is left that starts what is no longer there."""
    for entry in entries(machine):
        path = str(entry.path(machine))
        try:
            if entry.remove(machine):
                yield Outcome(entry.manager, True, f"removed from {path}", path)
        except InstallError as error:
            yield Outcome(entry.manager, False, f"not removed: {error}", path)
    there = str(folder(machine))
    try:
        if remove_setup(machine):
            yield Outcome("file managers", True, f"removed {there}", there)
    except InstallError as error:
        yield Outcome("file managers", False, f"not removed: {error}", there)


def _print_json(outcomes: Sequence[Outcome], **more: Any) -> None:
    described = [outcome.described for outcome in outcomes]
    ok = all(outcome.ok for outcome in outcomes)
    found = {"gimps": [], "kritas": [], "file_managers": described}
    print(json.dumps({"ok": ok, **found, **more}, indent=2))


def _joined(names: Sequence[str], word: str) -> str:
    """Names in a sentence."""
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
