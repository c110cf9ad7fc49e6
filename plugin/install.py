"""`python -m plugin install`: copy the plug-in into every GIMP, and check that each knows it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dreamlayer.core.cli.standard_streams import note
from dreamlayer.plugin.folder import NAME, check_ours, install_folder, plugin_files
from dreamlayer.plugin.gimps.ask import registered, start_once
from dreamlayer.plugin.gimps.find import add_options, chosen
from dreamlayer.plugin.gimps.gimp import FLATPAK, Gimp, how_to_get
from dreamlayer.plugin.gimps.sandboxes import not_permitted, unsupported
from dreamlayer.plugin.interpreter import PythonProbe, find_python, worker_settings
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.report import Report, exit_code, show


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(
        parser,
        "install into this plug-ins folder only, such as a portable GIMP's "
        "(with --gimp 2.10 if it is one)",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="the Python that runs the worker (default: the one that runs this command)",
    )


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Install; the exit code is 0 where it worked in every GIMP, else 2.

    Raises
    ------
    InstallError
        Nothing was installed: the Python is unsuitable, or there is no GIMP.
    """
    if options.to is not None and not options.to.is_dir():
        raise InstallError(f"{options.to} is not a folder; give the plug-ins folder of a GIMP")
    probe = find_python(machine, options.python)
    if options.to is None:
        made = _everywhere(machine, options.gimp, probe)
    else:
        made = _into(options.to.absolute(), options.gimp, probe)
    reports = show(made, as_json=options.json)
    if not options.json and any(report.ok for report in reports):
        print("Restart GIMP if it is open; Deep Dream is in its Filters menu.")
    return exit_code(reports)


def _into(plugins: Path, version: str | None, probe: PythonProbe) -> Iterator[Report]:
    """Install into one folder that the user names."""
    older = version == "2.10" or not {"2.10", "2.0"}.isdisjoint(plugins.parts)
    settings = worker_settings(probe, inside=False, outside=True)
    folder = install_folder(plugins, plugin_files("2.10" if older else "3.0"), settings)
    yield Report("folder", folder, True, f"installed in {folder}; GIMP was not asked")


def _everywhere(machine: Machine, version: str | None, probe: PythonProbe) -> Iterator[Report]:
    _announce(f"using {probe.path}; looking for GIMP")
    gimps = chosen(machine, version)
    if not gimps:
        raise InstallError(
            f"no GIMP was found; get one: {how_to_get(machine)}; or name a folder with --to"
        )
    # A GIMP inside Flatpak and one outside may read the same folder: it is written once, for both.
    for config in dict.fromkeys(gimp.config for gimp in gimps):
        sharing = [gimp for gimp in gimps if gimp.config == config]
        yield from _install(machine, sharing, probe)


def _install(machine: Machine, sharing: Sequence[Gimp], probe: PythonProbe) -> Iterator[Report]:
    """Install into the settings folder that some GIMPs share, and ask each of them."""
    first = sharing[0]
    obstacle = unsupported(machine, first)
    blank = Report(first.name, first.plugins / NAME, False, "", gimp=first)
    if obstacle:
        yield replace(blank, says=f"not installed: {obstacle.sentence}", fix=obstacle.fix)
        return
    settings = worker_settings(
        probe,
        inside=any(gimp.kind == FLATPAK for gimp in sharing),
        outside=any(gimp.kind != FLATPAK for gimp in sharing),
    )
    try:
        check_ours(blank.folder)
        if any(gimp.command for gimp in sharing):
            _announce(f"starting {first.name} without a window; the first start takes a minute")
        any(start_once(machine, gimp) for gimp in sharing)
        folder = install_folder(first.plugins, plugin_files(first.version), settings)
    except InstallError as error:
        yield from (
            replace(blank, name=gimp.name, gimp=gimp, says=f"not installed: {error}")
            for gimp in sharing
        )
        return
    for gimp in sharing:
        yield _ask(machine, gimp, folder)


def _ask(machine: Machine, gimp: Gimp, folder: Path) -> Report:
    """Ask a GIMP that the plug-in was installed into whether it knows it and may use it."""
    answer = registered(machine, gimp)
    done = f"installed in {folder}"
    report = Report(gimp.name, folder, True, done, registered=answer.known, gimp=gimp)
    if answer.known is False:
        why = f": {answer.why}" if answer.why else ""
        says = f"{done}, but not registered{why}"
        return replace(report, ok=False, says=says, fix=answer.fix)
    said = "registered" if answer.known else f"could not be verified: {answer.why}"
    obstacle = not_permitted(machine, gimp)
    if obstacle:
        says = f"{done}, {said}, but {obstacle.sentence}"
        return replace(report, ok=False, says=says, fix=obstacle.fix)
    return replace(report, says=f"{done}, {said}")


def _announce(work: str) -> None:
    """Say on standard error what takes a while; standard output holds the reports."""
    note(f"{work}...\n")
