"""Gradient ascent on an image: octaves, random shifts, tiles and the normalised step, in numpy.

This is the reference that every faster path must equal.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import CancelledError, NetworkError
from core.octaves import octave_sizes, resize, resized_plane
from core.recipe import Recipe
from core.tiles import Grid, Tile, add, cut

Array = npt.NDArray[np.float32]
GradientOf = Callable[[Array], tuple[float, Array]]
"""Takes a tile, float32 [3, h, w]; gives the objective and its gradient, float32 [3, h, w]."""

_SMALLEST = 1e-12
_BAND = 256


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


Watch = Callable[[Progress], None]
Show = Callable[[Array, int, int], None]
"""Takes an octave's image, float32 [3, h, w], not to be changed; its number from 1; their count."""


def dream_planes(
    base: Array,
    recipe: Recipe,
    gradient_of: GradientOf,
    *,
    grid: Grid,
    rng: np.random.Generator,
    watch: Watch | None = None,
    show: Show | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Array:
    """Dream on a planar image over all octaves.

    What shrinking took from the original is given back at each octave: the next octave starts
    from the resampled original plus the resampled change so far (google/deepdream,
    dream.ipynb, `deepdream`).

    Parameters
    ----------
    base : array
        float32 [3, height, width], 0..1; it is not changed.
    recipe : Recipe
        What to do; its network and layers are in `gradient_of` already.
    gradient_of : callable
        The objective and its gradient for one tile.
    grid : Grid
        How octaves are divided into tiles.
    rng : numpy.random.Generator
        The source of the shifts.
    watch : callable, optional
        Called with a `Progress` after every tile.
    show : callable, optional
        Called with the image after every octave.
    cancelled : callable, optional
        Asked before every tile; once it returns True, `CancelledError` is raised.

    Returns
    -------
    array
        float32 [3, height, width].
    """
    sizes = octave_sizes(base.shape[1], base.shape[2], recipe.octaves, recipe.octave_scale)
    ledger = _Ledger(recipe, sizes, grid, watch, cancelled)
    image = base.copy() if len(sizes) == 1 else resize(base, sizes[0])
    for number, size in enumerate(sizes):
        if number:
            image = _next_octave(base, image, sizes[number - 1], size)
        ledger.enter(number)
        _ascend(image, recipe, gradient_of, grid, rng, ledger)
        if show is not None:
            show(image, number + 1, len(sizes))
    return image


def _next_octave(
    base: Array, image: Array, before: tuple[int, int], size: tuple[int, int]
) -> Array:
    """The resampled original plus the resampled change; a plane at a time, to spare memory."""
    result = np.empty((base.shape[0], *size), np.float32)
    for plane, current, out in zip(base, image, result, strict=True):
        current -= resized_plane(plane, before)
        out[:] = resized_plane(plane, size)
        out += resized_plane(current, size)
    return result


def _ascend(
    image: Array,
    recipe: Recipe,
    gradient_of: GradientOf,
    grid: Grid,
    rng: np.random.Generator,
    ledger: _Ledger,
) -> None:
    """Climb on one octave, in place."""
    _, height, width = image.shape
    total = np.empty_like(image)
    for _ in range(recipe.steps):
        total.fill(0)
        shift = _shift(rng, recipe.roll, height), _shift(rng, recipe.roll, width)
        loss, seen = 0.0, 0
        for tile in grid.cover(height, width, shift):
            ledger.ask()
            score, gradient = gradient_of(cut(image, tile))
            # A mean over a tile weighs each of its pixels by 1 / pixels; this evens tiles out.
            gradient *= tile.pixels / (height * width)
            add(total, tile, gradient)
            loss += score * tile.pixels
            seen += tile.pixels
            ledger.tile(tile)
        loss /= seen
        ledger.step(loss)
        if recipe.max_loss is not None and loss > recipe.max_loss:
            ledger.leave()
            return
        if recipe.smoothing:
            smooth(total, recipe.smoothing)
        size = magnitude(total, recipe.normalise)
        if not (math.isfinite(loss) and math.isfinite(size)):
            raise NetworkError(
                f"the network gives numbers that are not finite (objective {loss:g} at octave "
                f"{ledger.octave}); use other layers or a smaller step size"
            )
        total *= recipe.step_size / max(size, _SMALLEST)
        image += total
        if recipe.clip:
            np.clip(image, 0, 1, out=image)


def smooth(gradient: Array, sigma: float) -> None:
    """Blur each plane with a Gaussian of `sigma` pixels, in place; edges repeat outwards."""
    from scipy.ndimage import gaussian_filter

    for plane in gradient:
        gaussian_filter(plane, sigma, output=plane, mode="nearest")


def magnitude(gradient: Array, kind: str) -> float:
    """What a gradient is divided by: mean of |g|, standard deviation, or 1.

    It is not finite where the gradient is not.

    Summed in float64 band by band, so that neither size nor memory matters.
    """
    if kind == "none":
        return 1.0 if math.isfinite(float(gradient.sum(dtype=np.float64))) else math.nan
    first = second = absolute = 0.0
    for start in range(0, gradient.shape[1], _BAND):
        band = gradient[:, start : start + _BAND]
        if kind == "mean":
            absolute += float(np.abs(band).sum(dtype=np.float64))
        else:
            first += float(band.sum(dtype=np.float64))
            second += float(np.square(band, dtype=np.float64).sum())
    if kind == "mean":
        return absolute / gradient.size
    mean = first / gradient.size
    return float(np.sqrt(max(second / gradient.size - mean * mean, 0.0)))


def _shift(rng: np.random.Generator, roll: int, size: int) -> int:
    if roll < 0:
        return int(rng.integers(size))
    return int(rng.integers(-roll, roll + 1)) if roll else 0


class _Ledger:
    """Keeps count of the work, to report progress and to answer a wish to stop."""

    def __init__(
        self,
        recipe: Recipe,
        sizes: list[tuple[int, int]],
        grid: Grid,
        watch: Watch | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._recipe, self._sizes = recipe, sizes
        self._watch, self._cancelled = watch, cancelled
        # Every step of an octave has the same tiles, wherever they are shifted to.
        self._work = [
            recipe.steps * sum(tile.pixels for tile in grid.cover(*size)) for size in sizes
        ]
        self._done = 0
        self._octave = self._step = 0
        self._loss: float | None = None
        self._measured: tuple[float, int] | None = None

    @property
    def octave(self) -> int:
        """The octave at work, counted from 1."""
        return self._octave + 1

    def enter(self, octave: int) -> None:
        self._octave, self._step, self._loss = octave, 0, None

    def ask(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise CancelledError("the dream was cancelled")

    def step(self, loss: float) -> None:
        self._loss = loss
        self._report()
        self._step += 1

    def leave(self) -> None:
        """Count the steps that an octave leaves out as done."""
        self._done = sum(self._work[: self._octave + 1])
        self._report()

    def tile(self, tile: Tile) -> None:
        self._done += tile.pixels
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
                step=self._step + 1,
                steps=steps,
                width=width,
                height=height,
                fraction=self._done / whole if whole else 1.0,
                seconds_left=left,
                loss=self._loss,
            )
        )
