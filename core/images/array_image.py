"""Arrays as callers hold images in: gray or color, with or without alpha, of several types."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import ImageError, bare
from dreamlayer.core.images.arrays import as_float, as_type
from dreamlayer.core.images.luminance import luminance

Array = npt.NDArray[np.float32]

_SAMPLE = 1_000_000
"""About as many values tell the range of an image."""

_ALMOST = 1e-3
"""Values beyond black and white that rounding explains."""

_FAR_BEYOND, _LEVELS = 10, 100
"""Floats of which many are beyond the one, and some beyond the other, are levels."""

_FAR_BELOW = 0.25

_MODES = ("L", "LA", "RGB", "RGBA", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of Pillow whose arrays are images."""

_SHAPES = "[height, width], or [height, width, channels] with 1 to 4 of them"


@dataclass(frozen=True, eq=False)
class ArrayImage:
    """An array taken apart, as a dream needs it.

    Attributes
    ----------
    pixels : array
        float32 [height, width, 3], 0..1.
    alpha : array or None
        [height, width], in the array's own type and byte order.
    given : array
        The array itself.
    """

    pixels: Array
    alpha: npt.NDArray[Any] | None
    given: npt.NDArray[Any]

    def like_given(self, result: Array) -> npt.NDArray[Any]:
        """A result, float32 [height, width, 3], in the array's own layout and type.

        Pixels that are the same keep every bit; a gray image gets the luminance of the result.
        """
        given, out = self.given, self.given.copy()
        grey = given.ndim == 2 or given.shape[2] < 3
        changed = (result != self.pixels).any(axis=2)
        if grey:
            result = luminance(np.moveaxis(result, 2, 0))[:, :, np.newaxis]
        levels = as_type(result, given.dtype)
        if given.ndim == 2:
            out[changed] = levels[:, :, 0][changed]
        else:
            out[changed, : result.shape[2]] = levels[changed]
        return out


def array_image(image: object) -> ArrayImage:
    """Take an array of pixels apart.

    Parameters
    ----------
    image : array, or what numpy makes one of
        [height, width] or [height, width, channels]: gray, gray and alpha, RGB, or RGB and alpha;
        uint8, uint16 (of either byte order) or floats, 0..1.

    Raises
    ------
    ImageError
        It is of another shape or type, or no image at all; the sentence says what to do.
    """
    if isinstance(image, str | os.PathLike):
        raise ImageError(
            "an image must be an array of pixels or a Picture, but is the name of a file; read it "
            "first: dream(read(name))"
        )
    _check_mode(image)
    if isinstance(image, np.ma.MaskedArray):
        raise ImageError("an image must not be a masked array; fill it first: image.filled()")
    try:
        given = np.asarray(image)
    except (TypeError, ValueError) as error:
        raise ImageError(
            f"an image must be an array {_SHAPES}, but numpy cannot make one of it ({error})"
        ) from error
    _check_layout(given)
    _check_type(given)
    channels = 1 if given.ndim == 2 else given.shape[2]
    colors = given if given.ndim == 3 else given[:, :, np.newaxis]
    pixels = as_float(colors[:, :, : 3 if channels >= 3 else 1])
    if channels < 3:
        pixels = np.repeat(pixels, 3, axis=2)
    alpha = np.ascontiguousarray(colors[:, :, -1]) if channels in (2, 4) else None
    return ArrayImage(np.ascontiguousarray(pixels), alpha, given)


def check_range(pixels: Array, name: str = "the image") -> None:
    """Refuse floats that do not run from 0, black, to 1, white, such as 0..255 or -1..1.

    They would be clipped to white or black almost everywhere, so that a dream changes next to
    nothing. Highlights beyond white, and some values below black, are sound.

    Parameters
    ----------
    pixels : array
        float32 [height, width, 3].
    name : str
        Whose they are, for the message.

    Raises
    ------
    ImageError
        Most of the image is beyond white or black, all of it are whole numbers above 1, or what is
        not black lies far beyond white.
    """
    values = _sample(pixels)
    if _holds_levels(values) or float(np.mean(values > 1 + _ALMOST)) > 0.5:
        raise _beyond_white(values, name)
    if float(np.mean(values < -_ALMOST)) > 0.25:
        raise _below_black(values, name)


def check_clipping(pixels: npt.NDArray[Any], name: str = "the image") -> None:
    """Refuse floats that clipping to 0..1 would leave next to nothing of, such as 0..255 or -1..1.

    It forgives more than `check_range`: a picture may have been made brighter on purpose.

    Parameters
    ----------
    pixels : array
        Floats of any shape, finite.
    name
        Whose they are, for the message.

    Raises
    ------
    ImageError
        They are levels, or a quarter of them is far below black.
    """
    values = _sample(pixels)
    if _holds_levels(values):
        raise _beyond_white(values, name)
    if float(np.mean(values < -_FAR_BELOW)) > 0.25:
        raise _below_black(values, name)


