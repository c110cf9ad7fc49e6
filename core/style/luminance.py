"""Style only the luminance, so that the content keeps its colors.

Gatys, Bethge, Hertzmann and Shechtman, Preserving Color in Neural Artistic Style Transfer, 2016,
section 3.2, luminance-only transfer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.luminance import luminance

Array = npt.NDArray[np.float32]

_MIN_DEVIATION = 1e-6


def gray(planes: Array) -> Array:
    """The luminance in all three channels, float32 [3, height, width]."""
    return np.repeat(luminance(planes)[np.newaxis], 3, 0)


def match_luminance(style: Array, content: Array) -> Array:
    """Give a gray style picture the mean and deviation of a gray content (equation 10)."""
    scale = content.std() / max(float(style.std()), _MIN_DEVIATION)
    return np.asarray(np.clip((style - style.mean()) * scale + content.mean(), 0, 1), np.float32)
