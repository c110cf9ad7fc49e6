"""Gradient ascent on an image: octaves, random shifts, tiles and the step.

Written once over a `Backend`; numpy's is the reference that every faster one must equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Backend, Image
from dreamlayer.core.ascent.numpy_backend import Expect, GradientOf, NumpyBackend
from dreamlayer.core.ascent.octaves import SCHEMES, Scheme, octave_sizes
from dreamlayer.core.ascent.preview import OnPreview
from dreamlayer.core.ascent.progress import OnProgress, ProgressTracker
from dreamlayer.core.ascent.tiles import Grid, tiles_of
from dreamlayer.core.errors import NetworkError
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

OnOctave = Callable[[Image, int, int], None]
"""Takes an octave's image as the backend holds it, not to be changed; its number from 1; their
count."""


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


OnStep = Callable[[Step], None]


@dataclass(frozen=True)
class Callbacks:
    """Whom a dream tells how it goes, and whom it asks whether to go on; any may be left out.

    Attributes
    ----------
    on_progress : callable, optional
        Called with a `Progress` after every tile.
    on_preview : callable, optional
        Called with a `core.ascent.preview.Preview` after every octave.
    on_step : callable, optional
        Called with a `Step` after every step.
    cancelled : callable, optional
        Asked before every tile; once it returns True, `CancelledError` is raised.
    """

    on_progress: OnProgress | None = None
    on_preview: OnPreview | None = None
    on_step: OnStep | None = None
    cancelled: Callable[[], bool] | None = None


def ascend_numpy(
    base: Array,
    recipe: Recipe,
    gradient_of: GradientOf,
    *,
    grid: Grid,
    rng: np.random.Generator,
    original: Array | None = None,
    callbacks: Callbacks = Callbacks(),
    on_octave: OnOctave[Array] | None = None,
    expect: Expect | None = None,
) -> Array:
    """Dream on a planar image over all octaves, in numpy.

    Parameters
    ----------
    base : array
        float32 [3, height, width], 0..1, what to start from; it is not changed.
    recipe : Recipe
        What to do; its network and layers are in `gradient_of` already.
    gradient_of : callable
        The objective and its gradient for one tile.
    grid, rng, original, callbacks, on_octave
        As for `ascend`.
    expect : callable, optional
        As for `NumpyBackend`.

    Returns
    -------
    array
        float32 [3, height, width].
    """
    backend = NumpyBackend(recipe, gradient_of, expect)
    return ascend(
        backend,
        base,
        grid=grid,
        rng=rng,
        original=original,
        callbacks=callbacks,
        on_octave=on_octave,
    )


def ascend(
    backend: Backend[Image],
    base: Image,
    *,
    grid: Grid,
    rng: np.random.Generator,
    original: Image | None = None,
    callbacks: Callbacks = Callbacks(),
    on_octave: OnOctave[Image] | None = None,
) -> Image:
    """Dream on an image over all octaves.

    Parameters
    ----------
    backend : Backend
        What computes, with the recipe and its objective.
    base : image
        What to start from, as the backend holds it, 0..1; it is not changed.
    grid : Grid
        How large tiles may be, and what the network demands of them.
    rng : numpy.random.Generator
        The source of the shifts.
    original : image, optional
        What terms that compare with the original are given, of the same shape; `base` by default.
    callbacks : Callbacks
        Told and asked as they say; previews are made by whoever gives `on_octave`.
    on_octave : callable, optional
        Called with the image after every octave.

    Returns
    -------
    image
        Of the size of `base`.

    Raises
    ------
    CancelledError
        Where that is wished.
    NetworkError
        Where the network does not run or gives numbers that are not finite.
    """
    recipe = backend.recipe
    sizes = octave_sizes(*backend.size(base), recipe)
    tracker = ProgressTracker(recipe, sizes, callbacks.on_progress, callbacks.cancelled)
    scheme: Scheme[Image] = SCHEMES[recipe.scheme](backend, base, sizes)
    image = scheme.start()
    for number, size in enumerate(sizes):
        if number:
            image = scheme.enter(image, number)
        tracker.enter(number)
        seen = None
        if recipe.needs_original:
            seen = backend.resize(base if original is None else original, size)
            # Clipped as the dream is: filters overshoot.
            seen = backend.clip(seen) if recipe.clip else seen
        _ascend_octave(backend, image, seen, grid, rng, tracker, callbacks.on_step)
        image = scheme.leave(image, number)
        if recipe.clip:
            image = backend.clip(image)
        if on_octave is not None:
            on_octave(image, number + 1, len(sizes))
    return scheme.finish(image)


def _ascend_octave(
    backend: Backend[Image],
    image: Image,
    original: Image | None,
    grid: Grid,
    rng: np.random.Generator,
    tracker: ProgressTracker,
    on_step: OnStep | None,
) -> None:
    """Climb on one octave, in place."""
    recipe, (height, width) = backend.recipe, backend.size(image)
    octave = backend.octave_step(image, original)
    for step in range(recipe.steps):
        loss = octave.gather(tiles_of(recipe, grid, height, width, rng), tracker)
        tracker.step(loss)
        if recipe.max_loss is not None and loss > recipe.max_loss:
            tracker.leave()
            return
        divisor = octave.climb(step)
        if not (math.isfinite(loss) and math.isfinite(divisor)):
            remedy = ", or precision full" if recipe.precision == "fast" else ""
            raise NetworkError(
                f"the network gives numbers that are not finite (objective {loss:g} at octave "
                f"{tracker.octave}); use other layers or a smaller step size{remedy}"
            )
        if on_step is not None:
            on_step(Step(tracker.octave, step + 1, loss, octave.change(), divisor))
