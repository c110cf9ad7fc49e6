"""The chain from an installed plug-in to a dream: each link checked in order, the first that is
broken named with the command that mends it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.errors import InstallError
from dreamlayer.plugin.folder import ENTRY, files, ours, read_settings
from dreamlayer.plugin.gimps.ask import registered
from dreamlayer.plugin.gimps.gimp import FLATPAK, Gimp
from dreamlayer.plugin.gimps.sandboxes import closed, confined
from dreamlayer.plugin.interpreter import Trial, attempt, obstacle
from dreamlayer.plugin.machine import Machine

_SECONDS = 600.0
"""`python -m core doctor` gives every provider that ONNX Runtime offers two minutes."""


@dataclass(frozen=True)
class Check:
    """One link of the chain.

    Attributes
    ----------
    name : str
        What was looked at.
    ok : bool
        Whether it is as it must be.
    says : str
        What was found.
    mend : str or None
        The command that mends it, where it is not.
    """

    name: str
    ok: bool
    says: str
    mend: str | None = None


class Examiner:
    """Examines one GIMP after the other; asks each Python only once."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._trials: dict[str, Trial] = {}
        self._reports: dict[str, dict[str, Any] | str] = {}

    def examine(self, folder: Path, gimp: Gimp | None) -> Iterator[Check]:
        """The checks of a plug-in's folder, of a GIMP or where the user says, as far as one fails.

        Parameters
        ----------
        folder : Path
            Where the plug-in is, or should be.
        gimp : Gimp or None
            The GIMP that the folder belongs to; without one, none is asked.
        """
        for check in self._chain(folder, gimp):
            yield check
            if not check.ok:
                return

    def _chain(self, folder: Path, gimp: Gimp | None) -> Iterator[Check]:
        wall = closed(self._machine, gimp) if gimp else None
        if wall:
            yield Check("sandbox", False, wall.sentence, wall.mend)
        again = self._install(folder, gimp)
        yield _installed(folder, again)
        yield _unchanged(folder, gimp, again)
        try:
            settings = read_settings(folder)
        except InstallError as error:
            yield Check("settings", False, str(error), again)
            return
        sandboxed = gimp is not None and gimp.kind == FLATPAK
        if not _fits(settings["command"], inside=sandboxed):
            here = "inside" if sandboxed else "outside"
            says = f"the worker's command does not work {here} Flatpak's sandbox"
            yield Check("settings", False, says, again)
        path, environment = settings["interpreter"], settings["environment"]
        key = json.dumps([path, environment], sort_keys=True)
        if key not in self._trials:
            self._trials[key] = attempt(self._machine, path, environment)
        yield from self._python(self._trials[key], again)
        if key not in self._reports:
            self._reports[key] = self._core(self._trials[key])
        yield from self._work(self._trials[key], self._reports[key])
        if gimp is not None:
            yield from self._editor(gimp, again)

    def _install(self, folder: Path, gimp: Gimp | None) -> str:
        """The command that installs the plug-in anew."""
        where = [] if gimp else ["--to", str(folder.parent)]
        return self._machine.shown([sys.executable, "-m", "plugin", "install", *where])

    def _python(self, trial: Trial, again: str) -> Iterator[Check]:
        problem = obstacle(self._machine, trial)
        if problem:
            sentence, mend = problem
            yield Check("Python", False, sentence, mend or again)
        said = f"{trial.version} ({trial.path}), ONNX Runtime {trial.onnxruntime}"
        yield Check("Python", True, said)

    def _core(self, trial: Trial) -> dict[str, Any] | str:
        """What `python -m core doctor` reports, or why it does not."""
        command = [trial.path, "-P", "-m", "dreamlayer", "doctor", "--json"]
        environment = self._machine.python_environment(trial.environment)
        answer = self._machine.run(command, environment, _SECONDS)
        try:
            report: dict[str, Any] = json.loads(answer.out)
            [provider["loaded"] for provider in report["providers"]]
            dict(report["networks"])
        except (KeyError, TypeError, ValueError):
            lines = [line for line in answer.err.splitlines() if line.strip()]
            return lines[-1] if lines else f"exit code {answer.code}"
        return report

    def _work(self, trial: Trial, report: dict[str, Any] | str) -> Iterator[Check]:
        """The networks, then the providers, which are tried on one of them."""
        anew = [trial.path, "-m", "pip", "install", "--force-reinstall"]
        root = trial.environment.get("PYTHONPATH")
        if isinstance(report, str):
            doctor = self._machine.shown([trial.path, "-m", "dreamlayer", "doctor"])
            yield Check("worker", False, f"dreamlayer does not run: {report}", doctor)
            return
        networks = report["networks"]
        lost = [path for path in networks.values() if not Path(path).is_file()]
        if lost or not networks:
            yield Check(
                "networks",
                False,
                f"the network {lost[0] if lost else 'that comes with dreamlayer'} is missing",
                self._machine.shown(
                    ["git", "-C", root, "checkout", "--", "core/data"]
                    if root
                    else [*anew, "--no-deps", "dreamlayer"]
                ),
            )
        yield Check("networks", True, ", ".join(networks))
        providers = report["providers"]
        works = [p["name"] for p in providers if p["loaded"]]
        fails = [f"{p['name']} does not load: {p['reason']}" for p in providers if not p["loaded"]]
        if not works:
            yield Check(
                "providers",
                False,
                "; ".join(fails) or "ONNX Runtime offers none",
                self._machine.shown([*anew, *(report.get("onnxruntime") or ["onnxruntime"])]),
            )
        yield Check("providers", True, "; ".join([f"{', '.join(works)} works", *fails]))

    def _editor(self, gimp: Gimp, again: str) -> Iterator[Check]:
        """Whether GIMP may start the worker and knows the plug-in."""
        wall = confined(self._machine, gimp)
        if wall:
            yield Check("sandbox", False, wall.sentence, wall.mend)
        answer = registered(self._machine, gimp)
        if answer.known is None:
            yield Check("GIMP", True, f"could not be verified: {answer.why}")
        elif answer.known:
            yield Check("GIMP", True, "the plug-in is registered")
        else:
            why = f": {answer.why}" if answer.why else ""
            yield Check("GIMP", False, f"the plug-in is not registered{why}", answer.mend or again)


def _installed(folder: Path, again: str) -> Check:
    if not os.path.lexists(folder):
        return Check("plug-in", False, f"it is not installed in {folder}", again)
    if not ours(folder):
        return Check("plug-in", False, f"{folder} is not Deep Dream's; move it away, then", again)
    return Check("plug-in", True, f"installed in {folder}")


def _fits(command: list[str], *, inside: bool) -> bool:
    """Whether the worker's command, as `record` wrote it, works where the GIMP is."""
    leaves = "flatpak-spawn" in command
    return leaves if inside else not leaves or command[0] != "flatpak-spawn"


def _unchanged(folder: Path, gimp: Gimp | None, again: str) -> Check:
    """Whether the files are those of this version, and GIMP may start them."""
    versions = [gimp.version] if gimp else ["3.0", "2.10"]
    try:
        there = {name: (folder / name).read_bytes() for name in files(versions[0])}
    except OSError:
        there = {}
    if there not in [files(version) for version in versions]:
        return Check("files", False, f"they are not those of version {VERSION}", again)
    if os.name != "nt" and not os.access(folder / ENTRY, os.X_OK):
        return Check("files", False, f"{folder / ENTRY} is not executable", again)
    return Check("files", True, f"those of version {VERSION}")
