"""Move a picture as the next frame of an animation has it: zoomed and rotated about its middle."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import affine_transform

from dreamlayer.core.images.transparency import fill_hidden

Array = npt.NDArray[np.float32]

_BARELY_SEEN = 1 / 256
"""Opacity up to which colors are those of pixels nearby: what is left of their own is rounding."""


def moved(
    pixels: Array, zoom: float, rotation: float, opaque: Array | None = None
) -> tuple[Array, Array | None]:
    """Zoom and rotate a picture about its middle, by cubic splines.

    Parameters
    ----------
    pixels : array
        float32 [height, width, 3], any values; the result's lie between the least and the largest.
    zoom : float
        The factor by which things grow, above 0; below 1 they shrink, and the picture is continued
        by its mirror image.
    rotation : float
        Degrees clockwise.
    opaque : array, optional
        float32 [height, width], 0..1: how opaque each pixel is, which moves along. Colors of hidden
        pixels do not bleed into visible ones.

    Returns
    -------
    pixels : array
        A copy of the same shape.
    opaque : array or None
    """
    if zoom == 1 and rotation == 0:
        return pixels.copy(), opaque
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    if opaque is None or not opaque.any():
        shares, filled = None, planes
    else:
        shares, filled = _moved_plane(opaque, zoom, rotation), fill_hidden(planes, opaque)
    result = np.empty_like(pixels)
    for number, (plane, full) in enumerate(zip(planes, filled, strict=True)):
        found = _moved_plane(full, zoom, rotation)
        if opaque is not None and shares is not None:
            # Colors count as much as they are opaque.
            seen = shares > _BARELY_SEEN
            found[seen] = _moved_plane(plane * opaque, zoom, rotation)[seen] / shares[seen]
        # The filter overshoots at edges, from frame to frame further.
        result[..., number] = np.clip(found, plane.min(), plane.max())
    return result, opaque if shares is None else np.clip(shares, 0, 1)


def _moved_plane(plane: Array, zoom: float, rotation: float) -> Array:
    angle = math.radians(rotation)
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    # Where a pixel of the result comes from, in rows and columns: the inverse of the motion.
    inverse = np.array([[cos, -sin], [sin, cos]])
    middle = (np.array(plane.shape) - 1) / 2
    offset = middle - inverse @ middle
    found = affine_transform(plane, inverse, offset, output=np.float32, mode="reflect")
    return np.asarray(found)
