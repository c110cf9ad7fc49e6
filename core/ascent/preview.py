"""What a dream looks like so far: the original and the change that it has undergone, reduced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Backend, Image
from dreamlayer.core.images.resampling import BICUBIC, resized_plane

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


OnPreview = Callable[[Preview], None]


class PreviewMaker(Generic[Image]):
    """Makes a `Preview` of every octave; what `core.ascent.loop.ascend` takes as `show`.

    The change is resampled and the original is not, so that early octaves look as sharp as the
    result will. It is reduced where the images lie.

    Parameters
    ----------
    backend : Backend
        What computes.
    base : image
        The original, 0..1. Not changed.
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
        self,
        backend: Backend[Image],
        base: Image,
        mask: Array | None,
        strength: float,
        side: int,
        show: OnPreview,
    ) -> None:
        height, width = backend.size(base)
        scale = min(1.0, side / max(height, width))
        size = self._size = max(1, round(height * scale)), max(1, round(width * scale))
        self._backend, self._base, self._show = backend, base, show
        reduced = backend.map(lambda f, planes: f.resize(planes, size, BICUBIC), base)
        self._reduced = backend.download(reduced)
        share = 1.0 if mask is None else np.clip(resized_plane(mask, self._size), 0, 1)
        self._share = np.float32(strength) * share

    def __call__(self, image: Image, octave: int, octaves: int) -> None:
        """Show one octave, whose image has the octave's own size."""
        own, size = self._backend.size(image), self._size
        change = self._backend.map(
            lambda f, now, base: f.resize(now - f.resize(base, own, BICUBIC), size, BICUBIC),
            image,
            self._base,
        )
        pixels = np.empty((*self._size, 3), np.uint8)
        for channel, plane in enumerate(self._backend.download(change)):
            seen = self._reduced[channel] + self._share * plane
            pixels[:, :, channel] = np.rint(np.clip(seen, 0, 1) * 255)
        self._show(Preview(octave, octaves, pixels))
