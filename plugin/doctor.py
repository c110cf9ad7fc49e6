"""`python -m plugin doctor`: check everything from an installed plug-in to a dream, in order; name
the first thing that is broken, and the command that fixes it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dreamlayer.plugin.examiner import Check, Examiner
from dreamlayer.plugin.folder import NAME
from dreamlayer.plugin.gimps.find import add_options, chosen, why_none
from dreamlayer.plugin.gimps.gimp import Gimp, how_to_get
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.steps import Steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(parser, "only the filter in this plug-ins folder; no GIMP is asked")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Print the report; the exit code is 0 where nothing is wrong in any GIMP, else 2."""
    steps = Steps(quiet=options.quiet)
    examiner = Examiner(machine, steps)
    report = []
    for name, folder, gimp in _targets(options, machine, steps):
        checks = list(examiner.examine(folder, gimp))
        report.append(_entry(name, folder, checks))
        if not options.json:
            print(_text(name, checks), flush=True)
    fix = None if report else how_to_get(machine)
    ok = bool(report) and all(entry["ok"] for entry in report)
    if options.json:
        print(json.dumps({"ok": ok, "gimps": report, "fix": fix}, indent=2))
    elif fix:
        print(_text("GIMP", [Check("GIMP", False, why_none(machine), fix)]))
    return 0 if ok else 2


def _targets(
    options: argparse.Namespace, machine: Machine, steps: Steps
) -> list[tuple[str, Path, Gimp | None]]:
    if options.to is not None:
        return [("folder", options.to.absolute() / NAME, None)]
    with steps.step("Looking for GIMP") as result:
        gimps = chosen(machine, options.gimp)
        result(", ".join(gimp.name for gimp in gimps) or "none")
    return [(gimp.name, gimp.plugins / NAME, gimp) for gimp in gimps]


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
