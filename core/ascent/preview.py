"""Previews of a dream: the original and the change so far, at a reduced size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Backend, Image
from dreamlayer.core.images.arrays import planar
from dreamlayer.core.images.resampling import BICUBIC, resize, resized_plane

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Preview:
    """The picture after an octave.

    Attributes
    ----------
    octave, octaves : int
        The finished octave, from 1, and the number of octaves.
    pixels : array
        uint8 [height, width, 3]; all previews of one dream have the same size.
    """

    octave: int
    octaves: int
    pixels: npt.NDArray[np.uint8]


OnPreview = Callable[[Preview], None]

Finish = Callable[[Array, Array], Array]
"""Function of a change and the original at its size, both float32 [3, height, width], that returns
the change as it is in the result; it may overwrite the first."""


class PreviewMaker(Generic[Image]):
    """Makes a `Preview` of every octave; the `on_octave` argument of `core.ascent.loop.ascend`.

    Only the change is resampled from the octave's size, so that early octaves look as sharp as the
    result. It is reduced on the backend.

    Parameters
    ----------
    backend : Backend
        Holds the images.
    base : image
        The original, 0..1; not changed.
    mask : array or None
        float32 [height, width], 0..1: the share of the change in the result.
    finish : callable
        Called with the change of a preview.
    side : int
        Longer side of the previews in pixels, limited by the image's.
    on_preview : callable
        Called with each `Preview`.
    pixels : array, optional
        float32 [height, width, 3]: what the change is shown on, where `base` has other colors than
        the picture, as where it is transparent.
    """

    def __init__(
        self,
        backend: Backend[Image],
        base: Image,
        mask: Array | None,
        finish: Finish,
        side: int,
        on_preview: OnPreview,
        pixels: Array | None = None,
    ) -> None:
        height, width = backend.size(base)
        scale = min(1.0, side / max(height, width))
        size = self._size = max(1, round(height * scale)), max(1, round(width * scale))
        self._backend, self._base = backend, base
        self._finish, self._on_preview = finish, on_preview
        reduced = backend.map(lambda f, planes: f.resize(planes, size, BICUBIC), base)
        self._reduced = backend.download(reduced)
        self._shown = self._reduced if pixels is None else resize(planar(pixels), size)
        self._mask = 1.0 if mask is None else np.clip(resized_plane(mask, self._size), 0, 1)

    def __call__(self, image: Image, octave: int, octaves: int) -> None:
        """Make the preview of one octave from its image."""
        own, size = self._backend.size(image), self._size
        change = self._backend.map(
            lambda f, now, base: f.resize(now - f.resize(base, own, BICUBIC), size, BICUBIC),
            image,
            self._base,
        )
        pixels = np.empty((*self._size, 3), np.uint8)
        finished = self._finish(self._backend.download(change), self._reduced)
        for channel, plane in enumerate(finished):
            blended = self._shown[channel] + self._mask * plane
            pixels[:, :, channel] = np.rint(np.clip(blended, 0, 1) * 255)
        self._on_preview(Preview(octave, octaves, pixels))
