"""One round of L-BFGS, the parameterization that it works in, and its progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.optimize import fmin_l_bfgs_b

from dreamlayer.core.ascent.progress import Timer, check_cancelled
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.sizes import Size

Numbers = npt.NDArray[np.float64 | np.float32]
"""float32 for pictures that are worked on in tiles, else float64."""
Evaluate = Callable[[Numbers], tuple[float, Numbers]]


@dataclass(frozen=True)
class StyleProgress:
    """How far a style transfer has come.

    Attributes
    ----------
    octave, octaves, round, rounds : int
        The current size and round, counted from 1, and how many there are.
    evaluation, evaluations : int
        The last gradient, counted from 1 within its round, and after how many a round ends; its
        line search may need a few more. In tiles it is 0 while the first is computed.
    width, height : int
        The size in pixels.
    fraction : float
        Share of all the work that is done, 0..1, by pixels seen by the network.
    seconds_left : float or None
        Estimate by the speed so far; None before anything was measured.
    loss : float
        The value to minimize, at the last evaluation.
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
        """Round and evaluation, which identify a report within an octave."""
        return self.round, self.evaluation

    def __str__(self) -> str:
        return (
            f"size {self.octave}/{self.octaves} ({self.width} × {self.height}), "
            f"round {self.round}/{self.rounds}, evaluation {self.evaluation}"
        )


OnStyleProgress = Callable[[StyleProgress], None]


def minimize(evaluate: Evaluate, start: Numbers, evaluations: int) -> tuple[Numbers, float]:
    """Run L-BFGS for one round, without memory of earlier rounds (`scipy.optimize.fmin_l_bfgs_b`).

    Parameters
    ----------
    evaluate : callable
        Returns loss and gradient, float64 of the same shape.
    start : array
        float64 of any shape.
    evaluations : int
        After how many evaluations to end, once the current line search is complete.

    Returns
    -------
    (array, float)
        The result and its loss.
    """

    def flat(values: Numbers) -> tuple[float, Numbers]:
        loss, gradient = evaluate(values.reshape(start.shape))
        return loss, gradient.reshape(-1)

    found, loss, _ = fmin_l_bfgs_b(flat, start.reshape(-1), maxfun=evaluations)
    return found.reshape(start.shape), float(loss)


class FourierParameterization:
    """Pixels as coefficients in which coarse shapes change before fine ones.

    For networks that see grain as style. Fourier coefficients are scaled by 1 / frequency (Olah,
    Mordvintsev and Schubert, Feature Visualization, 2017; Mordvintsev, Pezzotti, Schubert and
    Olah, Differentiable Image Parameterizations, 2018). The coefficients are stored as an image,
    transformed back; this map is linear and symmetric, so a gradient with respect to pixels
    becomes one with respect to coefficients by `pixels` too.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image.
    exponent : float
        Of 1 / frequency; with 0, the coefficients are the pixels.
    """

    def __init__(self, size: tuple[int, int], exponent: float) -> None:
        self._size = size
        self._scales: npt.NDArray[np.float64] | None = None
        if exponent:
            down, across = fft.fftfreq(size[0]), fft.rfftfreq(size[1])
            frequency = np.hypot(down[:, np.newaxis], across)
            # The mean has the frequency 0; it counts as the longest wave that fits.
            scales = 1 / np.maximum(frequency, 1 / max(size)) ** exponent
            self._scales = scales / np.sqrt((scales**2).mean())

    def pixels(self, coefficients: Numbers) -> Numbers:
        """The image, float64 [3, height, width], of coefficients of the same shape."""
        return coefficients if self._scales is None else self._scaled(coefficients, self._scales)

    def coefficients(self, pixels: Numbers) -> Numbers:
        """The coefficients of an image, float64 [3, height, width]."""
        return pixels if self._scales is None else self._scaled(pixels, 1 / self._scales)

    def _scaled(self, image: Numbers, scales: npt.NDArray[np.float64]) -> Numbers:
        scaled = fft.rfft2(image) * scales.astype(image.dtype)
        return np.asarray(fft.irfft2(scaled, s=self._size), image.dtype)


class StyleTracker:
    """Counts evaluations, to report progress and to stop when cancelled.

    Parameters
    ----------
    recipe : StyleRecipe
        Has the numbers of rounds and evaluations at each size.
    sizes : sequence of (int, int)
        Height and width of each octave.
    on_progress : callable, optional
        Called with a `StyleProgress` after every evaluation.
    cancelled : callable, optional
        Asked before every evaluation.
    """

    def __init__(
        self,
        recipe: StyleRecipe,
        sizes: Sequence[Size],
        on_progress: OnStyleProgress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._recipe, self._rounds = recipe, recipe.rounds
        self._sizes = sizes
        self._on_progress, self._cancelled = on_progress, cancelled
        # L-BFGS ends a round at the first iteration that is above the limit.
        self._round_work = [
            (recipe.evaluations_at(octave) + 1) * height * width
            for octave, (height, width) in enumerate(sizes)
        ]
        self._whole = recipe.rounds * sum(self._round_work)
        self._octave = self._round = self._evaluation = 0
        self._done = 0
        self._loss: float | None = None
        self._timer = Timer(self._whole)

    def start_round(self, octave: int, round_: int) -> None:
        """Begin a round, both counted from 0."""
        self._octave, self._round, self._evaluation = octave, round_, 0

    def check_cancelled(self) -> None:
        """Raise `CancelledError` if the work was cancelled."""
        check_cancelled(self._cancelled, "style")

    def count_tile(self, share: float) -> None:
        """Count the share of an evaluation that is done; stop if the work was cancelled."""
        self.check_cancelled()
        if share and self._loss is not None:
            self._report(self._evaluated(self._evaluation + share), self._loss)

    def count_evaluation(self, loss: float) -> None:
        """Count one evaluation."""
        self._evaluation += 1
        self._loss = loss
        self._report(self._evaluated(self._evaluation), loss)

    def _evaluated(self, evaluations: float) -> int:
        """The work that is done after so many evaluations of the current round."""
        height, width = self._sizes[self._octave]
        work = self._round_work[self._octave]
        return self._before() + min(round(evaluations * height * width), work)

    def finish_round(self, loss: float) -> None:
        """Count the evaluations that a round did not need as done."""
        work = self._round_work[self._octave]
        if self._done < self._before() + work:
            self._report(self._before() + work, loss)

    def _before(self) -> int:
        """The work of all rounds before the current one."""
        earlier = self._rounds * sum(self._round_work[: self._octave])
        return earlier + self._round * self._round_work[self._octave]

    def _report(self, done: int, loss: float) -> None:
        self._done = done
        if self._on_progress is None:
            return
        height, width = self._sizes[self._octave]
        self._on_progress(
            StyleProgress(
                octave=self._octave + 1,
                octaves=len(self._sizes),
                round=self._round + 1,
                rounds=self._rounds,
                evaluation=self._evaluation,
                evaluations=self._recipe.evaluations_at(self._octave),
                width=width,
                height=height,
                fraction=done / self._whole,
                seconds_left=self._timer.seconds_left(done),
                loss=loss,
            )
        )
