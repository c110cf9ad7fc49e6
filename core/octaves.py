"""Octaves: the sizes a dream grows through, and the resampling between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float32]


def octave_sizes(height: int, width: int, count: int, scale: float) -> list[tuple[int, int]]:
    """(height, width) of each octave, smallest first, full size last, none below one pixel.

    Octaves that come out equal, as those of tiny images do, are kept once.
    """
    sizes = []
    for i in reversed(range(count)):
        size = max(1, int(height / scale**i)), max(1, int(width / scale**i))
        if size not in sizes:
            sizes.append(size)
    return sizes


def resize(image: Array, size: tuple[int, int]) -> Array:
    """Resample a planar image, antialiased when it shrinks.

    Parameters
    ----------
    image : array
        float32 [3, height, width], any values.
    size : (int, int)
        Height and width of the result.

    Returns
    -------
    array
        float32 [3, *size], a copy.
    """
    result = np.empty((image.shape[0], *size), np.float32)
    for plane, out in zip(image, result, strict=True):
        out[:] = resized_plane(plane, size)
    return result


def resized_plane(plane: Array, size: tuple[int, int]) -> Array:
    """Resample one plane, float32 [height, width], bicubic as Pillow does it."""
    if plane.shape == size:
        return plane
    height, width = size
    return np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC))
