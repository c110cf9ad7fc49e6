"""Write what was measured as Markdown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.measuring import (
    GRADIENTS_PER_TURN,
    LARGEST_LOSS_ERROR,
    SMALLEST_COSINE,
    STEPS_PER_TURN,
    Measure,
    Results,
)
from bench.workers import STEP_SIDE, STEP_TILE
from core import __version__

_METHOD = f"""\
Each runs in a process of its own, of which only one works at a time: ours, then each other, round \
after round, every turn after a gradient or step that is not timed. A turn gives the median of \
{GRADIENTS_PER_TURN} gradients, or the mean of {STEPS_PER_TURN} ascent steps. The tables show the \
median over the rounds and the range from lowest to highest, which is how much this machine is \
disturbed. A ratio is the other's time divided by ours of the same round, and the median of these: \
above 1, ours is faster. All have the same weights as float32 and the same number of threads on \
the CPU."""

_STEP = f"""\
A step is a whole one of an image of {STEP_SIDE} × {STEP_SIDE} pixels: shift, tiles of \
{STEP_TILE} × {STEP_TILE}, gradient, smoothing, normalisation and update. All use the same ascent \
loop, that of `core`, with their own gradient, so that only the network differs; a loop that their \
users write by themselves is not measured."""

_MEMORY = """\
Peak memory of each process over all of the above, with its framework, the image and the loop."""


@dataclass(frozen=True)
class Machine:
    """What the numbers hold for.

    Attributes
    ----------
    processor : str
        Its model.
    cores : int
        Physical cores that this process may use.
    system : str
        Operating system and Python.
    """

    processor: str
    cores: int
    system: str


def this_machine() -> Machine:
    """Describe the machine that this runs on."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return Machine(_processor(), usable_cores(), system)


def usable_cores() -> int:
    """Physical cores that this process may use: a second thread on a core slows all peers down."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:
        allowed = os.cpu_count() or 1
    return min(allowed, psutil.cpu_count(logical=False) or allowed)


def report(
    results: Results, machine: Machine, objective: Sequence[str], threads: int, rounds: int
) -> str:
    """The whole report.

    Parameters
    ----------
    results : Results
        What `bench.measuring.measure` found.
    machine : Machine
        Where.
    objective : sequence of str
        The terms, as they are written on a command line.
    threads, rounds : int
        What it was run with.

    Returns
    -------
    str
        Markdown, ending with a line break.
    """
    parts = [
        f"# dreamlayer {__version__} beside other frameworks",
        f"- Machine: {machine.processor}, {_counted(machine.cores, 'core')}; {machine.system}\n"
        f"- Versions: {', '.join(dict.fromkeys(results.versions.values()))}\n"
        f"- Objective: {' + '.join(objective)} on the default network\n"
        f"- {_counted(threads, 'thread')} each, {_counted(rounds, 'round')}",
        _METHOD,
        *_agreement(results),
    ]
    for measure in results.measures:
        parts += [f"## {measure.title}", _times(measure, results.missing)]
    parts += [_STEP, "## Peak memory", _memory(results), _MEMORY]
    return "\n\n".join(parts) + "\n"


def median_ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """The median of the ratios within each round, so that a slow spell hits both sides of one."""
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))


def _agreement(results: Results) -> list[str]:
    if not results.agreements:
        return []
    rows = [
        (a.label, f"{a.side} × {a.side}", f"{a.loss_error:.1e}", f"{a.cosine:.8f}")
        for a in results.agreements
    ]
    head = ("beside ours", "tile", "relative loss difference", "cosine of the gradients")
    note = (
        f"Allowed are at most {LARGEST_LOSS_ERROR:.0e} and at least {SMALLEST_COSINE}; "
        f"otherwise nothing is timed."
    )
    return ["## Do all compute the same?", _table(head, rows), note]


def _times(measure: Measure, missing: Iterable[str]) -> str:
    ours = next(iter(measure.seconds.values()))
    rows = [
        (
            label,
            f"{statistics.median(seconds):.3f}",
            f"{min(seconds):.3f} to {max(seconds):.3f}",
            f"{median_ratio(seconds, ours):.2f}",
        )
        for label, seconds in measure.seconds.items()
    ]
    rows += [(label, "not installed", "–", "–") for label in missing]
    return _table(("", "median", "range", "ratio to ours"), rows)


def _memory(results: Results) -> str:
    rows = [
        (label, "not known" if peak is None else f"{peak / 2**20:.0f}")
        for label, peak in results.memory.items()
    ]
    rows += [(label, "not installed") for label in results.missing]
    return _table(("", "MiB"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruler = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _processor() -> str:
    """The processor's model; Python itself knows it on some systems only."""
    try:
        listed = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        listed = ""
    for line in listed.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
