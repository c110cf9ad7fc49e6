"""Gradient ascent on an image: octaves, random shifts, tiles and the step, in numpy.

This is the reference that every faster path must equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.conditioning import condition, divide
from core.errors import NetworkError
from core.octaves import SCHEMES, octave_sizes
from core.progress import Ledger, Watch
from core.recipe import Recipe
from core.resampling import resize
from core.tiles import Grid, add, cut
from core.tilings import tiles_of

Array = npt.NDArray[np.float32]
GradientOf = Callable[..., tuple[float, Array]]
"""Takes a tile, float32 [3, h, w], and where the recipe needs the original, the same tile of it;
gives the objective and its gradient, float32 [3, h, w]."""

Show = Callable[[Array, int, int], None]
"""Takes an octave's image, float32 [3, h, w], not to be changed; its number from 1; their count."""


@dataclass(frozen=True)
class Step:
    """What one step did, for those who study a run.

    Attributes
    ----------
    octave, step : int
        Counted from 1.
    loss : float
        The objective before the step.
    change : array
        float32 [3, h, w], what was added to the image before it was clipped; not to be kept, it
        is overwritten.
    divisor : float
        What the gradient was divided by to make it.
    """

    octave: int
    step: int
    loss: float
    change: Array
    divisor: float


Trace = Callable[[Step], None]


def dream_planes(
    base: Array,
    recipe: Recipe,
    gradient_of: GradientOf,
    *,
    grid: Grid,
    rng: np.random.Generator,
    original: Array | None = None,
    watch: Watch | None = None,
    show: Show | None = None,
    trace: Trace | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Array:
    """Dream on a planar image over all octaves.

    Parameters
    ----------
    base : array
        float32 [3, height, width], 0..1, what to start from; it is not changed.
    recipe : Recipe
        What to do; its network and layers are in `gradient_of` already.
    gradient_of : callable
        The objective and its gradient for one tile.
    grid : Grid
        How large tiles may be, and what the network demands of them.
    rng : numpy.random.Generator
        The source of the shifts.
    original : array, optional
        What terms that compare with the original are given, of the same shape; `base` by default.
    watch : callable, optional
        Called with a `Progress` after every tile.
    show : callable, optional
        Called with the image after every octave.
    trace : callable, optional
        Called with a `Step` after every step.
    cancelled : callable, optional
        Asked before every tile; once it returns True, `CancelledError` is raised.

    Returns
    -------
    array
        float32 [3, height, width].
    """
    sizes = octave_sizes(base.shape[1], base.shape[2], recipe)
    ledger = Ledger(recipe, sizes, watch, cancelled)
    scheme = SCHEMES[recipe.scheme](base, sizes, recipe)
    image = scheme.start()
    for number, size in enumerate(sizes):
        if number:
            image = scheme.enter(image, number)
        ledger.enter(number)
        seen = _seen(base if original is None else original, size, recipe)
        _ascend(image, seen, recipe, gradient_of, grid, rng, ledger, trace)
        image = scheme.leave(image, number)
        if recipe.clip:
            np.clip(image, 0, 1, out=image)
        if show is not None:
            show(image, number + 1, len(sizes))
    return scheme.finish(image)


def _seen(original: Array, size: tuple[int, int], recipe: Recipe) -> Array | None:
    """The original at an octave's size, clipped as the dream is: filters overshoot."""
    if not recipe.needs_original:
        return None
    original = resize(original, size, recipe.resample)
    return np.clip(original, 0, 1, out=original) if recipe.clip else original


def _ascend(
    image: Array,
    original: Array | None,
    recipe: Recipe,
    gradient_of: GradientOf,
    grid: Grid,
    rng: np.random.Generator,
    ledger: Ledger,
    trace: Trace | None,
) -> None:
    """Climb on one octave, in place."""
    total = np.empty_like(image)
    for step in range(recipe.steps):
        loss = _gather(total, image, original, recipe, gradient_of, grid, rng, ledger)
        ledger.step(loss)
        if recipe.max_loss is not None and loss > recipe.max_loss:
            ledger.leave()
            return
        divisor = condition(total, recipe, step)
        if not (math.isfinite(loss) and math.isfinite(divisor)):
            raise NetworkError(
                f"the network gives numbers that are not finite (objective {loss:g} at octave "
                f"{ledger.octave}); use other layers or a smaller step size"
            )
        image += total
        if recipe.clip:
            np.clip(image, 0, 1, out=image)
        if trace is not None:
            trace(Step(ledger.octave, step + 1, loss, total, divisor))


def _gather(
    total: Array,
    image: Array,
    original: Array | None,
    recipe: Recipe,
    gradient_of: GradientOf,
    grid: Grid,
    rng: np.random.Generator,
    ledger: Ledger,
) -> float:
    """Put the gradients of one step's tiles together in `total`; the objective is returned."""
    _, height, width = image.shape
    total.fill(0)
    loss, seen = 0.0, 0
    for tile in tiles_of(recipe, grid, height, width, rng):
        ledger.ask()
        also = () if original is None else (cut(original, tile),)
        score, gradient = gradient_of(cut(image, tile), *also)
        if recipe.normalise_tiles != "none":
            divide(gradient, recipe.normalise_tiles, recipe)
        elif recipe.weigh_tiles:
            # A mean over a tile weighs each of its pixels by 1 / pixels; this evens tiles out.
            gradient *= tile.pixels / (height * width)
        add(total, tile, gradient)
        loss += score * tile.pixels
        seen += tile.pixels
        ledger.tile(tile)
    return loss / seen
