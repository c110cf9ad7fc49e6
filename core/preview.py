"""What a dream looks like so far: the original and the change that it has undergone, reduced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.resampling import resize, resized_plane

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Preview:
    """The picture after an octave.

    Attributes
    ----------
    octave, octaves : int
        The octave that was finished, from 1, and how many there are.
    pixels : array
        uint8 [height, width, 3]; all previews of one dream have the same size.
    """

    octave: int
    octaves: int
    pixels: npt.NDArray[np.uint8]


ShowPreview = Callable[[Preview], None]


class Previewer:
    """Makes a `Preview` of every octave; what `core.ascent.dream_planes` takes as `show`.

    The change is resampled and the original is not, so that early octaves look as sharp as the
    result will.

    Parameters
    ----------
    base : array
        float32 [3, height, width], 0..1: the original. Not changed.
    mask : array or None
        float32 [height, width], 0..1.
    strength : float
        Share of the change that the result will have.
    side : int
        Longer side of the previews in pixels; the image's own where that is less.
    show : callable
        Takes each `Preview`.
    """

    def __init__(
        self, base: Array, mask: Array | None, strength: float, side: int, show: ShowPreview
    ) -> None:
        height, width = base.shape[1:]
        scale = min(1.0, side / max(height, width))
        self._size = max(1, round(height * scale)), max(1, round(width * scale))
        self._base, self._show = base, show
        self._reduced = resize(base, self._size)
        share = 1.0 if mask is None else np.clip(resized_plane(mask, self._size), 0, 1)
        self._share = np.float32(strength) * share

    def __call__(self, image: Array, octave: int, octaves: int) -> None:
        """Show one octave: float32 [3, h, w] of the octave's own size."""
        pixels = np.empty((*self._size, 3), np.uint8)
        # A plane at a time, since the last octave is as large as the picture.
        for channel, plane in enumerate(image):
            change = plane - resized_plane(self._base[channel], (plane.shape[0], plane.shape[1]))
            seen = self._reduced[channel] + self._share * resized_plane(change, self._size)
            pixels[:, :, channel] = np.rint(np.clip(seen, 0, 1) * 255)
        self._show(Preview(octave, octaves, pixels))
