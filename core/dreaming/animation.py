"""Animate a dream: each frame is the one before, zoomed and rotated, and dreamt on a little more.

The way of the zooms in google/deepdream's notebook (2015), held to the tone of the first picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.octaves import octave_sizes, working_size
from dreamlayer.core.ascent.progress import Progress, Timer
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.tone import Tone, tone_of
from dreamlayer.core.dreaming.visible import blending
from dreamlayer.core.images.array_image import as_mask
from dreamlayer.core.images.arrays import planar
from dreamlayer.core.images.motion import moved
from dreamlayer.core.images.transparency import fill_hidden, opacity
from dreamlayer.core.recipe.animation import Animation
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

_FRAME_OCTAVES = 3
"""Octaves of a further frame at most: large shapes come with the frame before."""


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

    The recipe's `anchor` holds every frame to the tone of the picture, so that none of it adds up.

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

    Yields
    ------
    Frame
        The first is the picture's own dream.

    Raises
    ------
    DreamlayerError
        As for `Dreamer.dream`.
    """
    height, width = pixels.shape[:2]
    further = further_recipe(dreamer, recipe, animation, width, height)
    tone = _tone(pixels, recipe, mask, alpha)
    work = _Work(dreamer, (width, height), recipe, further, animation.frames)
    for number in range(1, animation.frames + 1):
        if number > 1:
            pixels, alpha = _moved(pixels, animation, alpha)
            recipe = further
        pixels = dreamer.dream(
            pixels,
            recipe,
            mask=mask,
            alpha=alpha,
            tone=tone,
            tile=tile,
            callbacks=work.counting(number, callbacks),
            preview_side=preview_side,
        )
        yield Frame(number, pixels, alpha)


def further_recipe(
    dreamer: Dreamer, recipe: Recipe, animation: Animation, width: int, height: int
) -> Recipe:
    """The recipe of every frame but the first of a picture of this size."""
    octaves = recipe.octaves
    if len(_sizes(dreamer, (width, height), recipe)) > _FRAME_OCTAVES:
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
    if not recipe.anchor or recipe.start == "noise":
        return None
    opaque = opacity(alpha)
    weights = blending(None if mask is None else as_mask(mask), opaque)
    if weights is not None and not weights.any():
        return None
    base = planar(pixels)
    return tone_of(base if opaque is None else fill_hidden(base, opaque), weights)


def _moved(
    pixels: Array, animation: Animation, alpha: npt.NDArray[Any] | None
) -> tuple[Array, npt.NDArray[Any] | None]:
    """A picture and its alpha, which keeps its type, as the next frame has them."""
    opaque = opacity(alpha)
    pixels, moving = moved(pixels, animation.zoom, animation.rotation, opaque)
    if alpha is None or moving is None:
        return pixels, alpha
    if alpha.dtype.kind == "f":
        return pixels, moving.astype(alpha.dtype)
    most = np.iinfo(alpha.dtype).max
    return pixels, np.rint(moving * np.float64(most)).astype(alpha.dtype)


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
            octaves = _sizes(dreamer, size, recipe)
            return float(recipe.steps * sum(height * width for height, width in octaves))

        self._first, self._further = pixels(first), pixels(further)
        self._total = self._first + (frames - 1) * self._further
        self._timer = Timer(self._total)

    def counting(self, number: int, callbacks: Callbacks) -> Callbacks:
        """The callbacks of one frame, whose progress is that of all."""
        tell = callbacks.on_progress
        if tell is None:
            return callbacks
        before = self._first + (number - 2) * self._further if number > 1 else 0.0
        own = self._further if number > 1 else self._first

        def on_progress(progress: Progress) -> None:
            done = before + progress.fraction * own
            tell(
                dataclasses.replace(
                    progress,
                    fraction=done / self._total if self._total else 1.0,
                    seconds_left=self._timer.seconds_left(done),
                )
            )

        return dataclasses.replace(callbacks, on_progress=on_progress)
