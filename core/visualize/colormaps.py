"""Color maps: small tables of control points, with linear interpolation in between."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

DIVERGING = "diverging"

_POINTS: dict[str, tuple[int, ...]] = {
    # Nine evenly spaced colors of viridis (Stéfan van der Walt and Nathaniel Smith, 2015; CC0).
    "viridis": (
        *(0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C),
        *(0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725),
    ),
    "grey": (0x000000, 0xFFFFFF),
    # Our own: blue below zero, white at zero, red above; both ends are equally light.
    DIVERGING: (0x123E7C, 0x4C8BC0, 0xF7F7F5, 0xD1654F, 0x7F1420),
    # Our own, for overlays: red, then orange, then bright yellow.
    "heat": (0x8C1D18, 0xC8371E, 0xEE7B1F, 0xFBC02D, 0xFFF59D),
}

COLORMAPS = tuple(_POINTS)
"""Names of the color maps: three sequential ones, and a diverging one."""


def apply_colormap(values: Array, colormap: str, low: float, high: float) -> Pixels:
    """Map numbers to colors.

    Parameters
    ----------
    values : array
        float32 [height, width].
    colormap : str
        One of `COLORMAPS`.
    low, high : float
        Values of the first and the last color; values beyond are clipped. If they are equal, all
        pixels get the first color.

    Returns
    -------
    array
        uint8 [height, width, 3], sRGB.
    """
    table = np.array([_channels(point) for point in _POINTS[colormap]], np.float64)
    positions = np.linspace(0, 1, len(table))
    shades = np.linspace(0, 1, 256)
    levels = np.stack([np.interp(shades, positions, channel) for channel in table.T], axis=1)
    span = high - low
    shares = np.clip((values - low) / span, 0, 1) if span > 0 else np.zeros_like(values)
    picked: Pixels = np.rint(levels).astype(np.uint8)[np.rint(shares * 255).astype(np.uint8)]
    return picked


def _channels(point: int) -> tuple[int, int, int]:
    return point >> 16, point >> 8 & 255, point & 255
