"""`python -m plugin doctor`: check everything from an installed plug-in to a dream, in order; name
the first thing that is broken, and the command that fixes it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.folder import ENTRY, NAME, is_ours, plugin_files, read_settings
from dreamlayer.plugin.gimps.ask import registered
from dreamlayer.plugin.gimps.find import add_options, chosen
from dreamlayer.plugin.gimps.gimp import FLATPAK, Gimp, how_to_get
from dreamlayer.plugin.gimps.sandboxes import not_permitted, unsupported
from dreamlayer.plugin.interpreter import PythonProbe, probe_python
from dreamlayer.plugin.machine import InstallError, Machine

_SECONDS = 600.0
"""`dreamlayer doctor` gives every provider that ONNX Runtime offers two minutes."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(parser, "check this plug-ins folder only")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Print the report; the exit code is 0 where nothing is wrong in any GIMP, else 2."""
    examiner = Examiner(machine)
    report = []
    for name, folder, gimp in _targets(options, machine):
        checks = list(examiner.examine(folder, gimp))
        report.append(_entry(name, folder, checks))
        if not options.json:
            print(_text(name, checks), flush=True)
    fix = None if report else how_to_get(machine)
    ok = bool(report) and all(entry["ok"] for entry in report)
    if options.json:
        print(json.dumps({"ok": ok, "gimps": report, "fix": fix}, indent=2))
    elif fix:
        print(_text("GIMP", [Check("GIMP", False, "none was found", fix)]))
    return 0 if ok else 2


def _targets(options: argparse.Namespace, machine: Machine) -> list[tuple[str, Path, Gimp | None]]:
    if options.to is not None:
        return [("folder", options.to.absolute() / NAME, None)]
    return [(gimp.name, gimp.plugins / NAME, gimp) for gimp in chosen(machine, options.gimp)]


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


class Examiner:
    """Examines one GIMP after the other; probes each Python only once."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._probes: dict[str, PythonProbe] = {}
        self._reports: dict[str, dict[str, Any] | str] = {}

    def examine(self, folder: Path, gimp: Gimp | None) -> Iterator[Check]:
        """The checks of one plug-in's folder, up to the first that fails.

        Parameters
        ----------
        folder : Path
            Where the plug-in is, or should be.
        gimp : Gimp or None
            The GIMP that the folder belongs to; without one, no GIMP is started.
        """
        for check in self._checks(folder, gimp):
            yield check
            if not check.ok:
                return

    def _checks(self, folder: Path, gimp: Gimp | None) -> Iterator[Check]:
        obstacle = unsupported(self._machine, gimp) if gimp else None
        if obstacle:
            yield Check("sandbox", False, obstacle.sentence, obstacle.fix)
        where = [] if gimp else ["--to", str(folder.parent)]
        reinstall = self._machine.shown(
            [sys.executable, "-m", "dreamlayer.plugin", "install", *where]
        )
        yield _check_installed(folder, reinstall)
        yield _check_files(folder, gimp, reinstall)
        try:
            settings = read_settings(folder)
        except InstallError as error:
            yield Check("settings", False, str(error), reinstall)
            return
        sandboxed = gimp is not None and gimp.kind == FLATPAK
        if not _fits(settings["command"], inside=sandboxed):
            here = "inside" if sandboxed else "outside"
            says = f"the worker's command does not work {here} Flatpak's sandbox"
            yield Check("settings", False, says, reinstall)
        path, environment = settings["interpreter"], settings["environment"]
        key = json.dumps([path, environment], sort_keys=True)
        if key not in self._probes:
            self._probes[key] = probe_python(self._machine, path, environment)
        probe = self._probes[key]
        obstacle = probe.obstacle(self._machine)
        if obstacle:
            yield Check("Python", False, obstacle.sentence, obstacle.fix or reinstall)
        said = f"{probe.version} ({probe.path}), ONNX Runtime {probe.onnxruntime}"
        yield Check("Python", True, said)
        if key not in self._reports:
            self._reports[key] = self._ask_dreamlayer(probe)
        yield from self._check_dreaming(probe, self._reports[key])
        if gimp is not None:
            yield from self._check_gimp(gimp, reinstall)

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

    def _check_gimp(self, gimp: Gimp, reinstall: str) -> Iterator[Check]:
        """Whether GIMP may start the worker and knows the plug-in."""
        obstacle = not_permitted(self._machine, gimp)
        if obstacle:
            yield Check("sandbox", False, obstacle.sentence, obstacle.fix)
        answer = registered(self._machine, gimp)
        if answer.known is None:
            yield Check("GIMP", True, f"could not be verified: {answer.why}")
        elif answer.known:
            yield Check("GIMP", True, "the plug-in is registered")
        else:
            why = f": {answer.why}" if answer.why else ""
            fix = answer.fix or reinstall
            yield Check("GIMP", False, f"the plug-in is not registered{why}", fix)


def _check_installed(folder: Path, reinstall: str) -> Check:
    if not os.path.lexists(folder):
        return Check("plug-in", False, f"it is not installed in {folder}", reinstall)
    if not is_ours(folder):
        says = f"{folder} is not Deep Dream's; move it away, then"
        return Check("plug-in", False, says, reinstall)
    return Check("plug-in", True, f"installed in {folder}")


def _check_files(folder: Path, gimp: Gimp | None, reinstall: str) -> Check:
    """Whether the files are those of this version, and GIMP may start them."""
    versions = [gimp.version] if gimp else ["3.0", "2.10"]
    try:
        present = {name: (folder / name).read_bytes() for name in plugin_files(versions[0])}
    except OSError:
        present = {}
    if present not in [plugin_files(version) for version in versions]:
        return Check("files", False, f"they are not those of version {VERSION}", reinstall)
    if os.name != "nt" and not os.access(folder / ENTRY, os.X_OK):
        return Check("files", False, f"{folder / ENTRY} is not executable", reinstall)
    return Check("files", True, f"those of version {VERSION}")


def _fits(command: list[str], *, inside: bool) -> bool:
    """Whether the worker's command, as `worker_settings` made it, works where the GIMP is."""
    leaves = "flatpak-spawn" in command
    return leaves if inside else not leaves or command[0] != "flatpak-spawn"


def _entry(name: str, folder: Path, checks: Sequence[Check]) -> dict[str, Any]:
    wrong = next((check for check in checks if not check.ok), None)
    return {
        "name": name,
        "folder": str(folder),
        "ok": wrong is None,
        "wrong": wrong.says if wrong else None,
        "fix": wrong.fix if wrong else None,
        "checks": [asdict(check) for check in checks],
    }


def _text(name: str, checks: Sequence[Check]) -> str:
    lines = [name]
    for check in checks:
        lines.append(f"  {'ok' if check.ok else 'WRONG':5}  {check.name}: {check.says}")
        if check.fix:
            lines.append(f"         fix: {check.fix}")
    return "\n".join(lines)
