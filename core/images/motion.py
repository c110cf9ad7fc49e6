"""Move a picture as the next frame of an animation has it: zoomed and rotated about its middle."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.ndimage import affine_transform, spline_filter

from dreamlayer.core.images.transparency import fill_hidden

Array = npt.NDArray[np.float32]

_BAND_VALUES = 1 << 20
"""Values that are moved at once, between which a caller may cancel."""

_BARELY_SEEN = 1 / 256
"""Opacity up to which colors are those of pixels nearby: what is left of their own is rounding."""


def moved(
    pixels: Array,
    zoom: float,
    rotation: float,
    opaque: Array | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[Array, Array | None]:
    """Zoom and rotate a picture about its middle.

    By cubic splines; linearly where a part is transparent, since splines overshoot at the edges of
    alpha, which leaves outlines around what was cut out.

    Parameters
    ----------
    pixels : array
        float32 [height, width, 3], any values; the result's lie between the least and the largest
        that are visible.
    zoom : float
        The factor by which things grow, above 0; below 1 they shrink, and the picture is continued
        by its mirror image.
    rotation : float
        Degrees clockwise.
    opaque : array, optional
        float32 [height, width], 0..1: how opaque each pixel is, which moves along. Colors of hidden
        pixels do not bleed into visible ones.
    check : callable, optional
        Called every now and then; what it raises ends the work.

    Returns
    -------
    pixels : array
        A copy of the same shape.
    opaque : array or None
    """
    if zoom == 1 and rotation == 0:
        return pixels.copy(), opaque
    result = np.empty_like(pixels)
    if opaque is None or not opaque.any():
        for channel in range(3):
            plane = np.ascontiguousarray(pixels[..., channel])
            found = _moved_plane(plane, zoom, rotation, 3, check)
            # Splines overshoot at edges, from frame to frame further.
            result[..., channel] = np.clip(found, plane.min(), plane.max())
        return result, opaque
    shares = _moved_plane(opaque, zoom, rotation, 1, check)
    seen = shares > _BARELY_SEEN
    filled = fill_hidden(np.ascontiguousarray(pixels.transpose(2, 0, 1)), opaque)
    for channel, plane in enumerate(filled):
        found = _moved_plane(plane, zoom, rotation, 1, check)
        # Colors count as much as they are opaque.
        own = _moved_plane(pixels[..., channel] * opaque, zoom, rotation, 1, check)
        found[seen] = own[seen] / shares[seen]
        result[..., channel] = found
    return result, shares


def _moved_plane(
    plane: Array, zoom: float, rotation: float, order: int, check: Callable[[], None]
) -> Array:
    """One plane, by splines of an order."""
    height, width = plane.shape
    angle = math.radians(rotation)
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    # Where a pixel of the result comes from, in rows and columns: the inverse of the motion.
    inverse = np.array([[cos, -sin], [sin, cos]])
    middle = (np.array(plane.shape) - 1) / 2
    offset = middle - inverse @ middle
    source = spline_filter(plane, order, mode="reflect") if order > 1 else plane
    result = np.empty_like(plane)
    step = max(1, _BAND_VALUES // width)
    for top in range(0, height, step):
        check()
        affine_transform(
            source,
            inverse,
            offset + inverse @ (top, 0),
            output=result[top : top + step],
            order=order,
            mode="reflect",
            prefilter=False,
        )
    return result