def _sample(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    step = max(1, int((pixels.size / _SAMPLE) ** 0.5))
    return pixels[::step, ::step]


def _holds_levels(values: npt.NDArray[Any]) -> bool:
    """Whether floats are levels such as 0..255, of which any share may be black.

    All of them are whole, or those that are not black lie far beyond white. Highlights do not: they
    are few, or not far beyond it.
    """
    high = float(values.max())
    if high > 1.5 and bool((values == np.rint(values)).all()):
        return True
    if high > _FAR_BEYOND and float(np.median(values[values > 0])) > 2:
        return True
    return high > _LEVELS and float(np.mean(values > _FAR_BEYOND)) > 0.1


def _beyond_white(values: npt.NDArray[Any], name: str) -> ImageError:
    high = float(values.max())
    top = 255 if high < 300 else 65535
    return ImageError(
        f"the floats of {name} go up to {high:g}, but 0 is black and 1 is white; divide them by "
        f"what is white in them, such as {top}, or clip highlights to 1"
    )


def _below_black(values: npt.NDArray[Any], name: str) -> ImageError:
    return ImageError(
        f"the floats of {name} go from {float(values.min()):g} to {float(values.max()):g}, but 0 "
        f"is "
        f"black and 1 is white; bring them to that range"
    )


def as_mask(mask: object) -> Array:
    """A mask as float32 [height, width], 0..1, from booleans, uint8, uint16 or floats.

    Raises
    ------
    ImageError
        It has another type.
    """
    given = np.asarray(mask)
    if given.dtype == np.bool_:
        return given.astype(np.float32)
    if not is_level_or_float(given.dtype):
        raise ImageError(
            f"a mask must hold booleans, uint8, uint16, or floats from 0 (keep the pixel) to 1 "
            f"(dream), but holds {given.dtype}"
        )
    return as_float(given)


def _check_mode(image: object) -> None:
    """Refuse modes of Pillow whose arrays are no colors; its conversion may clip."""
    mode = getattr(image, "mode", None)
    if not isinstance(mode, str) or mode in _MODES:
        return
    if mode == "I":
        remedy = "numpy.asarray(image).astype(numpy.uint16) keeps it, where white is 65535 in it"
    else:
        clear = mode in ("PA", "RGBa") or "transparency" in getattr(image, "info", ())
        to = "LA" if mode == "La" else "RGBA" if clear else "RGB"
        remedy = f"convert it with image.convert('{to}')"
    raise ImageError(
        "an image of Pillow must have the mode L, LA, RGB, RGBA, F or I;16, but has "
        f"{bare(mode)}; {remedy}"
    )


def _check_layout(given: npt.NDArray[Any]) -> None:
    shape = list(given.shape)
    if given.ndim in (2, 3) and 0 not in shape and (given.ndim == 2 or shape[2] in (1, 2, 3, 4)):
        return
    remedy = "reshape it"
    if given.ndim == 4:
        remedy = "dream on the images of a batch one by one: [dream(one) for one in images]"
    elif given.ndim == 3 and shape[0] in (1, 3, 4):
        remedy = "its channels come first: image.transpose(1, 2, 0) puts them last"
    elif 0 in shape:
        remedy = "it has no pixels"
    elif given.ndim == 3:
        remedy = "choose three channels"
    raise ImageError(f"an image must have the shape {_SHAPES}, but has {shape}; {remedy}")


def is_level_or_float(kind: np.dtype[Any]) -> bool:
    """Whether a type is uint8, uint16 or a float of at most 64 bits, of either byte order."""
    if kind.kind == "f":
        return kind.itemsize <= 8
    return as_levels(kind) is not None


def as_levels(kind: np.dtype[Any]) -> int | None:
    """What is white in a type of whole numbers, 255 or 65535; None for other types."""
    return {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}.get(kind.newbyteorder("="))


def _check_type(given: npt.NDArray[Any]) -> None:
    kind = given.dtype
    if is_level_or_float(kind):
        return
    remedy = "convert it first"
    if kind == np.bool_:
        remedy = "write image.astype(np.uint8) * 255"
    elif kind.kind in "iu":
        remedy = "where it is 0..255, write image.astype(np.uint8)"
    raise ImageError(f"an image must hold uint8, uint16 or floats, but holds {kind}; {remedy}")
