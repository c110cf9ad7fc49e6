"""`python -m plugin install`: copy the plug-in into every editor, and check that each knows it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dreamlayer.plugin import places
from dreamlayer.plugin.editor import FLATPAK, Editor
from dreamlayer.plugin.families import (
    FAMILIES,
    Choice,
    add_options,
    choices,
    find,
    of_folder,
    why_none,
)
from dreamlayer.plugin.file_managers import menus
from dreamlayer.plugin.folder import NAME, install_folder
from dreamlayer.plugin.interpreter import (
    INSTALL,
    PythonProbe,
    find_python,
    python_path,
    worker_settings,
)
from dreamlayer.plugin.machine import InstallError, Machine, Obstacle, chain
from dreamlayer.plugin.report import Report, exit_code, show
from dreamlayer.plugin.running import running
from dreamlayer.plugin.steps import Steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(
        parser,
        "only this folder: one of those in GIMP's Preferences > Folders > Plug-ins, as for a GIMP "
        "on a stick (add --gimp 2.10 if it is that old), or Krita's pykrita (add --krita if it is "
        "called otherwise)",
    )
    add_python(parser)
    menus.add_install_options(parser)


def add_python(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the Python of the worker."""
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="the Python that will run the dreams, which must have dreamlayer (default: the one "
        "that runs this command)",
    )


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Install; the exit code is 0 where it worked in every editor, else 2.

    Raises
    ------
    InstallError
        Nothing was installed: the Python is unsuitable, or there is no editor.
    """
    if options.to is not None and not options.to.is_dir():
        raise InstallError(
            f"{options.to} is not a folder; give the plug-ins folder of a GIMP or of a Krita"
        )
    menus.check_options(options)
    steps = Steps(quiet=options.quiet)
    probe = try_python(options, machine, steps)
    if options.file_managers:
        return menus.install(machine, probe, options.preset, as_json=options.json)
    installation = Installation(machine, probe, steps)
    if options.to is None:
        made = installation.everywhere(choices(options))
    else:
        made = installation.into(options.to.absolute(), of_folder(options))
    reports = show(made, as_json=options.json)
    if not options.json:
        for line in _what_next(machine, reports):
            print(line)
    return exit_code(reports)


def try_python(options: argparse.Namespace, machine: Machine, steps: Steps) -> PythonProbe:
    """The Python that the options choose for the worker.

    Raises
    ------
    InstallError
        It is unsuitable.
    """
    path = python_path(machine, options.python)
    with steps.step(f"Trying the Python that is to run the dreams, {path}") as result:
        probe = find_python(machine, path)
        result(f"{probe.version}, dreamlayer {probe.dreamlayer}")
    return probe


@dataclass(frozen=True)
class Installation:
    """Installs with one Python into one editor after the other.

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

    def into(self, plugins: Path, choice: Choice) -> Iterator[Report]:
        """Install into one folder that the user names."""
        family = choice.family
        settings = worker_settings(self.probe, inside=False, outside=True)
        content = family.content(choice.version or family.likely_version(plugins))
        blank = Report("folder", family.listed, plugins / NAME, False, "")
        blocked = places.obstacle(self.machine, plugins, _length(content))
        if blocked:
            yield self._refused(blank, blocked, ["--to", str(plugins), *choice.options])
            return
        folder = self._copy(plugins, content, settings, family.beside)
        says = f"installed in {folder}; {family.label} was not asked"
        if family.enable_by_hand:
            says = f"{says}: {family.enable_by_hand}"
        yield replace(blank, ok=True, says=says)

    def everywhere(self, chosen: Sequence[Choice]) -> Iterator[Report]:
        """Install into every editor of the chosen makes."""
        found = find(self.machine, chosen, self.steps)
        if not found:
            get = " or ".join(choice.family.how_to_get(self.machine) for choice in chosen)
            raise InstallError(
                f"{why_none(self.machine, chosen)}; get one: {get}; "
                "or name its plug-ins folder with --to"
            )
        # An editor in Flatpak and one outside may read the same folder: it is written once, for
        # both.
        for plugins in dict.fromkeys(editor.plugins for _, editor in found):
            sharing = [(choice, editor) for choice, editor in found if editor.plugins == plugins]
            yield from self._install(sharing[0][0], [editor for _, editor in sharing])

    def _install(self, choice: Choice, sharing: Sequence[Editor]) -> Iterator[Report]:
        """Install into the folder that some editors share, and ask each of them."""
        family, first = choice.family, sharing[0]
        blanks = [
            Report(one.name, family.listed, one.plugins / NAME, False, "", editor=one)
            for one in sharing
        ]
        never = family.unsupported(self.machine, first)
        if never:
            yield replace(blanks[0], says=f"not installed: {never.sentence}", fix=never.fix)
            return
        settings = worker_settings(
            self.probe,
            inside=any(editor.kind == FLATPAK for editor in sharing),
            outside=any(editor.kind != FLATPAK for editor in sharing),
        )
        content = family.content(first.version)
        blocked = places.obstacle(self.machine, first.plugins, _length(content))
        if blocked:
            yield from (self._refused(blank, blocked, choice.options) for blank in blanks)
            return
        try:
            for editor in sharing:
                family.start_once(self.machine, editor, self.steps)
            folder = self._copy(first.plugins, content, settings, family.beside)
        except InstallError as error:
            yield from (replace(blank, says=f"not installed: {error}") for blank in blanks)
            return
        for editor, blank in zip(sharing, blanks, strict=True):
            done = replace(blank, ok=True, says=f"installed in {folder}")
            try:
                family.enable(self.machine, editor)
            except InstallError as error:
                says = f"{done.says}, but not enabled: {error}; {family.enable_by_hand}"
                yield replace(done, ok=False, says=says)
            else:
                yield self._ask(choice, done)

    def _copy(
        self,
        plugins: Path,
        content: Mapping[str, bytes],
        settings: Mapping[str, Any],
        beside: Mapping[str, bytes],
    ) -> Path:
        with self.steps.step(f"Copying {len(content)} files into {plugins / NAME}"):
            return install_folder(plugins, content, settings, beside)

    def _ask(self, choice: Choice, done: Report) -> Report:
        """Ask an editor that has the plug-in whether it knows it and may use it."""
        family, editor = choice.family, done.editor
        answer = family.ask(self.machine, editor, self.steps)
        report = replace(done, registered=answer.known)
        if answer.known is False:
            why = f": {answer.why}" if answer.why else ""
            says = f"{done.says}, but not registered{why}"
            return replace(report, ok=False, says=says, fix=answer.fix)
        said = "registered" if answer.known else f"could not be verified: {answer.why}"
        wrong = family.not_permitted(self.machine, editor) or family.second_copy(
            self.machine, editor
        )
        if wrong:
            says = f"{done.says}, {said}, but {wrong.sentence}"
            return replace(report, ok=False, says=says, fix=wrong.fix)
        return replace(report, says=f"{done.says}, {said}")

    def _refused(self, blank: Report, blocked: Obstacle, where: Sequence[str]) -> Report:
        """Nothing was installed; once the obstacle is away, the same command works."""
        fix = blocked.fix
        if fix:
            python = [] if self.probe.path == self.machine.python else ["--python", self.probe.path]
            again = [self.machine.python, *INSTALL, *where, *python]
            fix = chain(fix, self.machine.shown(again))
        return replace(blank, says=f"not installed: {blocked.sentence}", fix=fix)


def _length(content: Mapping[str, bytes]) -> int:
    return sum(map(len, content.values()))


def _what_next(machine: Machine, reports: Sequence[Report]) -> Iterator[str]:
    """What the painter does now, a line for each make of editor that has the plug-in."""
    for family in FAMILIES:
        made = [one for one in reports if one.ok and one.listed == family.listed]
        if not made:
            continue
        name = family.label
        begin = {
            True: f"{name} is open: close it and start it again",
            False: f"Start {name}",
            None: f"Restart {name} if it is open",
        }[running(machine, family.process)]
        editors = [one.editor for one in made if one.editor]
        hint = family.hint(machine, editors)
        yield " ".join(filter(None, [f"{begin}; Deep Dream is in its menu {family.menu}.", hint]))
