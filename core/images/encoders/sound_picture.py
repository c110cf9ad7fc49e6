"""Refuse a picture that holds something else than `Picture` says, before the work."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import ImageError, shown
from dreamlayer.core.images.array_image import as_levels, check_clipping, is_level_or_float
from dreamlayer.core.images.picture import Picture

_DEPTHS = (8, 16, 32)
_LAYOUTS = {"pixels": "[height, width, 3]", "alpha": "[height, width]"}
_EXTRAS = "extra channels"


def check_sound(picture: object, *, clips: bool) -> Picture:
    """A picture whose arrays have the shapes, types and values that can be written.

    Parameters
    ----------
    picture
        What was given to be written.
    clips
        Whether values beyond 0..1 will be clipped.

    Raises
    ------
    ImageError
        It is no picture, or something in it is of another kind; the sentence says what to do.
    """
    if not isinstance(picture, Picture):
        raise ImageError(
            f"what is written must be a Picture, but is {_kind(picture)}; floats from 0 to 1, "
            "[height, width, 3], become one by Picture(pixels)"
        )
    _check_pixels(picture.pixels, clips)
    for name, plane, axes in (("alpha", picture.alpha, 2), (_EXTRAS, picture.extras, 3)):
        if plane is not None:
            _check_plane(name, plane, axes, clips and axes == 2)
    if picture.depth not in _DEPTHS:
        raise ImageError(f"a picture's depth must be 8, 16 or 32, but is {shown(picture.depth)}")
    _check_resolution(picture.resolution)
    _check_blocks(picture)
    return picture


def _check_pixels(pixels: Any, clips: bool) -> None:
    if not isinstance(pixels, np.ndarray):
        raise ImageError(f"a picture's pixels must be an array, but are {_kind(pixels)}")
    if pixels.dtype.kind != "f":
        remedy = "convert them first"
        if (top := as_levels(pixels.dtype)) is not None:
            remedy = f"divide them: pixels / numpy.float32({top})"
        elif pixels.dtype.kind in "iu":
            remedy = "divide them by what is white in them, such as numpy.float32(255)"
        raise ImageError(
            f"a picture's pixels must be floats from 0 to 1, but are {pixels.dtype}; {remedy}"
        )
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        remedy = "reshape them"
        if pixels.ndim == 2 or pixels.shape[2:] == (1,):
            remedy = "repeat gray three times: numpy.dstack([gray] * 3)"
        elif pixels.shape[2:] in ((2,), (4,)):
            remedy = "the last channel, if it is transparency, belongs into alpha"
        elif pixels.ndim == 3 and pixels.shape[0] == 3:
            remedy = "its channels come first: pixels.transpose(1, 2, 0) puts them last"
        raise ImageError(
            f"a picture's pixels must have the shape {_LAYOUTS['pixels']}, but have "
            f"{list(pixels.shape)}; {remedy}"
        )
    if pixels.size:
        _check_finite("pixels", pixels)
        if clips:
            check_clipping(pixels)


def _check_plane(name: str, plane: Any, axes: int, clips: bool) -> None:
    if not isinstance(plane, np.ndarray):
        raise ImageError(f"a picture's {name} must be an array, but is {_kind(plane)}")
    if plane.ndim != axes:
        layout = _LAYOUTS.get(name, "[height, width, channels]")
        remedy = "reshape it"
        if axes == 2 and plane.shape[2:] == (1,):
            remedy = "take alpha[:, :, 0]"
        raise ImageError(
            f"a picture's {name} must have the shape {layout}, but has {list(plane.shape)}; "
            f"{remedy}"
        )
    if not is_level_or_float(plane.dtype):
        remedy = "convert it first"
        if plane.dtype == np.bool_:
            remedy = "write alpha.astype(numpy.uint8) * 255"
        raise ImageError(
            f"a picture's {name} must hold uint8, uint16 or floats from 0 to 1, but holds "
            f"{plane.dtype}; {remedy}"
        )
    if plane.dtype.kind == "f" and plane.size:
        _check_finite(name, plane)
        if clips:
            check_clipping(plane, f"the {name}")


def _check_finite(name: str, values: npt.NDArray[Any]) -> None:
    # NaN is both the least and the most.
    if not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise ImageError(
            f"a picture's {name} must be finite numbers, but some are infinite or NaN; replace "
            "them first, as numpy.nan_to_num does"
        )


def _check_resolution(resolution: Any) -> None:
    if resolution is None:
        return
    values = tuple(resolution) if isinstance(resolution, tuple | list | np.ndarray) else ()
    numeric = len(values) == 2 and all(isinstance(one, numbers.Real) for one in values)
    if not numeric or not all(math.isfinite(one) and one > 0 for one in values):
        raise ImageError(
            "a picture's resolution must be two numbers above 0, pixels per millimetre across and "
            f"down, or None, but is {shown(resolution)}"
        )


def _check_blocks(picture: Picture) -> None:
    for name in ("profile", "exif", "xmp", "iptc"):
        block = getattr(picture, name)
        if not isinstance(block, bytes | None):
            raise ImageError(f"a picture's {name} must be bytes or None, but is {_kind(block)}")
    recipe: Any = picture.recipe
    if not isinstance(recipe, str | None):
        raise ImageError(f"a picture's recipe must be text or None, but is {_kind(recipe)}")
    for name in ("comments", "notes"):
        texts = getattr(picture, name)
        if isinstance(texts, str) or not all(isinstance(one, str) for one in texts):
            raise ImageError(f"a picture's {name} must be a tuple of texts, but is {_kind(texts)}")


def _kind(value: object) -> str:
    """What something is, as a message names it."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return "None" if value is None else f"of the type {shown(type(value).__name__)}"
