"""The loop of gradient ascent on an image, over octaves, steps and tiles, on any `Backend`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.anchor import anchored
from dreamlayer.core.ascent.backend import Backend, Image, OctaveStep, Size
from dreamlayer.core.ascent.octaves import SCHEMES, Scheme, octave_sizes
from dreamlayer.core.ascent.preview import OnPreview
from dreamlayer.core.ascent.progress import OnProgress, ProgressTracker
from dreamlayer.core.ascent.tiles import Grid, tiles_of
from dreamlayer.core.errors import NetworkError
from dreamlayer.core.images.resampling import resized_plane

Array = npt.NDArray[np.float32]

OnOctave = Callable[[Image, int, int], None]
"""Function of an octave's image in the backend, which it must not change, the octave's number from
1, and the number of octaves."""


@dataclass(frozen=True)
class Step:
    """The result of one step, for analysis.

    Attributes
    ----------
    octave, step : int
        Counted from 1.
    loss : float
        The objective before the step.
    change : array
        float32 [3, h, w], the change of the image before clipping; later steps overwrite it.
    divisor : float
        The gradient's divisor.
    clipped : float
        The share of pixels that are black or white in any channel after the step.
    """

    octave: int
    step: int
    loss: float
    change: Array
    divisor: float
    clipped: float


OnStep = Callable[[Step], None]

LARGE = 50_000_000
"""Pixels of an octave from which the network's memory is released after each step's tiles, since
the picture needs it: loading the network again takes a hundredth of a step's time."""


@dataclass(frozen=True)
class Callbacks:
    """Functions that a dream calls; all are optional.

    Attributes
    ----------
    on_progress : callable, optional
        Called with a `Progress` after every tile.
    on_preview : callable, optional
        Called with a `core.ascent.preview.Preview` after every octave.
    on_step : callable, optional
        Called with a `Step` after every step.
    cancelled : callable, optional
        Called before every tile; `CancelledError` is raised once it returns True.
    """

    on_progress: OnProgress | None = None
    on_preview: OnPreview | None = None
    on_step: OnStep | None = None
    cancelled: Callable[[], bool] | None = None


def ascend(
    backend: Backend[Image],
    base: Image,
    *,
    grid: Grid,
    rng: np.random.Generator,
    original: Image | None = None,
    weights: Array | None = None,
    callbacks: Callbacks = Callbacks(),
    on_octave: OnOctave[Image] | None = None,
) -> Image:
    """Dream on an image over all octaves.

    Parameters
    ----------
    backend : Backend
        Holds the images; it has the recipe and the objective.
    base : image
        The initial image, 0..1; it is not changed.
    grid : Grid
        The size of tiles, and the network's requirements on it.
    rng : numpy.random.Generator
        The source of jitter.
    original : image, optional
        The image that terms may compare with, of the same shape; `base` by default.
    weights : array, optional
        float32 [height, width], 0..1, of the size of `base`: how much the gradient of each pixel
        counts, on every octave; where it is 0, no step changes any.
    callbacks : Callbacks
        Functions to call; `on_preview` is ignored in favor of `on_octave`.
    on_octave : callable, optional
        Called with the image after every octave.

    Returns
    -------
    image
        Of the size of `base`.

    Raises
    ------
    CancelledError
        `callbacks.cancelled` returned True.
    NetworkError
        The network fails, or its results are not finite.
    """
    recipe = backend.recipe
    sizes = octave_sizes(*backend.size(base), recipe, grid.geometry.minimum)
    tracker = ProgressTracker(recipe, sizes, callbacks.on_progress, callbacks.cancelled)
    scheme: Scheme[Image] = SCHEMES[recipe.scheme](backend, base, sizes)
    image = scheme.start()
    for number, size in enumerate(sizes):
        if number:
            image = scheme.enter(image, number)
        tracker.begin_octave(number)
        target = None
        if recipe.needs_original:
            target = backend.resize(base if original is None else original, size)
            # Clipped like the dream, since filters overshoot.
            target = backend.clip(target) if recipe.clip else target
        octave = backend.octave_step(image, target, _weights_at(size, weights))
        _climb(backend, octave, size, grid, rng, tracker, callbacks.on_step)
        # Its gradient's memory is needed for the next octave's image.
        del octave
        image = scheme.leave(image, number)
        if recipe.anchor and recipe.start != "noise":
            image = anchored(backend, image, base)
        if recipe.clip:
            image = backend.clip(image)
        if on_octave is not None:
            on_octave(image, number + 1, len(sizes))
    return scheme.finish(image)


def _weights_at(size: Size, weights: Array | None) -> Array | None:
    """The weights of an octave's pixels."""
    return None if weights is None else np.clip(resized_plane(weights, size), 0, 1)


def _climb(
    backend: Backend[Image],
    octave: OctaveStep,
    size: Size,
    grid: Grid,
    rng: np.random.Generator,
    tracker: ProgressTracker,
    on_step: OnStep | None,
) -> None:
    """Take the steps of one octave, in place."""
    recipe, (height, width) = backend.recipe, size
    for step in range(recipe.steps):
        loss = octave.accumulate(tiles_of(recipe, grid, height, width, rng), tracker)
        tracker.count_step(loss)
        if height * width >= LARGE:
            backend.release()
        if recipe.max_loss is not None and loss > recipe.max_loss:
            tracker.skip_rest()
            return
        divisor = octave.apply(step)
        if not (math.isfinite(loss) and math.isfinite(divisor)):
            remedy = ", or precision full" if recipe.precision == "fast" else ""
            raise NetworkError(
                f"the network computes numbers that are not finite (objective {loss:g} at octave "
                f"{tracker.octave}); use other layers or a smaller step size{remedy}"
            )
        if on_step is not None:
            change, clipped = octave.change(), octave.clipped()
            on_step(Step(tracker.octave, step + 1, loss, change, divisor, clipped))
