"""Luminance of sRGB-encoded pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

YIQ = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in the luminance of YIQ (ITU-R BT.601)."""


def luminance(planes: Array) -> Array:
    """The luminance, float32 [height, width], of a picture [3, height, width]."""
    found: Array = planes[0] * YIQ[0]
    for plane, weight in zip(planes[1:], YIQ[1:], strict=True):
        found += plane * weight
    return found
