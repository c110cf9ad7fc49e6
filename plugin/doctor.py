"""`python -m plugin doctor`: what is wrong in each GIMP, in order, and what mends it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dreamlayer.plugin.diagnosis import Check, Examiner
from dreamlayer.plugin.folder import NAME
from dreamlayer.plugin.gimps.find import chosen
from dreamlayer.plugin.gimps.gimp import Gimp, how_to_get
from dreamlayer.plugin.machine import Machine


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--gimp", metavar="X.Y", help="this version only, such as 3.2")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="this plug-ins folder only")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Print the report; the exit code is 0 where nothing is wrong in any GIMP, else 2."""
    examiner = Examiner(machine)
    report = []
    for name, folder, gimp in _patients(options, machine):
        checks = list(examiner.examine(folder, gimp))
        report.append(_entry(name, folder, checks))
        if not options.json:
            print(_text(name, checks), flush=True)
    mend = None if report else how_to_get(machine)
    ok = bool(report) and all(entry["ok"] for entry in report)
    if options.json:
        print(json.dumps({"ok": ok, "gimps": report, "mend": mend}, indent=2))
    elif mend:
        print(_text("GIMP", [Check("GIMP", False, "none was found", mend)]))
    return 0 if ok else 2


def _patients(options: argparse.Namespace, machine: Machine) -> list[tuple[str, Path, Gimp | None]]:
    if options.to is not None:
        return [("folder", options.to.absolute() / NAME, None)]
    return [(gimp.name, gimp.plugins / NAME, gimp) for gimp in chosen(machine, options.gimp)]


def _entry(name: str, folder: Path, checks: Sequence[Check]) -> dict[str, Any]:
    wrong = next((check for check in checks if not check.ok), None)
    return {
        "name": name,
        "folder": str(folder),
        "ok": wrong is None,
        "wrong": wrong.says if wrong else None,
        "mend": wrong.mend if wrong else None,
        "checks": [asdict(check) for check in checks],
    }


def _text(name: str, checks: Sequence[Check]) -> str:
    lines = [name]
    for check in checks:
        lines.append(f"  {'ok' if check.ok else 'WRONG':5}  {check.name}: {check.says}")
        if check.mend:
            lines.append(f"         mend it: {check.mend}")
    return "\n".join(lines)
