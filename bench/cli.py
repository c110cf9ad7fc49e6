"""The options of `python -m bench`, and what it measures by them."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.measure.gradients import measure
from bench.measure.machine import this_machine, usable_cores
from bench.measure.peak import measure_peaks
from bench.measure.pictures import measure_pictures
from bench.measure.profile import measure_profiles
from bench.measure.results import Conditions, Results
from bench.peers.sources import DEFAULT_TERMS
from bench.peers.table import DEVICES, GROUPS, chosen
from bench.report.chart import write_chart
from bench.report.markdown import report
from bench.report.readme_table import check, renew
from dreamlayer.core.cli.program import typed
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_for
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term, format_term, parse_term

_GRADIENTS, _PICTURES, _PROFILE = "gradients", "pictures", "profile"
_PARTS = (_GRADIENTS, _PICTURES, _PROFILE)
_SIDES, _ROUNDS = (299, 512), 5
_MEGAPIXELS, _STEPS = (0.25, 1.0), 5


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
        "--layer",
        action="append",
        metavar="LAYER",
        help="part of the objective, as NAME[:WEIGHT[:CHANNELS[:KIND]]]; repeat for several "
        "(default: mixed3, mixed4 and mixed5)",
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs="+",
        default=_SIDES,
        metavar="PIXELS",
        help="sides of the tiles whose gradient is timed (default: 299 512)",
    )
    parser.add_argument(
        "--rounds", type=int, default=_ROUNDS, help="turns of each (default: %(default)s)"
    )
    parser.add_argument(
        "--pictures",
        type=typed(_numbers, "numbers separated by commas"),
        default=_MEGAPIXELS,
        metavar="MEGAPIXELS",
        help="sizes of whole pictures, separated by commas; 0.25,1,12,48 takes hours "
        "(default: 0.25,1)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=_STEPS,
        help="steps on each octave of whole pictures (default: %(default)s; the recipe has 10)",
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
        default=1,
        metavar="ROUNDS",
        help="turns of each at whole pictures (default: %(default)s)",
    )
    parser.add_argument(
        "--compiled-pictures",
        action="store_true",
        help="let torch.compile make whole pictures too: minutes each, for it compiles each octave",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=usable_cores(),
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
    terms = [parse_term(text) for text in options.layer] if options.layer else [*DEFAULT_TERMS]
    _check(terms, options)
    results = _measured(terms, options)
    objective = [format_term(term) for term in terms]
    conditions = Conditions(
        this_machine(), objective, options.threads, options.rounds, options.device
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


def _measured(terms: Sequence[Term], options: argparse.Namespace) -> Results:
    parts = options.parts or _PARTS
    entries = chosen(options.device, options.threads, options.python, options.only)
    sides = options.size if _GRADIENTS in parts else ()
    results = measure(entries, terms, sides, options.rounds, say=_say)
    there = [entry for entry in entries if entry.label not in results.missing]
    if _GRADIENTS in parts:
        _say("measuring the machine's peak")
        results = dataclasses.replace(results, peaks=measure_peaks(there))
    if _PICTURES in parts:
        pictures = measure_pictures(
            there,
            terms,
            options.pictures,
            options.steps,
            options.picture_rounds,
            compiled=options.compiled_pictures,
            say=_say,
        )
        results = dataclasses.replace(results, pictures=pictures)
    if _PROFILE in parts:
        profiles = measure_profiles(there, terms, options.profile_steps, say=_say)
        results = dataclasses.replace(results, profiles=profiles)
    return results


def _check(terms: Sequence[Term], options: argparse.Namespace) -> None:
    """Find what cannot work before minutes are spent on measuring."""
    network = Network(network_for(DEFAULT_NETWORK, [term.layer for term in terms]))
    network.check(terms)
    smallest = min(options.size)
    least = network.geometry([term.layer for term in terms]).minimum
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
