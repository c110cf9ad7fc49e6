"""Conditioning of the gradient before each step: Laplacian pyramid, blur, normalization."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.colors import color_matrix, mix_colors
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

_BAND = 256
_THREADED_PIXELS = 100_000
"""Pixels of a plane from which threads are faster."""

KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""The pyramid's blur kernel along an axis."""

MIN_RMS = 1e-10
"""The smallest divisor of a band of the pyramid."""

MIN_DIVISOR = float(np.finfo(np.float32).tiny)
"""The smallest divisor of a gradient."""


def condition(
    gradient: Array, recipe: Recipe, step: int, threads: int = 1, weights: Array | None = None
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
    threads : int
        Number of threads, 0 for one per core; it does not affect the result.
    weights : array, optional
        float32 [height, width], 0..1: how much each pixel counts; where it is 0, none changes.

    Returns
    -------
    float
        The divisor; not finite if the gradient is not.
    """
    matrix, shares = color_matrix(recipe), WHOLE
    if matrix is not None:
        mix_colors(gradient, matrix)
    if weights is not None:
        gradient *= weights
        shares = Shares.of(weights)
    if recipe.pyramid:
        normalize_bands(gradient, recipe.pyramid, shares.square)
    smooth(gradient, recipe, step, threads)
    divisor = divide(gradient, recipe.normalize, recipe.epsilon, recipe.min_divisor, shares)
    if weights is not None:
        # Filters spread it beyond.
        gradient *= weights > 0
    if recipe.clip_gradient:
        np.clip(gradient, -recipe.clip_gradient, recipe.clip_gradient, out=gradient)
    gradient *= recipe.step_size
    return divisor


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
    if kind == "none":
        return magnitude(gradient, kind)
    share = shares.mean if kind == "mean" else math.sqrt(shares.square)
    divisor = max(magnitude(gradient, kind) / share + epsilon, min_divisor, MIN_DIVISOR)
    gradient /= np.float32(divisor)
    return divisor


def slow_down(change: Array, image: Array, headroom: float) -> None:
    """Shrink changes towards black or white near them, in place.

    A change is multiplied by the distance of its pixel from the end that it moves to, over
    `headroom`, where that is below 1.

    Parameters
    ----------
    change, image : array
        float32 [3, height, width].
    """
    for start in range(0, change.shape[1], _BAND):
        moved, pixels = (one[:, start : start + _BAND] for one in (change, image))
        room = np.where(moved > 0, 1 - pixels, pixels)
        room /= np.float32(headroom)
        moved *= np.clip(room, 0, 1, out=room)


def smooth(gradient: Array, recipe: Recipe, step: int, threads: int = 1) -> None:
    """Gaussian blur with the recipe's sigmas, in place; edges are mirrored."""
    sigma = recipe.smoothing
    if recipe.smoothing_growth:
        sigma += recipe.smoothing_growth * step / recipe.steps
    if not sigma:
        return
    if not recipe.smoothing_cascade:
        _blur(gradient, sigma, gradient, recipe.smoothing_colors, threads)
        return
    source = gradient.copy()
    gradient.fill(0)
    blurred = np.empty_like(gradient)
    for scale in (1.0, 2.0, 0.5):
        _blur(source, sigma * scale, blurred, recipe.smoothing_colors, threads)
        gradient += blurred


def _blur(gradient: Array, sigma: float, output: Array, colors: bool, threads: int) -> None:
    from scipy.ndimage import gaussian_filter

    if colors:
        gaussian_filter(gradient, sigma, output=output, mode="reflect")
        return

    def blur(plane: Array, out: Array) -> None:
        gaussian_filter(plane, sigma, output=out, mode="reflect")

    workers = min(len(gradient), threads or os.cpu_count() or 1)
    if workers == 1 or gradient[0].size < _THREADED_PIXELS:
        for plane, out in zip(gradient, output, strict=True):
            blur(plane, out)
        return
    with ThreadPoolExecutor(workers) as pool:
        # A list, so that an error in a thread is raised here.
        list(pool.map(blur, gradient, output))


def normalize_bands(gradient: Array, bands: int, share: float = 1.0) -> None:
    """Divide each band of a Laplacian pyramid, and the residual, by its root mean square, in place.

    The mean square is divided by `share`, the mean squared weight of the pixels.

    TensorFlow 1's DeepDream tutorial, `lap_normalize`.
    """
    # One plane at a time, and the finest band in place, to save memory.
    levels = [gradient]
    for _ in range(bands):
        fine, low = levels[-1], []
        for plane in fine:
            low.append(_downsample(plane))
            plane -= _upsample(low[-1], plane.shape)
        levels.append(np.stack(low))
    for band in levels:
        _divide_by_rms(band, share)
    for coarse, fine in pairwise(reversed(levels)):
        for low, plane in zip(coarse, fine, strict=True):
            plane += _upsample(low, plane.shape)


def _divide_by_rms(band: Array, share: float) -> None:
    square = sum(float(np.square(plane, dtype=np.float64).mean()) for plane in band) / len(band)
    band /= np.float32(max(math.sqrt(square / share), MIN_RMS))


def _filter(plane: Array) -> Array:
    from scipy.ndimage import correlate1d

    result = plane
    for axis in (0, 1):
        result = correlate1d(result, KERNEL, axis=axis, mode="constant")
    return np.asarray(result, np.float32)


def _downsample(plane: Array) -> Array:
    """Every second pixel of the blurred plane, as a convolution of stride 2 selects them."""
    starts = [1 - size % 2 for size in plane.shape]
    return _filter(plane)[starts[0] :: 2, starts[1] :: 2].copy()


def _upsample(low: Array, size: tuple[int, ...]) -> Array:
    """The transposed convolution times four: insert zeros between pixels, then blur."""
    result = np.zeros(size, np.float32)
    starts = [1 - length % 2 for length in size]
    result[starts[0] :: 2, starts[1] :: 2] = low
    return _filter(result) * np.float32(4)


def magnitude(gradient: Array, kind: str) -> float:
    """The mean of |g|, the standard deviation, or 1; not finite if the gradient is not.

    Summed in float64 by bands of rows, for precision at any size without a copy.
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
