"""How far a dream has come, and the wish to give it up."""

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
        The octave and step at work, counted from 1, and how many there are.
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


class ProgressTracker:
    """Keeps count of the work, to report progress and to answer a wish to stop."""

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
        self._measured: tuple[float, int] | None = None

    @property
    def octave(self) -> int:
        """The octave at work, counted from 1."""
        return self._octave + 1

    def enter(self, octave: int) -> None:
        """Begin an octave, counted from 0."""
        self._octave, self._step, self._loss = octave, 0, None

    def ask(self) -> None:
        """Raise `CancelledError` where that is wished."""
        if self._cancelled is not None and self._cancelled():
            raise CancelledError("the dream was cancelled")

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
        now = time.monotonic()
        if self._measured is None:
            # The first tile warms the session up, so its time says little of the others'.
            self._measured = (now, self._done)
        since, done_then = self._measured
        whole = sum(self._work)
        left = None
        if self._done > done_then:
            left = (now - since) / (self._done - done_then) * (whole - self._done)
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
                seconds_left=left,
                loss=self._loss,
            )
        )
