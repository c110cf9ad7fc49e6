"""A map laid over the picture that it belongs to, the denser the higher its values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.luminance import luminance
from dreamlayer.core.visualize.colormaps import DIVERGING, Pixels, apply_colormap

Array = npt.NDArray[np.float32]

_DENSEST, _GROWTH = 0.8, 1.5
"""Opacity of the highest value, and the exponent with which it grows: maps are rarely zero, so that
low values must leave the picture clear."""
_FADED = 0.8
"""Share of the picture's luminance, so that bright colors stand out from it."""


def overlay(photo: Pixels, values: Array, colormap: str, low: float, high: float) -> Pixels:
    """Lay a map over a picture, which is shown in gray so that only the map has color.

    Parameters
    ----------
    photo : array
        uint8 [height, width, 3].
    values : array
        float32 [height, width].
    colormap, low, high
        As for `core.visualize.colormaps.apply_colormap`. The picture is bare where values are
        `low`, or zero with the diverging map.

    Returns
    -------
    array
        uint8 [height, width, 3].
    """
    planes = np.asarray(photo.transpose(2, 0, 1), np.float32)
    gray = _FADED * luminance(planes)[..., np.newaxis]
    span = high - low
    shares = np.clip((values - low) / span, 0, 1) if span > 0 else np.zeros_like(values)
    if colormap == DIVERGING:
        shares = np.abs(2 * shares - 1)
    density = (_DENSEST * shares**_GROWTH)[..., np.newaxis]
    colors = apply_colormap(values, colormap, low, high)
    mixed: Pixels = np.rint(gray + density * (colors - gray)).astype(np.uint8)
    return mixed
