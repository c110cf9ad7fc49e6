"""`python -m plugin install`: copy the plug-in into every GIMP, and ask each whether it took it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dreamlayer.plugin.errors import InstallError
from dreamlayer.plugin.folder import NAME, files, place, refuse_others
from dreamlayer.plugin.gimps.ask import registered, start_once
from dreamlayer.plugin.gimps.find import chosen
from dreamlayer.plugin.gimps.gimp import FLATPAK, Gimp, how_to_get
from dreamlayer.plugin.gimps.sandboxes import closed, confined
from dreamlayer.plugin.interpreter import Trial, checked, record
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.report import Outcome, show


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--gimp", metavar="X.Y", help="this version only, such as 3.2")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="this plug-ins folder only, as of a portable GIMP (with --gimp 2.10 if it is one)",
    )
    parser.add_argument(
        "--python", metavar="PATH", help="the Python that dreams (the one that runs this)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Install; the exit code is 0 where it worked in every GIMP, else 2.

    Raises
    ------
    InstallError
        Nothing could be begun: the Python will not do, or there is no GIMP.
    """
    if options.to is not None and not options.to.is_dir():
        raise InstallError(f"{options.to} is no folder; give the plug-ins folder of a GIMP")
    trial = checked(machine, options.python)
    if options.to is not None:
        outcomes = [_into(options.to.absolute(), options.gimp, trial)]
    else:
        outcomes = list(_everywhere(machine, options.gimp, trial))
    code = show(outcomes, as_json=options.json)
    if not options.json and any(outcome.ok for outcome in outcomes):
        print("Start GIMP anew if it is open; Deep Dream is in its menu Filters.")
    return code


def _into(plugins: Path, version: str | None, trial: Trial) -> Outcome:
    """Install into one folder that the user names."""
    older = version == "2.10" or not {"2.10", "2.0"}.isdisjoint(plugins.parts)
    settings = record(trial, inside=False, outside=True)
    folder = place(plugins, files("2.10" if older else "3.0"), settings)
    return Outcome("folder", folder, True, f"installed in {folder}; GIMP was not asked")


def _everywhere(machine: Machine, version: str | None, trial: Trial) -> Iterator[Outcome]:
    gimps = chosen(machine, version)
    if not gimps:
        raise InstallError(
            f"no GIMP was found; get one: {how_to_get(machine)}; or name a folder with --to"
        )
    # A GIMP inside Flatpak and one outside may read the same folder: it is written once, for both.
    for config in dict.fromkeys(gimp.config for gimp in gimps):
        sharing = [gimp for gimp in gimps if gimp.config == config]
        yield from _install(machine, sharing, trial)


def _install(machine: Machine, sharing: Sequence[Gimp], trial: Trial) -> Iterator[Outcome]:
    """Install into the settings folder that some GIMPs share, and ask each of them."""
    first = sharing[0]
    wall = closed(machine, first)
    blank = Outcome(first.name, first.plugins / NAME, False, "", gimp=first)
    if wall:
        yield replace(blank, says=f"not installed: {wall.sentence}", mend=wall.mend)
        return
    settings = record(
        trial,
        inside=any(gimp.kind == FLATPAK for gimp in sharing),
        outside=any(gimp.kind != FLATPAK for gimp in sharing),
    )
    try:
        refuse_others(blank.folder)
        any(start_once(machine, gimp) for gimp in sharing)
        folder = place(first.plugins, files(first.version), settings)
    except InstallError as error:
        yield from (
            replace(blank, name=gimp.name, gimp=gimp, says=f"not installed: {error}")
            for gimp in sharing
        )
        return
    for gimp in sharing:
        yield _asked(machine, gimp, folder)


def _asked(machine: Machine, gimp: Gimp, folder: Path) -> Outcome:
    """What to say of a GIMP that the plug-in was installed into."""
    answer = registered(machine, gimp)
    done = f"installed in {folder}"
    outcome = Outcome(gimp.name, folder, True, done, registered=answer.known, gimp=gimp)
    if answer.known is False:
        why = f": {answer.why}" if answer.why else ""
        says = f"{done}, but not registered{why}"
        return replace(outcome, ok=False, says=says, mend=answer.mend)
    said = "registered" if answer.known else f"could not be verified: {answer.why}"
    wall = confined(machine, gimp)
    if wall:
        says = f"{done}, {said}, but {wall.sentence}"
        return replace(outcome, ok=False, says=says, mend=wall.mend)
    return replace(outcome, says=f"{done}, {said}")
