"""Transparency: how opaque pixels are, and hidden colors replaced by visible ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.resampling import resized_plane

Array = npt.NDArray[np.float32]


def opacity(alpha: npt.NDArray[Any] | None) -> Array | None:
    """Alpha of any type as float32, 0..1; None if everything is opaque."""
    if alpha is None:
        return None
    scale = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
    # What is not a number is not visible.
    found = np.nan_to_num(alpha.astype(np.float32) / np.float32(scale), nan=0.0)
    np.clip(found, 0, 1, out=found)
    return None if bool((found == 1).all()) else found


def without_hidden(pixels: Array, alpha: npt.NDArray[Any] | None) -> Array:
    """Pixels, float32 [height, width, 3], whose hidden colors are those of visible ones nearby.

    They are the same pixels where all is opaque, or nothing is visible.
    """
    opaque = opacity(alpha)
    if opaque is None or not opaque.any():
        return pixels
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return np.ascontiguousarray(fill_hidden(planes, opaque).transpose(1, 2, 0))


def keep_hidden(result: Array, pixels: Array, alpha: npt.NDArray[Any] | None) -> Array:
    """A result, float32 [height, width, 3], with the original pixels where nothing is visible."""
    opaque = opacity(alpha)
    return result if opaque is None else np.where(opaque[:, :, np.newaxis] > 0, result, pixels)


def fill_hidden(planes: Array, opaque: Array) -> Array:
    """Replace hidden colors by those of visible pixels nearby.

    Colors count as much as they are opaque: Gortler et al., The Lumigraph, 1996, section 3.4,
    pull-push.

    Parameters
    ----------
    planes : array
        float32 [3, height, width].
    opaque : array
        float32 [height, width], 0..1, above 0 somewhere.

    Returns
    -------
    array
        float32 [3, height, width]; opaque pixels as they were.
    """
    height, width = opaque.shape
    if min(height, width) == 1 and max(height, width) == 1:
        return planes
    half = (height + 1) // 2, (width + 1) // 2
    weight = _halved(opaque, half)
    colors = np.stack([_halved(plane * opaque, half) for plane in planes])
    colors /= np.where(weight > 0, weight, 1)
    # Enough of a few pixels is as good as all of them.
    coarse = fill_hidden(colors, np.minimum(weight * 4, 1))
    result = np.empty_like(planes)
    for plane, below, out in zip(planes, coarse, result, strict=True):
        behind = _doubled(below, (height, width))
        out[:] = np.where(opaque == 1, plane, behind + opaque * (plane - behind))
    return result


def _halved(plane: Array, size: tuple[int, int]) -> Array:
    """Means of two by two pixels; a last odd row or column counts double."""
    height, width = size
    rows = np.pad(
        plane, ((0, 2 * height - plane.shape[0]), (0, 2 * width - plane.shape[1])), "edge"
    )
    return np.asarray(rows.reshape(height, 2, width, 2).mean((1, 3)), np.float32)


def _doubled(plane: Array, size: tuple[int, int]) -> Array:
    return np.asarray(resized_plane(plane, size, "bilinear"), np.float32)
