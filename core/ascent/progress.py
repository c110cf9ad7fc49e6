"""Progress of a dream, time left, and cancellation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dreamlayer.core.ascent.tile import Tile
from dreamlayer.core.errors import CancelledError
from dreamlayer.core.recipe.recipe import Recipe


@dataclass(frozen=True)
class Progress:
    """Progress of a dream.

    Attributes
    ----------
    octave, octaves, step, steps : int
        The current octave and step, counted from 1, and their numbers.
    width, height : int
        The octave's size in pixels.
    fraction : float
        Fraction of the work that is done, 0..1, measured in pixels.
    seconds_left : float or None
        Estimate from the speed so far; None before anything was timed.
    loss : float or None
        The objective at the last complete step of this octave.
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
    """Estimates the time left from the speed since its first call.

    That call comes after the first piece of work, which is slower, since the session warms up.

    Parameters
    ----------
    total : float
        All the work, in any unit.
    """

    def __init__(self, total: float) -> None:
        self._total = total
        self._first: tuple[float, float] | None = None

    def seconds_left(self, done: float) -> float | None:
        """Estimate from the work done so far, in the same unit; None before anything was timed."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        start, first = self._first
        if done <= first:
            return None
        return (now - start) / (done - first) * (self._total - done)


def check_cancelled(cancelled: Callable[[], bool] | None, what: str) -> None:
    """Raise `CancelledError` if `cancelled()` is true; `what` names the work in the message."""
    if cancelled is not None and cancelled():
        raise CancelledError(f"the {what} was cancelled")


class ProgressTracker:
    """Counts the work done, to report progress and to stop if cancelled."""

    def __init__(
        self,
        recipe: Recipe,
        sizes: list[tuple[int, int]],
        on_progress: OnProgress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._recipe, self._sizes = recipe, sizes
        self._on_progress, self._cancelled = on_progress, cancelled
        # In pixels of the octaves: tilings differ from step to step, and overlap.
        self._work = [recipe.steps * height * width for height, width in sizes]
        self._done = 0
        self._octave = self._step = 0
        self._loss: float | None = None
        self._total = sum(self._work)
        self._timer = Timer(self._total)

    @property
    def octave(self) -> int:
        """The current octave, counted from 1."""
        return self._octave + 1

    def begin_octave(self, octave: int) -> None:
        """Begin an octave, counted from 0."""
        self._octave, self._step, self._loss = octave, 0, None

    def check_cancelled(self) -> None:
        """Raise `CancelledError` if the dream was cancelled."""
        check_cancelled(self._cancelled, "dream")

    def _after_step(self) -> int:
        """The work that is done after the current step."""
        height, width = self._sizes[self._octave]
        return sum(self._work[: self._octave]) + (self._step + 1) * height * width

    def count_step(self, loss: float) -> None:
        """Count a complete step, whatever its tiles left out or covered twice."""
        self._loss = loss
        self._report(self._after_step())
        self._step += 1

    def skip_rest(self) -> None:
        """Count the remaining steps of an octave as done."""
        self._report(sum(self._work[: self._octave + 1]))

    def count_tile(self, tile: Tile) -> None:
        """Count one tile, up to the end of the step."""
        self._report(min(self._done + tile.own_pixels, self._after_step()))

    def _report(self, done: int) -> None:
        self._done = done
        if self._on_progress is None:
            return
        height, width = self._sizes[self._octave]
        steps = self._recipe.steps
        self._on_progress(
            Progress(
                octave=self._octave + 1,
                octaves=len(self._sizes),
                step=min(self._step + 1, max(steps, 1)),
                steps=steps,
                width=width,
                height=height,
                fraction=done / self._total if self._total else 1.0,
                seconds_left=self._timer.seconds_left(done),
                loss=self._loss,
            )
        )
