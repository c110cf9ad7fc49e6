"""The methods of `core.images.resampling` as ONNX nodes: weighted sums of a few taps per axis.

Weights are computed on the host by Pillow's formulas (`src/libImaging/Resample.c`); the work is
linear in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.edit import FLOAT, INT32
from dreamlayer.core.graph.ops import along, cast, clipped, gather

Size = tuple[int, int]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_BITS = 22
"""Pillow's weights for bytes are integers in units of 2 ** -22 (`PRECISION_BITS`)."""


def resized(value: Value, old: Size, new: Size, method: str) -> Value:
    """Append the nodes that resample an image.

    Parameters
    ----------
    value : Value
        float32 [3, *old].
    old, new : (int, int)
        Height and width before and after.
    method : str
        One of `core.images.resampling.METHODS`.

    Returns
    -------
    Value
        float32 [3, *new]; the same tensor if nothing changes.
    """
    if method == "lanczos-8bit":
        return _eight_bit(value, old, new)
    if old == new:
        return value
    if method in _POSITIONS:
        for axis in (1, 2):
            value = _interpolated(value, axis, old[axis - 1], new[axis - 1], _POSITIONS[method])
        return value
    filtered, support = _FILTERS[method]
    # Columns before rows, like Pillow; an axis of unchanged size is skipped.
    for axis in (2, 1):
        before, after = old[axis - 1], new[axis - 1]
        if before != after:
            first, weights = taps(before, after, filtered, support)
            value = _summed(value, axis, before, first, weights.astype(np.float32))
    return value


def taps(
    old: int, new: int, filtered: Callable[[Floats], Floats], support: float
) -> tuple[Integers, Floats]:
    """Pillow's weights for one axis (`precompute_coeffs`).

    Returns
    -------
    (array, array)
        int64 [new], the first source pixel of each result; and float64 [taps, new], the weights of
        that pixel and those after it, padded with 0.
    """
    scale = old / new
    stretch = max(scale, 1.0)
    reach = support * stretch
    center = (np.arange(new) + 0.5) * scale
    first = np.maximum((center - reach + 0.5).astype(np.int64), 0)
    end = np.minimum((center + reach + 0.5).astype(np.int64), old)
    at = first + np.arange(math.ceil(reach) * 2 + 1)[:, np.newaxis]
    weights = np.where(at < end, filtered((at - center + 0.5) / stretch), 0.0)
    weights = weights[: int((end - first).max())]
    return first, weights / weights.sum(axis=0)


def _bicubic(x: Floats) -> Floats:
    x, a = np.abs(x), -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lanczos(x: Floats) -> Floats:
    return np.where((x >= -3) & (x < 3), np.sinc(x) * np.sinc(x / 3), 0.0)


_FILTERS: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "bicubic": (_bicubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}


def _summed(
    value: Value, axis: int, old: int, first: Integers, weights: npt.NDArray[np.generic]
) -> Value:
    """The sum over taps of pixels times weights, in the weights' type."""
    result: Value | None = None
    for step, row in enumerate(weights):
        picked = gather(value, np.minimum(first + step, old - 1), axis)
        part = picked * value.graph.constant(along(row, axis))
        result = part if result is None else result + part
    assert result is not None, "each pixel has at least one tap"
    return result


def _eight_bit(value: Value, old: Size, new: Size) -> Value:
    """Pillow's Lanczos on 8-bit images, in the same integer arithmetic."""
    # Cast rounds down, like numpy.
    levels = cast(clipped(value, 0, 1) * 255.0, INT32)
    for axis in (1, 2) if rows_first(old, new) else (2, 1):
        before, after = old[axis - 1], new[axis - 1]
        if before != after:
            first, weights = _integer_taps(before, after)
            summed = _summed(levels, axis, before, first, weights) + _HALF
            # Below 0 the division rounds differently from Pillow's shift, but is clipped then.
            divided = summed / (1 << _BITS)
            for op, bound in (("Max", 0), ("Min", 255)):
                divided = value.graph.emit(op, divided, value.graph.like(divided, bound))
            levels = divided
    return cast(levels, FLOAT) / 255.0


_HALF = 1 << (_BITS - 1)


def _integer_taps(old: int, new: int) -> tuple[Integers, npt.NDArray[np.int32]]:
    first, weights = taps(old, new, _lanczos, 3.0)
    return first, np.trunc(weights * (1 << _BITS) + np.copysign(0.5, weights)).astype(np.int32)


@lru_cache
def rows_first(old: Size, new: Size) -> bool:
    """Whether Pillow resizes the height of an 8-bit image before the width.

    The order matters, since Pillow rounds and clips in between. It depends on sizes and on Pillow's
    version, so it is found by experiment: Pillow resizes black and white noise, and a few pixels of
    the result are compared with both orders.
    """
    if old[0] == new[0] or old[1] == new[1]:
        return False
    chosen = [np.unique(np.linspace(0, side - 1, _PROBED).astype(np.int64)) for side in new]
    rng = np.random.default_rng(0)
    for number in range(_PROBES):
        # Cells of about the result's pixels overshoot most; then try finer ones.
        cells = [
            np.arange(o) * min(o, n * (number + 1)) // o for o, n in zip(old, new, strict=True)
        ]
        noise = rng.integers(0, 2, (cells[0][-1] + 1, cells[1][-1] + 1)).astype(np.uint8) * 255
        probe = noise[np.ix_(*cells)]
        image = Image.fromarray(probe).resize((new[1], new[0]), Image.Resampling.LANCZOS)
        expected = np.asarray(image)[np.ix_(*chosen)]
        found = []
        for axes in ((1, 0), (0, 1)):
            levels = probe
            for axis in axes:
                levels = _partial_pass(levels, axis, new[axis], chosen[axis])
            found.append(bool((levels == expected).all()))
        if found[0] != found[1]:
            return found[1]
    return False


_PROBES = 32
_PROBED = 24


def _partial_pass(levels: npt.NDArray[np.uint8], axis: int, new: int, chosen: Integers) -> Any:
    """Pillow's 8-bit pass along one axis, for the chosen results."""
    old = levels.shape[axis]
    first, weights = _integer_taps(old, new)
    total: Any = _HALF
    for step, row in enumerate(weights[:, chosen]):
        picked = np.take(levels, np.minimum(first[chosen] + step, old - 1), axis)
        total = total + picked.astype(np.int64) * along(row, axis + 1)
    return np.clip(total >> _BITS, 0, 255)


Positions = Callable[[Floats, int, int], Floats]
_POSITIONS: dict[str, Positions] = {
    "bilinear": lambda i, old, new: (i + 0.5) * (old / new) - 0.5,
    "bilinear-tf1": lambda i, old, new: i * (old / new),
    "bilinear-corners": lambda i, old, new: i * ((old - 1) / max(new - 1, 1)),
}


def _interpolated(value: Value, axis: int, old: int, new: int, positions: Positions) -> Value:
    """Linear interpolation along one axis; edge pixels are extended."""
    at = np.clip(positions(np.arange(new, dtype=np.float64), old, new), 0, old - 1)
    first = np.minimum(at.astype(np.int64), max(old - 2, 0))
    share = value.graph.constant(along((at - first).astype(np.float32), axis))
    low = gather(value, first, axis)
    high = gather(value, np.minimum(first + 1, old - 1), axis)
    return low + (high - low) * share


METHODS = frozenset({*_FILTERS, *_POSITIONS, "lanczos-8bit"})
"""The methods of `resized`; a test compares them with `core.images.resampling.METHODS`."""
