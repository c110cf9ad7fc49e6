"""`python -m plugin doctor`: check everything from an installed plug-in to a dream, in order; name
the first thing that is broken, and the command that fixes it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dreamlayer.plugin.examiner import Check, Examiner, Target
from dreamlayer.plugin.families import add_options, by_list, choices, everything, find, of_folder
from dreamlayer.plugin.file_managers import examine
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.steps import Steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(parser, "only the filter in this plug-ins folder; no editor is asked")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Print the report; the exit code is 0 where nothing is wrong in any editor, else 2."""
    steps = Steps(quiet=options.quiet)
    examiner = Examiner(machine, steps)
    report = []
    for target in _targets(options, machine, steps):
        checks = list(examiner.examine(target))
        report.append((target.family.listed, _entry(target.name, target.folder, checks)))
        if not options.json:
            print(_text(target.name, checks), flush=True)
    entries = []
    if everything(options) and examine.is_installed(machine):
        entries = list(examine.checks(machine, steps))
        if not options.json:
            print(_text(examine.NAME, entries), flush=True)
    chosen = [] if report or entries else choices(options)
    ok = not chosen and all(entry["ok"] for _, entry in report) and all(one.ok for one in entries)
    if options.json:
        fix = chosen[0].family.how_to_get(machine) if chosen else None
        found = {**by_list(report), "file_managers": [asdict(one) for one in entries]}
        print(json.dumps({"ok": ok, **found, "fix": fix}, indent=2))
    for family in (choice.family for choice in chosen if not options.json):
        why, fix = family.why_none(machine), family.how_to_get(machine)
        print(_text(family.label, [Check(family.label, False, why, fix)]))
    return 0 if ok else 2


def _targets(options: argparse.Namespace, machine: Machine, steps: Steps) -> list[Target]:
    if options.to is not None:
        choice, plugins = of_folder(options), options.to.absolute()
        again = ["--to", str(plugins), *choice.options]
        return [Target("folder", choice.family, plugins, None, again)]
    return [
        Target(editor.name, choice.family, editor.plugins, editor)
        for choice, editor in find(machine, choices(options), steps)
    ]


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
