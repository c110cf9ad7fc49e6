"""Which pixels count: a mask, transparency, and areas to protect; hidden colors replaced."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.luminance import luminance
from dreamlayer.core.images.resampling import resized_plane
from dreamlayer.core.recipe.recipe import BRIGHT, DARK, FLAT, NOTHING, Recipe

Array = npt.NDArray[np.float32]

_DARKEST, _DARK_ENOUGH = 0.05, 0.35
"""Luminance up to which nothing is dreamt where dark areas are protected, and from which all is;
mirrored for bright ones."""

_NEIGHBORHOOD = 1 / 24
"""Sigma of the neighborhood whose contrast counts, relative to the shorter side."""


def weights_of(
    planes: Array, recipe: Recipe, mask: Array | None, opaque: Array | None
) -> Array | None:
    """How much each pixel's gradient counts, float32 [height, width], 0..1; None for all alike.

    The square root of the mask: what grows by it is blended by the same root, so that both
    together follow the mask.
    """
    found = None if mask is None else np.sqrt(np.clip(mask, 0, 1))
    for factor in (opaque, _unprotected(planes, recipe.protect)):
        if factor is not None:
            found = factor if found is None else found * factor
    return found


def blending(mask: Array | None, opaque: Array | None) -> Array | None:
    """The share of the change in the result; 0 for pixels outside the mask or hidden ones."""
    if mask is None:
        return None if opaque is None else (opaque > 0).astype(np.float32)
    root = np.sqrt(np.clip(mask, 0, 1))
    return root if opaque is None else root * (opaque > 0)


def _unprotected(planes: Array, protect: str) -> Array | None:
    if protect == NOTHING:
        return None
    light = luminance(planes)
    if protect == FLAT:
        return _contrast(light)
    level = light if protect == DARK else 1 - light
    assert protect in (DARK, BRIGHT), protect
    return _smooth((level - _DARKEST) / (_DARK_ENOUGH - _DARKEST))


def _contrast(light: Array) -> Array:
    """The contrast of each neighborhood: 1/2 where it is half of the picture's."""
    from scipy.ndimage import gaussian_filter

    sigma = max(min(light.shape) * _NEIGHBORHOOD, 1.0)
    mean = gaussian_filter(light, sigma, mode="reflect")
    variance = gaussian_filter(np.square(light - mean), sigma, mode="reflect")
    local = np.sqrt(np.maximum(variance, 0))
    usual = max(float(light.std()) / 4, 1e-4)
    return _smooth(local / usual)


def _smooth(level: Array) -> Array:
    """0 up to 0, 1 from 1 on, and smooth in between (smoothstep)."""
    level = np.clip(level, 0, 1)
    return np.asarray(level * level * (3 - 2 * level), np.float32)


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
