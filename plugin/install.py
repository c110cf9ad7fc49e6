"""`python -m plugin install`: copy the plug-in into every GIMP, and check that each knows it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dreamlayer.plugin import places
from dreamlayer.plugin.copies import second_copy
from dreamlayer.plugin.folder import NAME, install_folder, plugin_files
from dreamlayer.plugin.gimps.ask import ask, start_once
from dreamlayer.plugin.gimps.find import add_options, chosen, why_none
from dreamlayer.plugin.gimps.gimp import FLATPAK, Gimp, chosen_config, folder_variable, how_to_get
from dreamlayer.plugin.gimps.running import running
from dreamlayer.plugin.gimps.sandboxes import not_permitted, unsupported
from dreamlayer.plugin.interpreter import (
    INSTALL,
    PythonProbe,
    find_python,
    python_path,
    worker_settings,
)
from dreamlayer.plugin.machine import InstallError, Machine, Obstacle, chain
from dreamlayer.plugin.report import Report, exit_code, show
from dreamlayer.plugin.steps import Steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(
        parser,
        "only this folder, one of those in GIMP's Preferences > Folders > Plug-ins, as for a "
        "GIMP on a stick (add --gimp 2.10 if it is that old)",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="the Python that will run the dreams, which must have dreamlayer (default: the one "
        "that runs this command)",
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
    path = python_path(machine, options.python)
    steps = Steps(quiet=options.quiet)
    with steps.step(f"Trying the Python that is to run the dreams, {path}") as result:
        probe = find_python(machine, path)
        result(f"{probe.version}, dreamlayer {probe.dreamlayer}")
    installation = Installation(machine, probe, steps)
    if options.to is None:
        made = installation.everywhere(options.gimp)
    else:
        made = installation.into(options.to.absolute(), options.gimp)
    reports = show(made, as_json=options.json)
    if not options.json and any(report.ok for report in reports):
        print(_what_next(machine, reports))
    return exit_code(reports)


@dataclass(frozen=True)
class Installation:
    """Installs with one Python into one GIMP after the other.

    Attributes
    ----------
    machine : Machine
        The machine.
    probe : PythonProbe
        The Python that the worker will run in.
    steps : Steps
        Where the work is told of.
    """

    machine: Machine
    probe: PythonProbe
    steps: Steps

    def into(self, plugins: Path, version: str | None) -> Iterator[Report]:
        """Install into one folder that the user names."""
        older = version == "2.10" or not {"2.10", "2.0"}.isdisjoint(plugins.parts)
        settings = worker_settings(self.probe, inside=False, outside=True)
        content = plugin_files("2.10" if older else "3.0")
        blank = Report("folder", plugins / NAME, False, "")
        blocked = places.obstacle(self.machine, plugins, _length(content))
        if blocked:
            yield self._refused(blank, blocked, ["--to", str(plugins), *_only(version)])
            return
        folder = self._copy(plugins, content, settings)
        yield replace(blank, ok=True, says=f"installed in {folder}; GIMP was not asked")

    def everywhere(self, version: str | None) -> Iterator[Report]:
        """Install into every GIMP, or those of one version."""
        with self.steps.step("Looking for GIMP") as result:
            gimps = chosen(self.machine, version)
            result(", ".join(gimp.name for gimp in gimps) or "none")
        if not gimps:
            raise InstallError(
                f"{why_none(self.machine)}; get one: {how_to_get(self.machine)}; "
                "or name its plug-ins folder with --to"
            )
        # A GIMP in Flatpak and one outside may read the same folder: it is written once, for both.
        for config in dict.fromkeys(gimp.config for gimp in gimps):
            sharing = [gimp for gimp in gimps if gimp.config == config]
            yield from self._install(sharing, _only(version))

    def _install(self, sharing: Sequence[Gimp], where: Sequence[str]) -> Iterator[Report]:
        """Install into the settings folder that some GIMPs share, and ask each of them.

        `where` are the options that say which GIMPs.
        """
        first = sharing[0]
        blanks = [Report(g.name, g.plugins / NAME, False, "", gimp=g) for g in sharing]
        never = unsupported(self.machine, first)
        if never:
            yield replace(blanks[0], says=f"not installed: {never.sentence}", fix=never.fix)
            return
        settings = worker_settings(
            self.probe,
            inside=any(gimp.kind == FLATPAK for gimp in sharing),
            outside=any(gimp.kind != FLATPAK for gimp in sharing),
        )
        content = plugin_files(first.version)
        blocked = places.obstacle(self.machine, first.plugins, _length(content))
        if blocked:
            yield from (self._refused(blank, blocked, where) for blank in blanks)
            return
        try:
            self._start_once(sharing)
            folder = self._copy(first.plugins, content, settings)
        except InstallError as error:
            yield from (replace(blank, says=f"not installed: {error}") for blank in blanks)
            return
        for gimp in sharing:
            yield self._ask(gimp, folder)

    def _start_once(self, sharing: Sequence[Gimp]) -> None:
        """Let a GIMP that was never started make its settings folder."""
        for gimp in sharing:
            if gimp.command and not gimp.config.is_dir():
                work = f"Starting {gimp.name} without a window, which makes its settings folder"
                with self.steps.step(f"{work} (up to a minute)") as result:
                    if not start_once(self.machine, gimp):
                        result("it made none")

    def _copy(
        self, plugins: Path, content: Mapping[str, bytes], settings: Mapping[str, Any]
    ) -> Path:
        with self.steps.step(f"Copying {len(content)} files into {plugins / NAME}"):
            return install_folder(plugins, content, settings)

    def _ask(self, gimp: Gimp, folder: Path) -> Report:
        """Ask a GIMP that has the plug-in whether it knows it and may use it."""
        answer = ask(self.machine, gimp, self.steps)
        done = f"installed in {folder}"
        report = Report(gimp.name, folder, True, done, registered=answer.known, gimp=gimp)
        if answer.known is False:
            why = f": {answer.why}" if answer.why else ""
            says = f"{done}, but not registered{why}"
            return replace(report, ok=False, says=says, fix=answer.fix)
        said = "registered" if answer.known else f"could not be verified: {answer.why}"
        wrong = not_permitted(self.machine, gimp) or second_copy(self.machine, gimp)
        if wrong:
            says = f"{done}, {said}, but {wrong.sentence}"
            return replace(report, ok=False, says=says, fix=wrong.fix)
        return replace(report, says=f"{done}, {said}")

    def _refused(self, blank: Report, blocked: Obstacle, where: Sequence[str]) -> Report:
        """Nothing was installed; once the obstacle is away, the same command works."""
        fix = blocked.fix
        if fix:
            python = [] if self.probe.path == self.machine.python else ["--python", self.probe.path]
            again = [self.machine.python, *INSTALL, *where, *python]
            fix = chain(fix, self.machine.shown(again))
        return replace(blank, says=f"not installed: {blocked.sentence}", fix=fix)


def _only(version: str | None) -> list[str]:
    """The option that names a version of GIMP, where one was named."""
    return [] if version is None else ["--gimp", version]


def _length(content: Mapping[str, bytes]) -> int:
    return sum(map(len, content.values()))


def _what_next(machine: Machine, reports: Sequence[Report]) -> str:
    """What the painter does now."""
    found = "Deep Dream is in its menu Filters > Artistic."
    open_now = running(machine)
    restart = {
        True: f"GIMP is open: close it and start it again; {found}",
        False: f"Start GIMP; {found}",
        None: f"Restart GIMP if it is open; {found}",
    }[open_now]
    versions = [report.gimp.version for report in reports if report.ok and report.gimp]
    named = sorted({folder_variable(v) for v in versions if chosen_config(machine, v)})
    if not named:
        return restart
    variables = " and ".join(named)
    return f"{restart} Start it with {variables} set as now, or it looks in another folder."
