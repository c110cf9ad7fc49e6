"""Check that all peers compute the same, then time them in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.errors import BenchError
from bench.measure.agreement import Agreement, compare
from bench.measure.flops import gradient_operations
from bench.measure.results import Measure, Results
from bench.measure.serving import STEP_SIDE
from bench.measure.workers import Worker
from bench.peers.sources import TILE, NetworkSource
from bench.peers.table import Entry
from dreamlayer.core.recipe.term import Term

GRADIENTS_PER_TURN, STEPS_PER_TURN = 5, 2

Say = Callable[[str], None]


def measure(
    entries: Sequence[Entry],
    terms: Sequence[Term],
    sides: Sequence[int],
    rounds: int,
    *,
    say: Say = lambda _: None,
) -> Results:
    """Time gradients and octave steps.

    Parameters
    ----------
    entries : sequence of Entry
        The rows; the first is the one that the others are compared with. Rows that cannot be
        measured on this machine, or that compute something else, are left out with the reason.
    terms : sequence of Term
        The objective, on the shipped network that has its layers.
    sides : sequence of int
        Sides of the square tiles whose gradient is timed; without any, nothing is timed, and the
        result says only which rows can be measured.
    rounds : int
        Turns of each row at each quantity.
    say : callable
        Called with a line of progress.

    Raises
    ------
    BenchError
        The first row cannot be measured, or a process ends.
    """
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        workers = []
        for entry in entries:
            say(f"starting {entry.label}")
            try:
                workers.append(stack.enter_context(Worker(entry, terms)))
            except BenchError as error:
                if not workers:
                    raise BenchError(f"nothing can be measured: {error}") from error
                missing[entry.label] = _reason(error, entry)
        agreements = []
        for side in sides:
            say(f"checking that all compute the same on {side} × {side} pixels")
            agreements += _agreements(workers, side, missing)
            workers = [worker for worker in workers if worker.entry.label not in missing]
        gradients = [_gradients(workers, terms, side, rounds, say) for side in sides]
        step = _steps(workers, terms, rounds, say) if sides else None
        return Results(
            labels=[entry.label for entry in entries],
            precisions={entry.label: entry.setting.precision for entry in entries},
            ours=[w.entry.label for w in workers if w.entry.ours],
            versions={w.entry.label: w.ask("version") for w in workers},
            missing=missing,
            agreements=agreements,
            gradients=gradients,
            step=step,
            overheads=_overheads(workers),
            memory={} if not sides else {w.entry.label: w.ask("peak_memory") for w in workers},
        )


def _gradients(
    workers: Sequence[Worker], terms: Sequence[Term], side: int, rounds: int, say: Say
) -> Measure:
    for worker in workers:
        say(f"warming {worker.entry.label} up on {side} × {side} pixels")
        worker.ask("warm_gradient", side)
    seconds = _in_turn(workers, rounds, say, "time_gradient", side, GRADIENTS_PER_TURN)
    title = f"Seconds per gradient, tile of {side} × {side}"
    return Measure(title, seconds, _operations(terms, side))


def _steps(workers: Sequence[Worker], terms: Sequence[Term], rounds: int, say: Say) -> Measure:
    seconds = _in_turn(workers, rounds, say, "time_steps", STEPS_PER_TURN)
    operations = _operations(terms, TILE) * (STEP_SIDE / TILE) ** 2 / (STEP_SIDE**2 / 1e6)
    return Measure("Seconds per octave step and megapixel", seconds, operations)


def _operations(terms: Sequence[Term], side: int) -> float:
    source = NetworkSource(terms)
    return gradient_operations(source.network.model, source.plan(), side, side)


def _agreements(workers: Sequence[Worker], side: int, missing: dict[str, str]) -> list[Agreement]:
    """Compare all with the first; note those that fail or differ too much as missing."""
    ours = workers[0].ask("gradient", side)
    found = []
    for worker in workers[1:]:
        entry = worker.entry
        try:
            theirs = worker.ask("gradient", side)
        except BenchError as error:
            # Some frameworks compile only now, and may fail.
            missing[entry.label] = _reason(error, entry)
            continue
        found.append(compare(entry.label, side, ours, theirs, entry.setting.precision))
        if not found[-1].holds:
            missing[entry.label] = f"it {found[-1].refusal}"
    return found


def _reason(error: BenchError, entry: Entry) -> str:
    return str(error).removeprefix(f"{entry.label}: ")


def _overheads(workers: Sequence[Worker]) -> dict[str, float]:
    shares = {worker.entry.label: worker.ask("overhead") for worker in workers}
    return {label: share for label, share in shares.items() if share is not None}


def _in_turn(
    workers: Sequence[Worker], rounds: int, say: Say, request: str, *arguments: int
) -> dict[str, list[float]]:
    """Time round by round, so that a machine that slows down does so for all alike."""
    seconds: dict[str, list[float]] = {worker.entry.label: [] for worker in workers}
    for number in range(rounds):
        for worker in workers:
            say(f"{request}{arguments}: round {number + 1} of {rounds}, {worker.entry.label}")
            seconds[worker.entry.label].append(worker.ask(request, *arguments))
    return seconds
