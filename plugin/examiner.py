"""Examine an installed plug-in, from its files to a dream and the editor, up to what is broken."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.advice import Reinstall
from dreamlayer.plugin.editor import FLATPAK, Editor, Family
from dreamlayer.plugin.folder import NAME, installed_files, is_ours, read_settings
from dreamlayer.plugin.interpreter import PythonProbe, probe_python
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.running import running
from dreamlayer.plugin.steps import Steps

_SECONDS = 600.0
"""`dreamlayer doctor` gives every provider that ONNX Runtime offers two minutes."""

REINSTALL = "install"
"""Stands for the command that installs again, until it is known which one works."""


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    name : str
        What was checked.
    ok : bool
        Whether it is as it must be.
    says : str
        What was found.
    fix : str or None
        The command that fixes it, where it is not.
    """

    name: str
    ok: bool
    says: str
    fix: str | None = None


@dataclass(frozen=True)
class Target:
    """A folder of plug-ins that is examined.

    Attributes
    ----------
    name : str
        What it, or the editor, is called.
    family : Family
        The make of the editor.
    plugins : Path
        The folder.
    editor : Editor or None
        The editor; without one, for a folder that the user names, none is started.
    options : sequence of str
        The options with which the installer finds it.
    """

    name: str
    family: Family[Any]
    plugins: Path
    editor: Editor | None = None
    options: Sequence[str] = ()

    @property
    def folder(self) -> Path:
        """Where the plug-in is, or should be."""
        return self.plugins / NAME


class Examiner:
    """Examines one editor after the other; probes each Python only once.

    Parameters
    ----------
    machine : Machine
        The machine.
    steps : Steps
        Where is told what takes a while.
    """

    def __init__(self, machine: Machine, steps: Steps) -> None:
        self._machine, self._steps = machine, steps
        self._reinstall = Reinstall(machine)
        self._probes: dict[str, PythonProbe] = {}
        self._reports: dict[str, dict[str, Any] | str] = {}

    def examine(self, target: Target) -> Iterator[Check]:
        """The checks of one folder of plug-ins, up to the first that fails."""
        folder = target.folder
        for check in self._checks(target):
            if check.fix != REINSTALL:
                yield check
            else:
                advice = self._reinstall.advice(
                    target.plugins, target.options, lambda: self._recorded(folder)
                )
                says = "; ".join(filter(None, [check.says, advice.but]))
                yield replace(check, says=says, fix=advice.fix)
            if not check.ok:
                return

    def _checks(self, target: Target) -> Iterator[Check]:
        family, editor, folder = target.family, target.editor, target.folder
        obstacle = family.unsupported(self._machine, editor) if editor else None
        if obstacle:
            yield Check("sandbox", False, obstacle.sentence, obstacle.fix)
        yield _check_installed(folder)
        yield _check_files(target)
        switch = family.switched_on(self._machine, editor) if editor else None
        if switch:
            on, says = switch
            yield Check("enabled", on, says, None if on else REINSTALL)
        try:
            settings = read_settings(folder)
        except InstallError as error:
            yield Check("settings", False, str(error), REINSTALL)
            return
        sandboxed = editor is not None and editor.kind == FLATPAK
        if not _fits(settings["command"], inside=sandboxed):
            here = "inside" if sandboxed else "outside"
            says = f"the worker's command does not work {here} Flatpak's sandbox"
            yield Check("settings", False, says, REINSTALL)
        path, environment = settings["interpreter"], settings["environment"]
        probe = self._probe(path, environment)
        obstacle = probe.obstacle(self._machine)
        if obstacle:
            fix = REINSTALL if obstacle.python else obstacle.fix or REINSTALL
            yield Check("Python", False, obstacle.sentence, fix)
        said = f"{probe.version} ({probe.path}), ONNX Runtime {probe.onnxruntime}"
        yield Check("Python", True, said)
        key = _key(path, environment)
        if key not in self._reports:
            with self._steps.step(f"Trying a dream in {path}"):
                self._reports[key] = self._ask_dreamlayer(probe)
        yield from self._check_dreaming(probe, self._reports[key])
        if editor is not None:
            yield from self._check_editor(family, editor)

    def _probe(self, path: str, environment: dict[str, str]) -> PythonProbe:
        key = _key(path, environment)
        if key not in self._probes:
            with self._steps.step(f"Trying the Python {path}"):
                self._probes[key] = probe_python(self._machine, path, environment)
        return self._probes[key]

    def _recorded(self, folder: Path) -> PythonProbe | None:
        """The Python that the plug-in is installed with, None where nothing tells."""
        try:
            settings = read_settings(folder)
        except InstallError:
            return None
        return self._probe(settings["interpreter"], settings["environment"])

    def _ask_dreamlayer(self, probe: PythonProbe) -> dict[str, Any] | str:
        """What `dreamlayer doctor` reports, or why it does not."""
        command = [probe.path, "-P", "-m", "dreamlayer", "doctor", "--json"]
        environment = self._machine.python_environment(probe.environment)
        answer = self._machine.run(command, environment, _SECONDS)
        try:
            report: dict[str, Any] = json.loads(answer.out)
            [provider["loaded"] for provider in report["providers"]]
            dict(report["networks"])
        except (KeyError, TypeError, ValueError):
            return answer.last_line or f"exit code {answer.code}"
        return report

    def _check_dreaming(self, probe: PythonProbe, report: dict[str, Any] | str) -> Iterator[Check]:
        """The networks, then the providers, which are tried on one of them."""
        pip = [probe.path, "-m", "pip", "install", "--force-reinstall"]
        root = probe.environment.get("PYTHONPATH")
        if isinstance(report, str):
            doctor = self._machine.shown([probe.path, "-m", "dreamlayer", "doctor"])
            yield Check("worker", False, f"dreamlayer does not run: {report}", doctor)
            return
        networks = report["networks"]
        lost = [path for path in networks.values() if not Path(path).is_file()]
        if lost or not networks:
            says = f"the network {lost[0] if lost else 'that comes with dreamlayer'} is missing"
            restore = [*pip, "--no-deps", self._machine.requirement("")]
            if root:
                restore = ["git", "-C", root, "checkout", "--", "core/data"]
            yield Check("networks", False, says, self._machine.shown(restore))
        yield Check("networks", True, ", ".join(networks))
        providers = report["providers"]
        works = [p["name"] for p in providers if p["loaded"]]
        fails = [
            "; ".join(filter(None, [f"{p['name']} does not load: {p['reason']}", p.get("fix")]))
            for p in providers
            if not p["loaded"]
        ]
        if not works:
            says = ", ".join(fails) or "ONNX Runtime offers none"
            packages = report.get("onnxruntime") or ["onnxruntime"]
            yield Check("providers", False, says, self._machine.shown([*pip, *packages]))
        yield Check("providers", True, "; ".join([f"{', '.join(works)} works", *fails]))

    def _check_editor(self, family: Family[Any], editor: Editor) -> Iterator[Check]:
        """Whether the editor may start the worker, and knows the plug-in, this one alone."""
        obstacle = family.not_permitted(self._machine, editor)
        if obstacle:
            yield Check("sandbox", False, obstacle.sentence, obstacle.fix)
        answer = family.ask(self._machine, editor, self._steps)
        obstacle = family.second_copy(self._machine, editor)
        if obstacle:
            yield Check("copies", False, obstacle.sentence, obstacle.fix)
        label = family.label
        if answer.known is None:
            yield Check(label, True, f"could not be verified: {answer.why}")
        elif answer.known:
            open_now = running(self._machine, family.process)
            restart = f"; {label} is open: restart it, if the filter is new" if open_now else ""
            yield Check(label, True, f"the plug-in is registered{restart}")
        else:
            why = f": {answer.why}" if answer.why else ""
            fix = answer.fix or REINSTALL
            yield Check(label, False, f"the plug-in is not registered{why}", fix)


