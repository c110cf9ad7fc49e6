"""What is done to a gradient before it is added to the image: evened out, blurred, divided."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

_BAND = 256
_WORTH_THREADS = 100_000
"""Pixels of a plane from which on threads save more than starting them costs."""

KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""What the pyramid blurs with along an axis."""

FLAT = 1e-10
"""The least that a band of the pyramid is divided by."""

SMALLEST = float(np.finfo(np.float32).tiny)
"""The least that a gradient is divided by."""


def condition(gradient: Array, recipe: Recipe, step: int, threads: int = 1) -> float:
    """Bring a whole image's gradient, in place, to the size of one step.

    Parameters
    ----------
    gradient : array
        float32 [3, height, width].
    recipe : Recipe
        What to do.
    step : int
        Number of the step within the octave, from 0.
    threads : int
        How many may work at a time, 0 for one a core; the result is the same.

    Returns
    -------
    float
        What it was divided by; not finite where the gradient is not.
    """
    if recipe.pyramid:
        even_out(gradient, recipe.pyramid)
    smooth(gradient, recipe, step, threads)
    divisor = divide(gradient, recipe.normalize, recipe)
    if recipe.clip_gradient:
        np.clip(gradient, -recipe.clip_gradient, recipe.clip_gradient, out=gradient)
    gradient *= recipe.step_size
    return divisor


def divide(gradient: Array, kind: str, recipe: Recipe) -> float:
    """Divide a gradient in place by its size, and return what it was divided by."""
    if kind == "none":
        return magnitude(gradient, kind)
    divisor = max(magnitude(gradient, kind) + recipe.epsilon, recipe.min_divisor, SMALLEST)
    gradient /= np.float32(divisor)
    return divisor


def smooth(gradient: Array, recipe: Recipe, step: int, threads: int = 1) -> None:
    """Blur with Gaussians, in place; beyond the edges the image is mirrored."""
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


def _blur(gradient: Array, sigma: float, output: Array, colours: bool, threads: int) -> None:
    from scipy.ndimage import gaussian_filter

    if colours:
        gaussian_filter(gradient, sigma, output=output, mode="reflect")
        return

    def blur(plane: Array, out: Array) -> None:
        gaussian_filter(plane, sigma, output=out, mode="reflect")

    workers = min(len(gradient), threads or os.cpu_count() or 1)
    if workers == 1 or gradient[0].size < _WORTH_THREADS:
        for plane, out in zip(gradient, output, strict=True):
            blur(plane, out)
        return
    with ThreadPoolExecutor(workers) as pool:
        # Listed, so that an error in a thread is one here.
        list(pool.map(blur, gradient, output))


def even_out(gradient: Array, bands: int) -> None:
    """Divide each band of a Laplacian pyramid by its own size, and join them again, in place.

    TensorFlow 1's DeepDream tutorial, `lap_normalize`: so many bands of detail and what is left,
    each divided by the root of its mean square.
    """
    levels, current = [], gradient.copy()
    for _ in range(bands):
        low = _shrunk(current)
        current -= _grown(low, current.shape[1:])
        levels.append(current)
        current = low
    _divided_by_size(current)
    for band in reversed(levels):
        _divided_by_size(band)
        band += _grown(current, band.shape[1:])
        current = band
    gradient[...] = current


def _divided_by_size(band: Array) -> None:
    size = math.sqrt(float(np.square(band, dtype=np.float64).mean()))
    band /= np.float32(max(size, FLAT))


def _filtered(image: Array) -> Array:
    from scipy.ndimage import correlate1d

    result = image
    for axis in (1, 2):
        result = correlate1d(result, KERNEL, axis=axis, mode="constant")
    return np.asarray(result, np.float32)


def _shrunk(image: Array) -> Array:
    """Every second pixel of the blurred image, those that a convolution of stride 2 meets."""
    starts = [1 - size % 2 for size in image.shape[1:]]
    return _filtered(image)[:, starts[0] :: 2, starts[1] :: 2].copy()


def _grown(low: Array, size: tuple[int, ...]) -> Array:
    """The transposed convolution: pixels put back where they came from, blurred, four times."""
    spread = np.zeros((low.shape[0], *size), np.float32)
    starts = [1 - length % 2 for length in size]
    spread[:, starts[0] :: 2, starts[1] :: 2] = low
    return _filtered(spread) * np.float32(4)


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
