"""How far a dream has come, how long it will take, and whether it was cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dreamlayer.core.ascent.tiles import Tile
from dreamlayer.core.errors import CancelledError
from dreamlayer.core.recipe.recipe import Recipe


@dataclass(frozen=True)
class Progress:
    """How far a dream has come.

    Attributes
    ----------
    octave, octaves, step, steps : int
        The current octave and step, counted from 1, and how many there are.
    width, height : int
        The octave's size in pixels.
    fraction : float
        Share of all the work that is done, 0..1, by pixels seen by the network.
    seconds_left : float or None
        Estimate by the speed so far; None before anything was measured.
    loss : float or None
        The objective at the last whole step of this octave.
    """

    octave: int
    octaves: int
    step: int
    steps: int
    width: int
    height: int
    fraction: float
    seconds_left: float | None
    loss: float | None

    def __str__(self) -> str:
        return (
            f"octave {self.octave}/{self.octaves} ({self.width} × {self.height}), "
            f"step {self.step}/{self.steps}"
        )


OnProgress = Callable[[Progress], None]


class Timer:
    """Estimates the time left by the speed since its first call.

    That call comes after the first piece of work, which warms the session up, so that its time
    says little about the others.

    Parameters
    ----------
    whole : float
        All the work, in any unit.
    """

    def __init__(self, whole: float) -> None:
        self._whole = whole
        self._first: tuple[float, float] | None = None

    def seconds_left(self, done: float) -> float | None:
        """Estimate from the work done so far, in the same unit; None before anything was timed."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        began, done_then = self._first
        if done <= done_then:
            return None
        return (now - began) / (done - done_then) * (self._whole - done)


def check_cancelled(cancelled: Callable[[], bool] | None, what: str) -> None:
    """Raise `CancelledError` if `cancelled` says so; `what` names the work in the message."""
    if cancelled is not None and cancelled():
        raise CancelledError(f"the {what} was cancelled")


class ProgressTracker:
    """Counts the work done, to report progress and to stop when cancelled."""

    def __init__(
        self,
        recipe: Recipe,
        sizes: list[tuple[int, int]],
        watch: OnProgress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._recipe, self._sizes = recipe, sizes
        self._watch, self._cancelled = watch, cancelled
        # In pixels of the octaves: tilings differ from step to step, and see some pixels twice.
        self._work = [recipe.steps * height * width for height, width in sizes]
        self._done = 0
        self._octave = self._step = 0
        self._loss: float | None = None
        self._timer = Timer(sum(self._work))

    @property
    def octave(self) -> int:
        """The current octave, counted from 1."""
        return self._octave + 1

    def enter(self, octave: int) -> None:
        """Begin an octave, counted from 0."""
        self._octave, self._step, self._loss = octave, 0, None

    def ask(self) -> None:
        """Raise `CancelledError` if the dream was cancelled."""
        check_cancelled(self._cancelled, "dream")

    def step(self, loss: float) -> None:
        """Count a whole step, pixels that its tiles left out or saw again included."""
        self._loss = loss
        height, width = self._sizes[self._octave]
        self._done = sum(self._work[: self._octave]) + (self._step + 1) * height * width
        self._report()
        self._step += 1

    def leave(self) -> None:
        """Count the steps that an octave leaves out as done."""
        self._done = sum(self._work[: self._octave + 1])
        self._report()

    def tile(self, tile: Tile) -> None:
        """Count one tile, as far as the step's share goes."""
        height, width = self._sizes[self._octave]
        most = sum(self._work[: self._octave]) + (self._step + 1) * height * width
        self._done = min(self._done + tile.own_pixels, most)
        self._report()

    def _report(self) -> None:
        if self._watch is None:
            return
        whole = sum(self._work)
        height, width = self._sizes[self._octave]
        steps = self._recipe.steps
        self._watch(
            Progress(
                octave=self._octave + 1,
                octaves=len(self._sizes),
                step=min(self._step + 1, max(steps, 1)),
                steps=steps,
                width=width,
                height=height,
                fraction=self._done / whole if whole else 1.0,
                seconds_left=self._timer.seconds_left(self._done),
                loss=self._loss,
            )
        )
