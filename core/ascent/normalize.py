"""Conditioning of the gradient by colors, pyramid, blur and magnitude, and the step itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.bands import ALONE, Parallel, bands, sum_of
from dreamlayer.core.ascent.colors import color_matrix, mix_colors
from dreamlayer.core.ascent.pyramid import normalize_bands
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

MIN_DIVISOR = float(np.finfo(np.float32).tiny)
"""The smallest divisor of a gradient."""


def condition(
    gradient: Array,
    recipe: Recipe,
    step: int,
    parallel: Parallel = ALONE,
    weights: Array | None = None,
) -> float:
    """Turn an image's gradient into the change of one step, in place.

    Parameters
    ----------
    gradient : array
        float32 [3, height, width].
    recipe : Recipe
        The parameters.
    step : int
        Number of the step within the octave, from 0.
    parallel : Parallel
        The threads; they do not affect the result.
    weights : array, optional
        float32 [height, width], 0..1: how much each pixel counts; where it is 0, none changes.

    Returns
    -------
    float
        The divisor; not finite if the gradient is not.
    """
    matrix, shares = color_matrix(recipe), WHOLE
    if matrix is not None:
        mix_colors(gradient, matrix, parallel)
    if weights is not None:
        gradient *= weights
        shares = Shares.of(weights)
    if recipe.pyramid:
        normalize_bands(gradient, recipe.pyramid, shares.square, parallel)
    smooth(gradient, recipe, step, parallel)
    divisor = _divisor(
        gradient, recipe.normalize, recipe.epsilon, recipe.min_divisor, shares, parallel
    )

    def finish(rows: slice) -> None:
        band = gradient[:, rows]
        if recipe.normalize != "none":
            band /= np.float32(divisor)
        if weights is not None:
            # Filters spread it beyond.
            band *= weights[rows] > 0
        if recipe.clip_gradient:
            np.clip(band, -recipe.clip_gradient, recipe.clip_gradient, out=band)
        band *= np.float32(recipe.step_size)

    parallel.map(finish, bands(gradient.shape))
    return divisor


def advance(image: Array, change: Array, recipe: Recipe, parallel: Parallel = ALONE) -> None:
    """Add a change to an image, float32 [3, height, width], in place.

    `slow_down` shrinks the change if the recipe has headroom, in place too.
    """

    def add(rows: slice) -> None:
        pixels, moved = image[:, rows], change[:, rows]
        if recipe.headroom:
            _slow_down(moved, pixels, recipe.headroom, parallel)
        pixels += moved
        if recipe.clip:
            np.clip(pixels, 0, 1, out=pixels)

    parallel.map(add, bands(image.shape))


@dataclass(frozen=True)
class Shares:
    """How much of an image counts, by the weights of its pixels.

    A weighted gradient's magnitude is divided by them, so that steps are as large where all counts
    as they are on a whole image.

    Attributes
    ----------
    mean, square : float
        The mean weight, and the mean squared weight; above 0.
    """

    mean: float = 1.0
    square: float = 1.0

    @classmethod
    def of(cls, weights: Array) -> Shares:
        """Those of weights, 0..1."""
        least = 1 / weights.size
        mean, square = (float(one.mean(dtype=np.float64)) for one in (weights, np.square(weights)))
        return cls(max(mean, least), max(square, least))


WHOLE = Shares()


def divide(
    gradient: Array, kind: str, epsilon: float, min_divisor: float, shares: Shares = WHOLE
) -> float:
    """Divide a gradient by its magnitude plus `epsilon`, in place, and return the divisor."""
    divisor = _divisor(gradient, kind, epsilon, min_divisor, shares, ALONE)
    if kind != "none":
        gradient /= np.float32(divisor)
    return divisor


def _divisor(
    gradient: Array,
    kind: str,
    epsilon: float,
    min_divisor: float,
    shares: Shares,
    parallel: Parallel,
) -> float:
    size = magnitude(gradient, kind, parallel)
    if kind == "none":
        return size
    share = shares.mean if kind == "mean" else math.sqrt(shares.square)
    return max(size / share + epsilon, min_divisor, MIN_DIVISOR)


def slow_down(change: Array, image: Array, headroom: float) -> None:
    """Shrink changes towards black or white near them, in place.

    A change is multiplied by the distance of its pixel from the end that it moves to, over
    `headroom`, where that is below 1.

    Parameters
    ----------
    change, image : array
        float32 [3, height, width].
    """
    for rows in bands(change.shape):
        _slow_down(change[:, rows], image[:, rows], headroom, ALONE)


_SIGN = np.uint32(1 << 31)


def _slow_down(change: Array, image: Array, headroom: float, parallel: Parallel) -> None:
    room, sign = (parallel.scratch(name, *change.shape) for name in ("room", "sign"))
    # The distance is 1/2 - |pixel - 1/2| towards the near end, with the change's sign for both.
    np.subtract(image, np.float32(0.5), out=room)
    np.bitwise_and(change.view(np.uint32), _SIGN, out=sign.view(np.uint32))
    np.bitwise_xor(room.view(np.uint32), sign.view(np.uint32), out=room.view(np.uint32))
    np.subtract(np.float32(0.5), room, out=room)
    room *= np.float32(1 / headroom)
    np.clip(room, 0, 1, out=room)
    change *= room


def smooth(gradient: Array, recipe: Recipe, step: int, parallel: Parallel = ALONE) -> None:
    """Gaussian blur with the recipe's sigmas, in place; edges are mirrored."""
    sigma = recipe.smoothing
    if recipe.smoothing_growth:
        sigma += recipe.smoothing_growth * step / recipe.steps
    if not sigma:
        return
    if not recipe.smoothing_cascade:
        _blur(gradient, sigma, gradient, recipe.smoothing_colors, parallel)
        return
    source = gradient.copy()
    gradient.fill(0)
    blurred = np.empty_like(gradient)
    for scale in (1.0, 2.0, 0.5):
        _blur(source, sigma * scale, blurred, recipe.smoothing_colors, parallel)
        gradient += blurred


def _blur(gradient: Array, sigma: float, output: Array, colors: bool, parallel: Parallel) -> None:
    from scipy.ndimage import gaussian_filter

    if colors:
        gaussian_filter(gradient, sigma, output=output, mode="reflect")
        return

    def blur(plane: Array, out: Array) -> None:
        gaussian_filter(plane, sigma, output=out, mode="reflect")

    parallel.map(lambda pair: blur(*pair), list(zip(gradient, output, strict=True)))


def magnitude(gradient: Array, kind: str, parallel: Parallel = ALONE) -> float:
    """The mean of |g|, the standard deviation, or 1; not finite if the gradient is not."""
    if kind == "none":
        return 1.0 if math.isfinite(sum_of(gradient, "sum", parallel)) else math.nan
    if kind == "mean":
        return sum_of(gradient, "absolute", parallel) / gradient.size
    mean = sum_of(gradient, "sum", parallel) / gradient.size
    square = sum_of(gradient, "square", parallel) / gradient.size
    return float(np.sqrt(max(square - mean * mean, 0.0)))
