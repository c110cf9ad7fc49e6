"""Check that all peers compute the same, then time them round by round."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.errors import BenchError
from bench.measure.agreement import Agreement, Array, compare
from bench.measure.flops import gradient_operations
from bench.measure.results import Gradients, Measure
from bench.measure.workers import Worker
from bench.peers.sources import NetworkSource
from bench.peers.subjects import Subject
from bench.peers.table import Entry

MOST_PER_TURN, TURN_SECONDS = 5, 0.25
"""Gradients of a turn: as many as take this long, at most so many, at least one."""

PAUSE = 0.1
"""Seconds between turns, in which the threads of the one before stop to wait for more work."""

Say = Callable[[str], None]


def measure(
    entries: Sequence[Entry],
    subjects: Sequence[Subject],
    rounds: int,
    *,
    all_rows: bool = False,
    say: Say = lambda _: None,
) -> Gradients:
    """Time gradients.

    Parameters
    ----------
    entries : sequence of Entry
        The rows; the first is the one that the others are compared with. Rows that cannot be
        measured on this machine, or that compute something else, are left out with the reason.
    subjects : sequence of Subject
        Networks and objectives, at least one; without sides, the result says only which rows can
        be measured.
    rounds : int
        Turns of each row at each size of tile; 0 to compare them only, without those that compile.
    all_rows : bool
        Whether rows that compile for each size do so for all of them; else for a subject's first.
    say : callable
        Called with a line of progress.

    Raises
    ------
    BenchError
        The first row cannot be measured.
    """
    with ExitStack() as stack:
        bench = _Rows(stack, say)
        for entry in entries:
            if not entry.pictures_only:
                bench.start(entry, subjects[0])
        measures = []
        for subject in subjects:
            for number, side in enumerate(subject.sides):
                compile_too = all_rows or (rounds > 0 and number == 0)
                measures.append(bench.measured(subject, side, rounds, compile_too))
        return Gradients(bench.versions, bench.missing, measures, bench.memory())


def check_first(entry: Entry, subject: Subject) -> None:
    """Raise `BenchError` if our own first row cannot be measured, before anything else is done."""
    try:
        with Worker(entry) as worker:
            worker.ask("open", subject)
    except BenchError as error:
        raise BenchError(f"nothing can be measured: {error}") from error


class _Rows:
    """The workers of all rows, each with the subject that it has open."""

    def __init__(self, stack: ExitStack, say: Say) -> None:
        self._stack, self._say = stack, say
        self._workers: list[Worker] = []
        self._open: dict[str, Subject] = {}
        self._refused: dict[tuple[str, str], str] = {}
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    def start(self, entry: Entry, subject: Subject) -> None:
        """Start the process of a row, and find out whether it can be measured at all."""
        self._say(f"starting {entry.label}")
        try:
            worker = self._stack.enter_context(Worker(entry))
            self.versions[entry.label] = worker.ask("open", subject)
            self._open[entry.label] = subject
            self._workers.append(worker)
        except BenchError as error:
            if not self._workers:
                raise BenchError(f"nothing can be measured: {error}") from error
            self.missing[entry.label] = _reason(error, entry)

    def memory(self) -> dict[str, int | None]:
        """Peak bytes of each process that is still there."""
        return {
            worker.entry.label: worker.ask("peak_memory")
            for worker in self._workers
            if not worker.ended and worker.entry.label in self._open
        }

    def measured(self, subject: Subject, side: int, rounds: int, compile_too: bool) -> Measure:
        """Open a subject in all rows, or all that do not compile; compare them, then time them."""
        family, failed = subject.folder is not None, dict[str, str]()
        there = [
            worker
            for worker in self._workers
            if (worker.entry.families or not family)
            and (compile_too or not worker.entry.compiles)
            and self._opened(worker, subject, failed)
        ]
        where = f"{subject.title}, {side} × {side} pixels"
        self._say(f"checking that all compute the same: {where}")
        first, *others = there
        try:
            ours = first.ask("gradient", side)
        except BenchError as error:
            raise BenchError(f"nothing can be measured: {error}") from error
        agreements = self._agreements(ours, others, side, failed, random=family)
        there = [worker for worker in there if worker.entry.label not in failed]
        seconds = self._in_turn(there, side, rounds, where, failed)
        operations = 0.0 if family else _operations(subject, side)
        return Measure(
            subject.name, subject.title, side, seconds, agreements, failed, operations, family
        )

    def _opened(self, worker: Worker, subject: Subject, failed: dict[str, str]) -> bool:
        label = worker.entry.label
        if self._open.get(label) is subject:
            return True
        if (label, subject.name) not in self._refused:
            self._say(f"loading {subject.title} in {label}")
            self._open.pop(label, None)
            try:
                self.versions[label] = worker.ask("open", subject)
                self._open[label] = subject
                return True
            except BenchError as error:
                if worker is self._workers[0]:
                    raise BenchError(f"nothing can be measured: {error}") from error
                self._refused[label, subject.name] = _reason(error, worker.entry)
        failed[label] = self._refused[label, subject.name]
        return False

    def _agreements(
        self,
        ours: tuple[float, Array],
        others: Sequence[Worker],
        side: int,
        failed: dict[str, str],
        *,
        random: bool,
    ) -> dict[str, Agreement]:
        """Compare all with the first; note those that fail or differ too much."""
        found: dict[str, Agreement] = {}
        for worker in others:
            label, precision = worker.entry.label, worker.entry.setting.precision
            try:
                theirs = worker.ask("gradient", side)
            except BenchError as error:
                # Some frameworks compile only now, and may fail.
                failed[label] = _reason(error, worker.entry)
                continue
            found[label] = compare(label, side, ours, theirs, precision, random=random)
            if not found[label].holds:
                failed[label] = f"it {found[label].refusal}"
        return found

    def _in_turn(
        self,
        workers: Sequence[Worker],
        side: int,
        rounds: int,
        where: str,
        failed: dict[str, str],
    ) -> dict[str, list[float]]:
        """Time round by round, so that a machine that slows down does so for all alike."""
        counts: dict[str, int] = {}
        seconds: dict[str, list[float]] = {worker.entry.label: [] for worker in workers}
        for worker in workers if rounds else ():
            try:
                alone = max(worker.ask("warm_gradient", side), 1e-6)
            except BenchError as error:
                failed[worker.entry.label] = _reason(error, worker.entry)
                del seconds[worker.entry.label]
                continue
            counts[worker.entry.label] = max(1, min(MOST_PER_TURN, int(TURN_SECONDS / alone)))
        warm = [worker for worker in workers if worker.entry.label in counts]
        for number in range(rounds):
            self._say(f"timing {where}: round {number + 1} of {rounds}")
            # Each round begins with another, so that none has always the same before it.
            start = number % len(warm)
            for worker in [*warm[start:], *warm[:start]]:
                time.sleep(PAUSE)
                label = worker.entry.label
                seconds[label].append(worker.ask("time_gradient", counts[label]))
        return seconds


def _operations(subject: Subject, side: int) -> float:
    source = NetworkSource(subject)
    return gradient_operations(source.network.model, source.plan(), side, side)


def _reason(error: BenchError, entry: Entry) -> str:
    return str(error).removeprefix(f"{entry.label}: ")
