"""Tone: a picture's luminance, contrast and chroma, measured and matched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.bands import bands
from dreamlayer.core.ascent.normalize import slow_down
from dreamlayer.core.images.compact import CompactPixels, rows_of
from dreamlayer.core.images.luminance import luminance
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

_TINY = 1e-6
_ROUNDS = 4
_CLOSE = 1e-3
_MOST = 4.0
"""Bounds of a single correction, for pictures without any contrast or color."""


@dataclass(frozen=True)
class Tone:
    """Statistics of a picture, of sRGB-encoded values.

    Attributes
    ----------
    luminance : float
        The mean luminance Y, 0..1.
    contrast : float
        The standard deviation of Y.
    chroma : float
        The mean distance of a pixel's red and blue from its Y.
    """

    luminance: float
    contrast: float
    chroma: float


def tone_of(planes: Array | CompactPixels, weights: Array | None = None) -> Tone:
    """Measure a picture.

    Parameters
    ----------
    planes : array
        float32 [3, height, width], 0..1.
    weights : array, optional
        float32 [height, width], 0..1: how much each pixel counts.
    """
    total = light = square = chroma = 0.0
    for rows in bands(planes.shape):
        band, part = rows_of(planes, rows), None if weights is None else weights[rows]
        y = luminance(band)
        total += y.size if part is None else float(part.sum(dtype=np.float64))
        light += _sum(y, part)
        square += _sum(np.square(y, dtype=np.float64), part)
        chroma += _sum(np.hypot(band[0] - y, band[2] - y), part)
    total = max(total, _TINY)
    mean = light / total
    contrast = math.sqrt(max(square / total - mean * mean, 0.0))
    return Tone(mean, contrast, chroma / total)


def _sum(values: npt.NDArray[Any], weights: Array | None) -> float:
    weighed = values if weights is None else values * weights
    return float(weighed.sum(dtype=np.float64))


def match_tone(
    planes: Array,
    tone: Tone,
    share: float,
    weights: Array | None = None,
    headroom: float = 0.0,
) -> None:
    """Give a picture a tone, in place, and clip it to 0..1.

    Parameters
    ----------
    planes : array
        float32 [3, height, width].
    tone : Tone
        The tone to reach.
    share : float
        How far to go there, 0..1.
    weights : array, optional
        As for `tone_of`.
    headroom : float
        As for `core.ascent.normalize.slow_down`.
    """
    now = tone_of(planes, weights)
    wanted = Tone(
        now.luminance + share * (tone.luminance - now.luminance),
        now.contrast + share * (tone.contrast - now.contrast),
        now.chroma + share * (tone.chroma - now.chroma),
    )
    # Clipping takes a part of each correction back.
    for _ in range(_ROUNDS):
        _correct(planes, now, wanted, headroom)
        now = tone_of(planes, weights)
        if _near(now, wanted):
            return


def finished(
    change: Array,
    base: Array | CompactPixels,
    recipe: Recipe,
    tone: Tone | None,
    weights: Array | None,
) -> Array:
    """A dream's change as it is in the result, by the recipe; the argument is overwritten.

    Parameters
    ----------
    change, base : array
        float32 [3, height, width]: what the dream adds to the picture, and the picture.
    tone : Tone or None
        What `anchor` holds the result to; that of `base` by default.
    weights : array or None
        As for `tone_of`.
    """
    if recipe.keep_colors:
        _without_color(change)
    if recipe.anchor and recipe.start != "noise":
        for moved, plane in zip(change, base, strict=True):
            moved += plane
        reached = tone or tone_of(base, weights)
        match_tone(change, reached, recipe.anchor, weights, recipe.headroom)
        for moved, plane in zip(change, base, strict=True):
            moved -= plane
        if recipe.keep_colors:
            _without_color(change)
    if recipe.strength != 1:
        change *= recipe.strength
    return change


def _without_color(change: Array) -> None:
    for rows in bands(change.shape):
        change[:, rows] = luminance(change[:, rows])


def _correct(planes: Array, now: Tone, wanted: Tone, headroom: float) -> None:
    chroma = np.float32(_factor(wanted.chroma, now.chroma))
    contrast = np.float32(_factor(wanted.contrast, now.contrast))
    for rows in bands(planes.shape):
        band = planes[:, rows]
        y = luminance(band)
        corrected = band - y
        corrected *= chroma
        y -= np.float32(now.luminance)
        y *= contrast
        y += np.float32(wanted.luminance)
        corrected += y
        corrected -= band
        if headroom:
            slow_down(corrected, band, headroom)
        band += corrected
        np.clip(band, 0, 1, out=band)


def _factor(wanted: float, now: float) -> float:
    return min(max((wanted + _TINY) / (now + _TINY), 1 / _MOST), _MOST)


def _near(now: Tone, wanted: Tone) -> bool:
    pairs = (
        (now.luminance, wanted.luminance),
        (now.contrast, wanted.contrast),
        (now.chroma, wanted.chroma),
    )
    return all(abs(one - two) <= _CLOSE * two + _TINY for one, two in pairs)
