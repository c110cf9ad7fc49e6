"""The options of `python -m bench`, and what it measures by them."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.errors import BenchError, UnavailableError
from bench.measure.gradients import check_first, measure
from bench.measure.machine import physical_cores, this_machine
from bench.measure.peak import measure_peaks
from bench.measure.pictures import measure_pictures
from bench.measure.profile import measure_profiles
from bench.measure.results import Conditions, Gradients, Results
from bench.peers.families import FAMILIES, write
from bench.peers.subjects import DEFAULT, NAMES, SHIPPED, Subject, at, families, with_layers
from bench.peers.table import DEVICES, GROUPS, chosen
from bench.report.chart import write_chart
from bench.report.markdown import report
from bench.report.readme_table import check, renew
from dreamlayer.core.cli.parser import typed
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import format_term, parse_term

_GRADIENTS, _FAMILIES, _PICTURES, _PROFILE = "gradients", "families", "pictures", "profile"
_PARTS = (_GRADIENTS, _FAMILIES, _PICTURES, _PROFILE)
_ROUNDS, _PICTURE_ROUNDS = 5, 3
_MEGAPIXELS = (0.25, 1.0, 12.0)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"what to measure: {', '.join(_PARTS)} (default: all)",
    )
    parser.add_argument(
        "--device", choices=tuple(DEVICES), default="cpu", help="what to run on (default: cpu)"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=GROUPS,
        default=[],
        help="groups of rows to keep beside our first; repeat for several (default: all)",
    )
    parser.add_argument(
        "--python",
        action=_Python,
        default={},
        metavar="GROUP=INTERPRETER",
        help="interpreter of a group of rows, where its framework is in another environment; it "
        "needs the dependencies of dreamlayer too; repeat for several",
    )
    parser.add_argument(
        "--subject",
        action="append",
        choices=NAMES,
        default=[],
        metavar="NETWORK",
        help=f"networks to measure; repeat for several: {', '.join(NAMES)} (default: all)",
    )
    parser.add_argument(
        "--layer",
        action="append",
        metavar="LAYER",
        help="part of an objective of your own, on the shipped network that has it and in place of "
        "those that ship, as NAME[:WEIGHT[:CHANNELS[:KIND]]]; repeat for several",
    )
    parser.add_argument(
        "--families",
        type=Path,
        metavar="FOLDER",
        help="folder for the families' network files, which are made where they are missing "
        "(default: made each time, then deleted)",
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs="+",
        default=(),
        metavar="PIXELS",
        help="sides of the tiles whose gradient is timed (default: 304 512, of families 256 384)",
    )
    parser.add_argument(
        "--rounds", type=int, default=_ROUNDS, help="turns of each (default: %(default)s)"
    )
    parser.add_argument(
        "--pictures",
        type=typed(_numbers, "numbers separated by commas"),
        default=_MEGAPIXELS,
        metavar="MEGAPIXELS",
        help="sizes of whole pictures, separated by commas (default: 0.25,1,12)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=Recipe().steps,
        help="steps on each octave of whole pictures (default: %(default)s, as the recipe has)",
    )
    parser.add_argument(
        "--profile-steps",
        type=int,
        default=Recipe().steps,
        metavar="STEPS",
        help="steps on each octave of the profile (default: %(default)s, as the recipe has)",
    )
    parser.add_argument(
        "--picture-rounds",
        type=int,
        default=_PICTURE_ROUNDS,
        metavar="ROUNDS",
        help="turns of each at whole pictures, large ones excepted (default: %(default)s)",
    )
    parser.add_argument(
        "--all-rows",
        action="store_true",
        help="let torch.compile make whole pictures and all sizes of tiles too, which it compiles "
        "for minutes each, and all rows pictures of more than 4 megapixels",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=physical_cores(),
        help="threads of each (default: all cores, here %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write the report to as well"
    )
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="file with marks between which to put a table"
    )
    parser.add_argument("--chart", type=Path, metavar="FILE", help="PNG to draw the times in")


def run(options: argparse.Namespace) -> int:
    """Measure and print the report."""
    own = with_layers([parse_term(text) for text in options.layer]) if options.layer else DEFAULT
    _check(own, options)
    results, subjects = _measured(own, options)
    objectives = {
        "the families" if one.folder else one.network: [format_term(term) for term in one.terms]
        for one in subjects
    }
    conditions = Conditions(
        this_machine(), objectives, options.threads, options.rounds, options.device
    )
    text = report(results, conditions)
    # First to the terminal: minutes of measuring must not be lost to a full disk.
    print(text, end="", flush=True)
    if options.output is not None:
        try:
            options.output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BenchError(f"--output cannot be written: {error.strerror}") from error
    if options.chart is not None:
        write_chart(results, conditions, options.chart)
    if options.readme is not None:
        renew(options.readme, results)
    return 0


def _measured(own: Subject, options: argparse.Namespace) -> tuple[Results, list[Subject]]:
    parts = options.parts or _PARTS
    entries = chosen(options.device, options.threads, options.python, options.only)
    check_first(entries[0], own)
    with ExitStack() as stack:
        subjects = _subjects(own, parts, options, stack)
        gradients: Gradients | None = None
        if subjects:
            rounds, all_rows = options.rounds, options.all_rows
            gradients = measure(entries, subjects, rounds, all_rows=all_rows, say=_say)
    checked = gradients
    if checked is None or gradients is None or own.name not in [one.name for one in subjects]:
        # Which rows there are, and which compute something else, is found out all the same.
        checked = measure(entries, [replace(own, sides=own.sides[:1])], 0, say=_say)
        gradients = gradients or replace(checked, measures=[])
    unfit = {
        label: reason
        for one in checked.measures
        if one.subject == own.name
        for label, reason in one.failed.items()
    }
    there = [entry for entry in entries if entry.label not in gradients.missing]
    results = Results(
        labels=[entry.label for entry in entries],
        precisions={entry.label: entry.setting.precision for entry in entries},
        ours=[entry.label for entry in there if entry.ours],
        gradients=gradients,
    )
    if _GRADIENTS in parts:
        _say("measuring the machine's peak")
        results = replace(results, peaks=measure_peaks(there))
    if _PICTURES in parts:
        pictures = measure_pictures(
            there,
            own,
            options.pictures,
            options.steps,
            options.picture_rounds,
            unfit=unfit,
            all_rows=options.all_rows,
            say=_say,
        )
        results = replace(results, pictures=pictures)
    if _PROFILE in parts:
        profiles = measure_profiles(there, own, options.profile_steps, say=_say)
        results = replace(results, profiles=profiles)
    return results, subjects or [own]


def _subjects(
    own: Subject, parts: Sequence[str], options: argparse.Namespace, stack: ExitStack
) -> list[Subject]:
    """What is asked for; the families' files are there until the stack closes."""
    names = options.subject or NAMES
    found: list[Subject] = []
    if _GRADIENTS in parts:
        shipped = [own] if own is not DEFAULT else [one for one in SHIPPED if one.name in names]
        found += shipped
    wanted = [one.name for one in FAMILIES if one.name in names and _FAMILIES in parts]
    if wanted:
        folder = options.families
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _say("making the families' network files")
        try:
            write(folder, wanted)
        except UnavailableError as error:
            if _FAMILIES in options.parts:
                raise
            print(f"bench: no families: {error}", file=sys.stderr)
        else:
            found += families(folder, wanted)
    return [at(one, options.size) for one in found]


