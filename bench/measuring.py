"""Check that all peers compute the same, then time them in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError, NotInstalledError
from bench.peers import OTHERS, OURS, Entry
from bench.workers import Worker
from core.term import Term

Array = npt.NDArray[np.float32]

LARGEST_LOSS_ERROR, SMALLEST_COSINE = 1e-4, 0.9999
GRADIENTS_PER_TURN, STEPS_PER_TURN = 5, 2


@dataclass(frozen=True)
class Agreement:
    """How near a peer comes to ours on one size of tile.

    Attributes
    ----------
    label : str
        The peer.
    side : int
        Of the tile, in pixels.
    loss_error : float
        Difference of the objectives, relative to ours.
    cosine : float
        Of the angle between the two gradients.
    """

    label: str
    side: int
    loss_error: float
    cosine: float

    @property
    def holds(self) -> bool:
        """Whether both compute the same; not-a-number never does."""
        return self.loss_error <= LARGEST_LOSS_ERROR and self.cosine >= SMALLEST_COSINE


@dataclass(frozen=True)
class Measure:
    """One quantity, measured for everyone in turn.

    Attributes
    ----------
    title : str
        What is measured, and on what.
    seconds : dict
        For each label one number a round; the first label is ours.
    """

    title: str
    seconds: dict[str, list[float]]


@dataclass(frozen=True)
class Results:
    """All that was found out.

    Attributes
    ----------
    versions : dict
        Of what computes, by label; ours first.
    missing : dict
        Labels of peers that could not be measured, with the reason.
    agreements : list of Agreement
        One for each peer and size.
    measures : list of Measure
        In the order of the report.
    memory : dict
        Peak bytes of each process by label, None where the system does not tell.
    """

    versions: dict[str, str]
    missing: dict[str, str]
    agreements: list[Agreement]
    measures: list[Measure]
    memory: dict[str, int | None]


def compare(
    label: str, side: int, ours: tuple[float, Array], theirs: tuple[float, Array]
) -> Agreement:
    """Compare two objectives with their gradients."""
    a, b = (np.asarray(g, np.float64).ravel() for g in (ours[1], theirs[1]))
    cosine = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    return Agreement(label, side, abs(theirs[0] - ours[0]) / abs(ours[0]), cosine)


def demand_agreement(agreements: Sequence[Agreement]) -> None:
    """Raise `BenchError` where a peer computes something else: its time would mean nothing."""
    for found in agreements:
        if not found.holds:
            raise BenchError(
                f"{found.label} does not compute what ours does on {found.side} × {found.side} "
                f"pixels (relative difference of the objective {found.loss_error:.1e}, at most "
                f"{LARGEST_LOSS_ERROR:.0e} allowed; cosine of the gradients {found.cosine:.6f}, "
                f"at least {SMALLEST_COSINE} needed), so nothing was timed"
            )


def measure(
    terms: Sequence[Term],
    sides: Sequence[int],
    rounds: int,
    threads: int,
    *,
    others: Sequence[Entry] = OTHERS,
    say: Callable[[str], None] = lambda _: None,
) -> Results:
    """Run the whole benchmark.

    Parameters
    ----------
    terms : sequence of Term
        The objective, on the default network.
    sides : sequence of int
        Sides of the square tiles of which a gradient is timed.
    rounds : int
        How often everyone has a turn at each quantity.
    threads : int
        Threads of each peer.
    others : sequence of Entry
        Whom to compare with; those whose framework is missing are left out.
    say : callable
        Called with a line on what happens next.

    Raises
    ------
    BenchError
        Where a peer disagrees with ours, or a process ends.
    """
    with ExitStack() as stack:
        say("starting one process for each")
        workers = [stack.enter_context(Worker(OURS, terms, threads))]
        missing: dict[str, str] = {}
        for entry in others:
            try:
                workers.append(stack.enter_context(Worker(entry, terms, threads)))
            except NotInstalledError as error:
                missing[entry.label] = str(error)
        say("checking that all compute the same")
        agreements = [a for side in sides for a in _agreements(workers, side)]
        demand_agreement(agreements)
        measures = []
        for side in sides:
            for worker in workers:
                worker.ask("warm_gradient", side)
            seconds = _in_turn(workers, rounds, say, "time_gradient", side, GRADIENTS_PER_TURN)
            measures.append(Measure(f"Seconds per gradient, tile of {side} × {side}", seconds))
        seconds = _in_turn(workers, rounds, say, "time_steps", STEPS_PER_TURN)
        measures.append(Measure("Seconds per ascent step and megapixel", seconds))
        return Results(
            versions={w.entry.label: w.ask("version") for w in workers},
            missing=missing,
            agreements=agreements,
            measures=measures,
            memory={w.entry.label: w.ask("peak_memory") for w in workers},
        )


def _agreements(workers: Sequence[Worker], side: int) -> list[Agreement]:
    ours = workers[0].ask("gradient", side)
    return [compare(w.entry.label, side, ours, w.ask("gradient", side)) for w in workers[1:]]


def _in_turn(
    workers: Sequence[Worker],
    rounds: int,
    say: Callable[[str], None],
    request: str,
    *arguments: int,
) -> dict[str, list[float]]:
    """Round by round, so that a machine that slows down or is shared does so for all alike."""
    seconds: dict[str, list[float]] = {worker.entry.label: [] for worker in workers}
    for number in range(rounds):
        for worker in workers:
            say(f"{request}{arguments}: round {number + 1} of {rounds}, {worker.entry.label}")
            seconds[worker.entry.label].append(worker.ask(request, *arguments))
    return seconds
