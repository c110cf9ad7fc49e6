"""Animate a dream: each frame is the one before, zoomed and rotated, and dreamt on a little more.

The way of the zooms in google/deepdream's notebook (2015), held to the tone of the first picture.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.octaves import octave_sizes, working_size
from dreamlayer.core.ascent.progress import Progress, Timer, check_cancelled
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.tone import Tone, tone_of
from dreamlayer.core.dreaming.visible import blending
from dreamlayer.core.images.array_image import as_mask
from dreamlayer.core.images.arrays import check_image, planar
from dreamlayer.core.images.motion import moved
from dreamlayer.core.images.transparency import fill_hidden, opacity
from dreamlayer.core.recipe.animation import Animation
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

_FRAME_OCTAVES = 3
"""Octaves of a further frame at most: large shapes come with the frame before."""

_SEEDS = 2**63
"""Seeds that a recipe may have."""


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes
    ----------
    number : int
        From 1.
    pixels : array
        float32 [height, width, 3].
    alpha : array or None
        [height, width], of the type that was given.
    """

    number: int
    pixels: Array
    alpha: npt.NDArray[Any] | None


def animate(
    dreamer: Dreamer,
    pixels: Array,
    recipe: Recipe,
    animation: Animation,
    *,
    mask: Array | None = None,
    alpha: npt.NDArray[Any] | None = None,
    tile: int | None = None,
    callbacks: Callbacks = Callbacks(),
    preview_side: int = 256,
) -> Iterator[Frame]:
    """Dream one frame after another; memory does not grow with their number.

    The recipe's `anchor` holds every frame to the tone of the picture, or of the first frame where
    that starts from noise, so that changes do not add up. Each frame has a seed of its own, so that
    the edges of tiles do not stand still while the picture moves.

    Parameters
    ----------
    dreamer, recipe, alpha, tile, preview_side
        As for `Dreamer.dream`. Alpha moves with the picture.
    pixels : array
        float32 [height, width, 3]; not changed.
    animation : Animation
        How it moves.
    mask : array, optional
        As for `Dreamer.dream`; it stays where it is in each frame.
    callbacks : Callbacks
        As for `Dreamer.dream`; what progress tells as fraction and time left is that of all frames.

    Returns
    -------
    iterator of Frame
        The first is the picture's own dream.

    Raises
    ------
    DreamlayerError
        As for `Dreamer.dream`, which also the iterator raises.
    """
    mask = None if mask is None else as_mask(mask)
    check_image(pixels, mask, alpha)
    return _frames(dreamer, pixels, recipe, animation, mask, alpha, tile, callbacks, preview_side)


def _frames(
    dreamer: Dreamer,
    pixels: Array,
    recipe: Recipe,
    animation: Animation,
    mask: Array | None,
    alpha: npt.NDArray[Any] | None,
    tile: int | None,
    callbacks: Callbacks,
    preview_side: int,
) -> Iterator[Frame]:
    height, width = pixels.shape[:2]
    further = further_recipe(dreamer, recipe, animation, width, height)
    noise = recipe.start == "noise"
    # Noise has no tone worth keeping.
    tone = None if noise else _tone(pixels, recipe, mask, alpha)
    work = _Work(dreamer, (width, height), recipe, further, animation.frames)

    def check() -> None:
        check_cancelled(callbacks.cancelled, "animation")

    for number in range(1, animation.frames + 1):
        now = recipe
        if number > 1:
            pixels, alpha = _moved(pixels, animation, alpha, check)
            now = further.replace(seed=(recipe.seed + number - 1) % _SEEDS)
        pixels = dreamer.dream(
            pixels,
            now,
            mask=mask,
            alpha=alpha,
            tone=tone,
            tile=tile,
            callbacks=work.counting(number, callbacks),
            preview_side=preview_side,
            any_range=number > 1,
        )
        if noise and number == 1:
            tone = _tone(pixels, recipe, mask, alpha)
        work.report(number, now, (width, height), callbacks)
        yield Frame(number, pixels, alpha)


