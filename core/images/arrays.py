"""Arrays of pixels: checked, converted, laid out for dreaming, and changed under a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import ImageError
from dreamlayer.core.images.compact import CompactPixels

Array = npt.NDArray[np.float32]
_ROUNDING = 1e-5
_AT_ONCE = 2**18


def check_image(
    pixels: Array | CompactPixels, mask: Array | None = None, alpha: npt.NDArray[Any] | None = None
) -> tuple[int, int]:
    """Height and width of an image that can be dreamed on, with its mask and alpha.

    Raises
    ------
    ImageError
        A shape or a value is not what `Dreamer.dream` accepts.
    """
    if isinstance(pixels, CompactPixels):
        _, height, width = pixels.shape
    else:
        height, width = _checked(pixels)
    for name, plane in (("mask", mask), ("alpha", alpha)):
        if plane is not None and plane.shape != (height, width):
            raise ImageError(
                f"the {name} must have the image's shape [{height}, {width}], but has "
                f"{list(plane.shape)}"
            )
    if alpha is not None and not (alpha.dtype.kind == "f" or alpha.dtype in (np.uint8, np.uint16)):
        raise ImageError(f"alpha must hold uint8, uint16 or floats, but holds {alpha.dtype}")
    if mask is not None and not (mask.dtype.kind == "f" and _within_0_1(mask)):
        raise ImageError("the mask must hold floats from 0 (keep the pixel) to 1 (dream)")
    return height, width


def _checked(pixels: Array) -> tuple[int, int]:
    """Height and width of pixels that are finite."""
    if pixels.dtype.kind != "f":
        raise ImageError(
            f"pixels must be floats from 0 to 1 here, but are {pixels.dtype}; dream() takes whole "
            f"numbers too"
        )
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ImageError(
            f"an image must have the shape [height, width, 3], but has {list(pixels.shape)}"
        )
    if not np.isfinite(pixels.min()) or not np.isfinite(pixels.max()):
        raise ImageError("the image has pixels that are not finite numbers; replace them first")
    return pixels.shape[0], pixels.shape[1]


def planar(pixels: Array) -> Array:
    """Clip to 0..1 and lay out as [3, height, width]."""
    planes = np.empty((3, *pixels.shape[:2]), np.float32)
    for channel, plane in enumerate(planes):
        np.clip(pixels[:, :, channel], 0, 1, out=plane)
    return planes


def _within_0_1(mask: Array) -> bool:
    """Whether values are within 0..1, up to the rounding of a feathered float selection."""
    return bool(-_ROUNDING <= mask.min() <= mask.max() <= 1 + _ROUNDING)


def noise(size: tuple[int, int], low: float, high: float, rng: np.random.Generator) -> Array:
    """Uniform noise from `low` to `high`, float32 [3, height, width]; `size` is (height, width)."""
    values = rng.random((3, *size), np.float32)
    values *= high - low
    values += low
    return values


def changed(
    pixels: Array | CompactPixels, change: Array, mask: Array | None, result: Array
) -> Array:
    """Write pixels + mask * change to `result`; pixels outside the mask are copied bit for bit.

    Parameters
    ----------
    pixels, result : array
        float32 [height, width, 3], or compact pixels.
    change : array
        float32 [3, height, width]; overwritten.
    mask : array or None
        float32 [height, width], 0..1.
    """
    planes = pixels if isinstance(pixels, CompactPixels) else np.moveaxis(pixels, 2, 0)
    for channel, own in enumerate(planes):
        if mask is None:
            np.add(own, change[channel], out=result[:, :, channel])
        else:
            np.multiply(change[channel], mask, out=change[channel])
            sum_ = np.add(own, change[channel], out=change[channel])
            result[:, :, channel] = np.where(mask > 0, sum_, own)
    return result


def as_float(image: npt.NDArray[Any]) -> Array:
    """Pixels as float32, 0..1; `ImageError` for types other than uint8, uint16 and floats."""
    if image.dtype.newbyteorder("=") in (np.uint8, np.uint16):
        top = np.float32(np.iinfo(image.dtype).max)
        return np.asarray(np.divide(image, top, dtype=np.float32, casting="same_kind"))
    if image.dtype.kind != "f":
        raise ImageError(
            f"an image must hold uint8, uint16 or floats, but holds {image.dtype}; convert it first"
        )
    return image.astype(np.float32)


def as_type(pixels: Array, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Float pixels, 0..1, in the type that an image was given in."""
    if dtype.kind == "f":
        return pixels.astype(dtype, copy=False)
    result = np.empty(pixels.shape, dtype)
    to_levels(pixels, result)
    return result


def to_levels(values: npt.NDArray[Any], levels: npt.NDArray[Any]) -> None:
    """Write floats, 0..1, to `levels` as whole numbers up to the maximum of their type.

    They are clipped, NaN to 0, and rounded to the nearest, halves up. This is the one rule for
    files, arrays and the worker; it is computed in float64, where the product of a float32 and the
    maximum is exact.

    Parameters
    ----------
    values : array
        Floats of any shape.
    levels : array
        uint8 or uint16 of the same shape, of any byte order.
    """
    top = np.iinfo(levels.dtype).max
    # By rows, so that there is never a whole copy in float64.
    step = max(1, _AT_ONCE // max(1, values[:1].size)) if values.ndim else 1
    for start in range(0, len(values), step):
        exact = np.multiply(values[start : start + step], top, dtype=np.float64)
        # The first of these makes NaN 0.
        np.fmin(np.fmax(exact, 0, out=exact), top, out=exact)
        exact += 0.5
        levels[start : start + step] = exact
