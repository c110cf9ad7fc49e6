"""Which pixels count: a mask, transparency, and areas to protect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.compact import CompactPixels
from dreamlayer.core.images.luminance import luminance
from dreamlayer.core.recipe.recipe import BRIGHT, DARK, FLAT, NOTHING, Recipe

Array = npt.NDArray[np.float32]

_DARKEST, _DARK_ENOUGH = 0.05, 0.35
"""Luminance up to which nothing is dreamt where dark areas are protected, and from which all is;
mirrored for bright ones."""

_CONTRAST_ENOUGH = 0.25
"""Contrast of a neighborhood, relative to the picture's, from which all is dreamt where flat areas
are protected."""

_NEIGHBORHOOD = 1 / 24
"""Sigma of the neighborhood whose contrast counts, relative to the shorter side."""


def blending(mask: Array | None, opaque: Array | None) -> Array | None:
    """The share of the change in the result; 0 for pixels outside the mask or hidden ones.

    The square root of the mask: what is blended by it grows by the same root, so that both together
    follow the mask.
    """
    if mask is None:
        return None if opaque is None else (opaque > 0).astype(np.float32)
    root = np.sqrt(np.clip(mask, 0, 1))
    return root if opaque is None else root * (opaque > 0)


def weights_of(
    planes: Array | CompactPixels, recipe: Recipe, blend: Array | None, opaque: Array | None
) -> Array | None:
    """How much each pixel's gradient counts, float32 [height, width], 0..1; None for all alike.

    `blend` is what `blending` returned.
    """
    found = blend
    for factor in (opaque, _unprotected(planes, recipe.protect)):
        if factor is not None:
            found = factor if found is None else found * factor
    return found


def _unprotected(planes: Array | CompactPixels, protect: str) -> Array | None:
    if protect == NOTHING:
        return None
    light = luminance(planes.planes() if isinstance(planes, CompactPixels) else planes)
    if protect == FLAT:
        return _contrast(light)
    level = light if protect == DARK else 1 - light
    assert protect in (DARK, BRIGHT), protect
    return _smooth((level - _DARKEST) / (_DARK_ENOUGH - _DARKEST))


def _contrast(light: Array) -> Array:
    """The contrast of each neighborhood, 1 where it is enough."""
    from scipy.ndimage import gaussian_filter

    sigma = max(min(light.shape) * _NEIGHBORHOOD, 1.0)
    mean = gaussian_filter(light, sigma, mode="reflect")
    variance = gaussian_filter(np.square(light - mean), sigma, mode="reflect")
    local = np.sqrt(np.maximum(variance, 0))
    return _smooth(local / max(float(light.std()) * _CONTRAST_ENOUGH, 1e-4))


def _smooth(level: Array) -> Array:
    """0 up to 0, 1 from 1 on, and smooth in between (smoothstep)."""
    level = np.clip(level, 0, 1)
    return np.asarray(level * level * (3 - 2 * level), np.float32)