def further_recipe(
    dreamer: Dreamer, recipe: Recipe, animation: Animation, width: int, height: int
) -> Recipe:
    """The recipe of every frame but the first of a picture of this size, but for the seed."""
    octaves = recipe.octaves
    # With their number given, small pictures would not be enlarged as for the first frame.
    enlarged = working_size(width, height, recipe) > (height, width)
    if not (recipe.idle or enlarged):
        sizes = _sizes(dreamer, (width, height), recipe)
        if len(sizes) > _FRAME_OCTAVES:
            octaves = max(_FRAME_OCTAVES, recipe.octaves_above + 1)
    # Noise is replaced by the first frame.
    return recipe.replace(octaves=octaves, steps=min(animation.steps, recipe.steps), start="image")


def _sizes(dreamer: Dreamer, size: tuple[int, int], recipe: Recipe) -> list[tuple[int, int]]:
    """The sizes of a picture's octaves."""
    minimum = dreamer.network.geometry([term.layer for term in recipe.layers]).minimum
    return octave_sizes(*working_size(*size, recipe), recipe, minimum)


def _tone(
    pixels: Array, recipe: Recipe, mask: Array | None, alpha: npt.NDArray[Any] | None
) -> Tone | None:
    """The tone that the frames are held to, of what is dreamt on; None where they need none."""
    if not recipe.anchor:
        return None
    opaque = opacity(alpha)
    weights = blending(mask, opaque)
    if weights is not None and not weights.any():
        return None
    base = planar(pixels)
    return tone_of(base if opaque is None else fill_hidden(base, opaque), weights)


def _moved(
    pixels: Array,
    animation: Animation,
    alpha: npt.NDArray[Any] | None,
    check: Callable[[], None],
) -> tuple[Array, npt.NDArray[Any] | None]:
    """A picture and its alpha, which keeps its type, as the next frame has them."""
    zoom, rotation = animation.zoom, animation.rotation
    pixels, opaque = moved(pixels, zoom, rotation, opacity(alpha), check)
    if alpha is None or opaque is None:
        return pixels, alpha
    if alpha.dtype.kind == "f":
        return pixels, opaque.astype(alpha.dtype)
    most = np.iinfo(alpha.dtype).max
    return pixels, np.rint(opaque * np.float64(most)).astype(alpha.dtype)


class _Work:
    """Counts what is done of all frames, in pixels times steps."""

    def __init__(
        self,
        dreamer: Dreamer,
        size: tuple[int, int],
        first: Recipe,
        further: Recipe,
        frames: int,
    ) -> None:
        def pixels(recipe: Recipe) -> float:
            octaves = [] if recipe.idle else _sizes(dreamer, size, recipe)
            return float(recipe.steps * sum(height * width for height, width in octaves))

        # To move a frame takes about as long as a step.
        self._motion = float(math.prod(size))
        self._first, self._further = pixels(first), pixels(further)
        self._timer = Timer(self._until(frames))
        self._total = self._until(frames)

    def _until(self, number: int) -> float:
        """The work until a frame is complete."""
        return self._first + (number - 1) * (self._motion + self._further)

    def counting(self, number: int, callbacks: Callbacks) -> Callbacks:
        """The callbacks of one frame, whose progress is that of all."""
        tell = callbacks.on_progress
        if tell is None:
            return callbacks
        own = self._further if number > 1 else self._first

        def on_progress(progress: Progress) -> None:
            tell(self._of_all(progress, self._until(number) - (1 - progress.fraction) * own))

        return dataclasses.replace(callbacks, on_progress=on_progress)

    def report(
        self, number: int, recipe: Recipe, size: tuple[int, int], callbacks: Callbacks
    ) -> None:
        """Tell that a frame is complete, also one that needed no step."""
        if callbacks.on_progress is not None:
            width, height = size
            steps = recipe.steps
            done = Progress(1, 1, max(steps, 1), steps, width, height, 1.0, None, None)
            callbacks.on_progress(self._of_all(done, self._until(number)))

    def _of_all(self, progress: Progress, done: float) -> Progress:
        fraction = min(done / self._total, 1.0) if self._total else 1.0
        left = self._timer.seconds_left(done)
        return dataclasses.replace(progress, fraction=fraction, seconds_left=left)
