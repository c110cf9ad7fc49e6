"""Rounds of L-BFGS over the pixels, with progress, and cancelled within one evaluation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import fmin_l_bfgs_b

from dreamlayer.core.errors import CancelledError
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.sizes import Size

Doubles = npt.NDArray[np.float64]
Evaluate = Callable[[Doubles], tuple[float, Doubles]]


@dataclass(frozen=True)
class StyleProgress:
    """How far a style has come.

    Attributes
    ----------
    octave, octaves, round, rounds : int
        The size and the round at work, counted from 1, and how many there are.
    evaluation, evaluations : int
        The gradient that was computed last, counted from 1 within its round, and after how many
        a round ends; the line search in hand may need a few more.
    width, height : int
        The size in pixels.
    fraction : float
        Share of all the work that is done, 0..1, by pixels seen by the network.
    seconds_left : float or None
        Estimate by the speed so far; None before anything was measured.
    loss : float
        What is minimised, at the last evaluation.
    """

    octave: int
    octaves: int
    round: int
    rounds: int
    evaluation: int
    evaluations: int
    width: int
    height: int
    fraction: float
    seconds_left: float | None
    loss: float

    @property
    def step(self) -> tuple[int, int]:
        """What tells one report of an octave from another."""
        return self.round, self.evaluation

    def __str__(self) -> str:
        return (
            f"size {self.octave}/{self.octaves} ({self.width} × {self.height}), "
            f"round {self.round}/{self.rounds}, evaluation {self.evaluation}"
        )


WatchStyle = Callable[[StyleProgress], None]


def descend(evaluate: Evaluate, start: Doubles, evaluations: int) -> tuple[Doubles, float]:
    """Minimise for one round, from a fresh memory (`scipy.optimize.fmin_l_bfgs_b`).

    Parameters
    ----------
    evaluate : callable
        Gives loss and gradient, float64 of the same shape.
    start : array
        float64 of any shape.
    evaluations : int
        After how many evaluations to end, with the line search that is in hand.

    Returns
    -------
    (array, float)
        Where it came to, and the loss there.
    """

    def flat(values: Doubles) -> tuple[float, Doubles]:
        loss, gradient = evaluate(values.reshape(start.shape))
        return loss, gradient.reshape(-1)

    found, loss, _ = fmin_l_bfgs_b(flat, start.reshape(-1), maxfun=evaluations)
    return found.reshape(start.shape), float(loss)


class StyleLedger:
    """Keeps count of evaluations, to report progress and to answer a wish to stop.

    Parameters
    ----------
    recipe : StyleRecipe
        Says how many rounds and evaluations there are at each size.
    sizes : sequence of (int, int)
        Height and width of each octave.
    watch : callable, optional
        Called with a `StyleProgress` after every evaluation.
    cancelled : callable, optional
        Asked before every evaluation.
    """

    def __init__(
        self,
        recipe: StyleRecipe,
        sizes: Sequence[Size],
        watch: WatchStyle | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._rounds, self._evaluations = recipe.rounds, recipe.evaluations
        self._sizes = sizes
        self._watch, self._cancelled = watch, cancelled
        # L-BFGS ends a round at the first iteration that is above the limit.
        self._round_work = [(recipe.evaluations + 1) * height * width for height, width in sizes]
        self._whole = recipe.rounds * sum(self._round_work)
        self._octave = self._round = self._evaluation = 0
        self._done = 0
        self._measured: tuple[float, int] | None = None

    def enter(self, octave: int, round_: int) -> None:
        """Begin a round, both counted from 0."""
        self._octave, self._round, self._evaluation = octave, round_, 0

    def ask(self) -> None:
        """Raise `CancelledError` where that is wished."""
        if self._cancelled is not None and self._cancelled():
            raise CancelledError("the style was cancelled")

    def evaluated(self, loss: float) -> None:
        """Count one evaluation."""
        self._evaluation += 1
        height, width = self._sizes[self._octave]
        work = self._round_work[self._octave]
        self._report(self._before() + min(self._evaluation * height * width, work), loss)

    def leave(self, loss: float) -> None:
        """Count the evaluations that a round did not need as done."""
        work = self._round_work[self._octave]
        if self._done < self._before() + work:
            self._report(self._before() + work, loss)

    def _before(self) -> int:
        """The work of the rounds before the one in hand."""
        earlier = self._rounds * sum(self._round_work[: self._octave])
        return earlier + self._round * self._round_work[self._octave]

    def _report(self, done: int, loss: float) -> None:
        self._done = done
        if self._watch is None:
            return
        now = time.monotonic()
        if self._measured is None:
            # The first evaluation warms the session up, so its time says little of the others'.
            self._measured = (now, done)
        since, done_then = self._measured
        left = None
        if done > done_then:
            left = (now - since) / (done - done_then) * (self._whole - done)
        height, width = self._sizes[self._octave]
        self._watch(
            StyleProgress(
                octave=self._octave + 1,
                octaves=len(self._sizes),
                round=self._round + 1,
                rounds=self._rounds,
                evaluation=self._evaluation,
                evaluations=self._evaluations,
                width=width,
                height=height,
                fraction=done / self._whole,
                seconds_left=left,
                loss=loss,
            )
        )
