"""Resample planar images: with Pillow's antialiased filters, or as TensorFlow and SciPy do."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from dreamlayer.core.images.compact import CompactPixels

Array = npt.NDArray[np.float32]

BICUBIC = "bicubic"
_PART_VALUES = 1 << 20
"""Values of a plane that are resampled at once, at most."""


def resize(image: Array | CompactPixels, size: tuple[int, int], method: str = BICUBIC) -> Array:
    """Resample a planar image.

    Parameters
    ----------
    image : array
        float32 [planes, height, width], any values.
    size : (int, int)
        Height and width of the result.
    method : str
        One of `METHODS`.

    Returns
    -------
    array
        float32 [planes, *size], a copy.
    """
    result = np.empty((image.shape[0], *size), np.float32)
    for plane, out in zip(image, result, strict=True):
        out[:] = resized_plane(plane, size, method)
    return result


def resized_to_cover(image: Array, size: tuple[int, int]) -> Array:
    """The middle of an image, float32 [planes, height, width] in 0..1, as large as fits a size.

    It is scaled until it just covers `size`, and what stands out is cut off.
    """
    height, width = image.shape[1:]
    scale = max(size[0] / height, size[1] / width)
    whole = max(round(height * scale), size[0]), max(round(width * scale), size[1])
    top, left = (whole[0] - size[0]) // 2, (whole[1] - size[1]) // 2
    scaled = np.clip(resize(image, whole), 0, 1)
    return np.ascontiguousarray(scaled[:, top : top + size[0], left : left + size[1]])


def resized_plane(plane: Array, size: tuple[int, int], method: str = BICUBIC) -> Array:
    """Resample one plane, float32 [height, width]; may return the plane itself."""
    if plane.shape == size and method not in _CHANGE_ALWAYS:
        return plane
    return METHODS[method](plane, size)


def _pillow(plane: Array, size: tuple[int, int], how: Image.Resampling) -> Array:
    """Resample as Pillow does, along the rows first, in parts where the plane is large.

    Pillow would copy a whole plane three times; each row, and then each column, is resampled by
    itself, so parts give the same values.
    """
    if plane.size <= _PART_VALUES and math.prod(size) <= _PART_VALUES:
        return _resampled(plane, size, how)
    (old, _), (height, width) = plane.shape, size
    wide = plane
    if width != plane.shape[1]:
        wide = np.empty((old, width), np.float32)
        for rows in _parts(old, max(width, plane.shape[1])):
            part = plane[rows]
            wide[rows] = _resampled(part, (len(part), width), how)
    if height == old:
        return wide
    result = np.empty(size, np.float32)
    for columns in _parts(width, max(height, old)):
        part = wide[:, columns]
        result[:, columns] = _resampled(part, (height, part.shape[1]), how)
    return result


def _parts(length: int, across: int) -> list[slice]:
    """Divide an axis into parts that are resampled one by one; `across` is the other axis."""
    step = max(_PART_VALUES // across, 1)
    return [slice(start, start + step) for start in range(0, length, step)]


def _resampled(plane: Array, size: tuple[int, int], how: Image.Resampling) -> Array:
    height, width = size
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), how))


def _bicubic(plane: Array, size: tuple[int, int]) -> Array:
    return _pillow(plane, size, Image.Resampling.BICUBIC)


def _lanczos(plane: Array, size: tuple[int, int]) -> Array:
    return _pillow(plane, size, Image.Resampling.LANCZOS)


def _lanczos_8_bits(plane: Array, size: tuple[int, int]) -> Array:
    """Clip to 0..1 and quantize to 256 levels, rounding down, as `uint8` images are."""
    # In float32, times 255 restores each of the 256 levels exactly.
    levels = (np.clip(plane, 0, 1) * np.float32(255)).astype(np.uint8)
    height, width = size
    resized = Image.fromarray(levels).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized).astype(np.float32) / np.float32(255)


def _bilinear(plane: Array, size: tuple[int, int]) -> Array:
    """Half-pixel centers, no antialiasing: `tf.image.resize` of TensorFlow 2."""
    return _linear(plane, size, lambda i, old, new: (i + 0.5) * (old / new) - 0.5)


def _bilinear_tf1(plane: Array, size: tuple[int, int]) -> Array:
    """Pixel centers at the upper left corner: `tf.image.resize_bilinear` of TensorFlow 1."""
    return _linear(plane, size, lambda i, old, new: i * (old / new))


def _bilinear_corners(plane: Array, size: tuple[int, int]) -> Array:
    """Corners aligned: `scipy.ndimage.zoom` of order 1."""
    return _linear(plane, size, lambda i, old, new: i * ((old - 1) / max(new - 1, 1)))


Places = Callable[[npt.NDArray[np.float64], int, int], npt.NDArray[np.float64]]


def _linear(plane: Array, size: tuple[int, int], places: Places) -> Array:
    """Interpolate linearly along both axes; edge pixels are extended outwards."""
    for axis, new in enumerate(size):
        old = plane.shape[axis]
        at = np.clip(places(np.arange(new, dtype=np.float64), old, new), 0, old - 1)
        first = np.minimum(at.astype(np.int64), max(old - 2, 0))
        share = (at - first).astype(np.float32)
        share = share[:, np.newaxis] if axis == 0 else share
        low = np.take(plane, first, axis)
        high = np.take(plane, np.minimum(first + 1, old - 1), axis)
        high -= low
        high *= share
        low += high
        plane = low
    return plane


METHODS: dict[str, Callable[[Array, tuple[int, int]], Array]] = {
    BICUBIC: _bicubic,
    "lanczos": _lanczos,
    "lanczos-8bit": _lanczos_8_bits,
    "bilinear": _bilinear,
    "bilinear-tf1": _bilinear_tf1,
    "bilinear-corners": _bilinear_corners,
}
"""All methods. Pillow's (bicubic, Lanczos) antialias when shrinking."""

_CHANGE_ALWAYS = {"lanczos-8bit"}