def _key(path: str, environment: dict[str, str]) -> str:
    return json.dumps([path, environment], sort_keys=True)


def _check_installed(folder: Path) -> Check:
    if not os.path.lexists(folder):
        return Check("plug-in", False, f"it is not installed in {folder}", REINSTALL)
    if not is_ours(folder):
        # What keeps it from being installed says the rest.
        return Check("plug-in", False, "", REINSTALL)
    return Check("plug-in", True, f"installed in {folder}")


def _check_files(target: Target) -> Check:
    """Whether the files are those of this version and no others, and may be started."""
    family, folder = target.family, target.folder
    versions = [target.editor.version] if target.editor else family.versions()
    wanted = [family.content(version) for version in versions]
    present = installed_files(folder)
    if present not in wanted:
        return Check("files", False, _difference(folder, present, wanted[0]), REINSTALL)
    for name, data in family.beside.items():
        if not (target.plugins / name).is_file():
            return Check("files", False, f"{target.plugins / name} is missing", REINSTALL)
        if (target.plugins / name).read_bytes() != data:
            says = f"{target.plugins / name} is not that of version {VERSION}"
            return Check("files", False, says, REINSTALL)
    for name, data in wanted[0].items():
        if data.startswith(b"#!") and os.name != "nt" and not os.access(folder / name, os.X_OK):
            return Check("files", False, f"{folder / name} is not executable", REINSTALL)
    return Check("files", True, f"those of version {VERSION}")


def _difference(folder: Path, present: dict[str, bytes | None], wanted: dict[str, bytes]) -> str:
    """How the installed files are not those of this version."""
    try:
        other = read_settings(folder)["version"]
    except InstallError:
        other = VERSION
    if other != VERSION:
        return f"they are those of version {other}, but this is {VERSION}"
    lost = [name for name in wanted if name not in present]
    if lost:
        return f"{folder / lost[0]} is missing"
    unread = [name for name, data in present.items() if data is None]
    if unread:
        return f"{folder / unread[0]} cannot be read"
    more = [name for name in present if name not in wanted]
    if more:
        return f"{folder / more[0]} does not belong to version {VERSION}"
    changed = next(name for name, data in wanted.items() if present[name] != data)
    return f"{folder / changed} is not that of version {VERSION}"


def _fits(command: list[str], *, inside: bool) -> bool:
    """Whether the worker's command, as `worker_settings` made it, works where the editor is."""
    leaves = "flatpak-spawn" in command
    return leaves if inside else not leaves or command[0] != "flatpak-spawn"