def _check(own: Subject, options: argparse.Namespace) -> None:
    """Find what cannot work before minutes are spent on measuring."""
    network = Network(own.network)
    network.check(own.terms)
    smallest = min(options.size, default=own.sides[0])
    least = network.geometry([term.layer for term in own.terms]).minimum
    if smallest < least:
        raise BenchError(f"--size {smallest} is too small; {least} is the least")
    for name in ("rounds", "picture_rounds", "threads", "steps", "profile_steps"):
        if getattr(options, name) < 1:
            shown = name.replace("_", "-")
            raise BenchError(f"--{shown} must be at least 1, but is {getattr(options, name)}")
    if not all(0.01 <= megapixels <= 1000 for megapixels in options.pictures):
        raise BenchError("--pictures takes megapixels from 0.01 to 1000, separated by commas")
    unknown = [part for part in options.parts if part not in _PARTS]
    if unknown:
        raise BenchError(f"there is no part {unknown[0]!r}; known are {', '.join(_PARTS)}")
    for name in ("output", "chart"):
        path = getattr(options, name)
        if path is not None and not path.absolute().parent.is_dir():
            raise BenchError(f"the folder of --{name} {str(path)!r} does not exist")
    if options.readme is not None:
        check(options.readme)
    for group, python in options.python.items():
        if shutil.which(python) is None:
            raise BenchError(f"--python {group}={python} is not an interpreter that can be started")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"bench: {line}", file=sys.stderr)


class _Python(argparse.Action):
    """Collects GROUP=INTERPRETER."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        group, _, python = str(values).partition("=")
        if group not in GROUPS or not python:
            parser.error(
                f"{option_string} takes GROUP=INTERPRETER, where GROUP is one of "
                f"{', '.join(GROUPS)}"
            )
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), group: python})


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
