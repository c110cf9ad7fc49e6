"""The Laplacian pyramid of a gradient, whose bands are brought to the same magnitude.

TensorFlow 1's DeepDream tutorial, `lap_normalize`. Along an axis, every second pixel of the fine
plane is one of the coarse plane, which is blurred there: the odd ones of an even number, the even
ones of an odd number, as a convolution of stride 2 selects them. Here they are called own pixels,
and each is preceded by another one, which may lie before the border.

Numpy is four times faster on flat arrays than on rows, so rows of all planes are copied into flat
buffers, where zeros behind each row stand for what is beyond the borders of it and of the next one.
What is computed across the borders of planes is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.bands import ALONE, Parallel, bands, exact_sum, sum_of

Array = npt.NDArray[np.float32]

KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""The pyramid's blur kernel along an axis."""

MIN_RMS = 1e-10
"""The smallest divisor of a band of the pyramid."""

_INNER, _CENTER = (np.float32(weight / KERNEL[0]) for weight in KERNEL[1:3])
_SCALE = np.float32(KERNEL[0] ** 2)
_HALF, _QUARTER = np.float32(1 / 2), np.float32(1 / 4)

Work = Callable[[Array, slice, Array, Parallel], float | None]
"""Function of the coarse image, rows of the fine one, the fine image, and the threads."""


def normalize_bands(
    gradient: Array, levels: int, share: float = 1.0, parallel: Parallel = ALONE
) -> None:
    """Divide each band of a Laplacian pyramid, and the residual, by its root mean square, in place.

    Parameters
    ----------
    gradient : array
        float32 [3, height, width].
    levels : int
        Number of bands.
    share : float
        The mean square is divided by it: the mean squared weight of the pixels.
    parallel : Parallel
        The threads.
    """
    # The finest band is made in place, to save memory.
    images, padded, factors = [gradient], [], []
    for _ in range(levels):
        fine = images[-1]
        height, width = ((length + 1) // 2 for length in fine.shape[1:])
        # A row of zeros before the first and behind the last, and a zero behind each.
        coarse = np.zeros((len(fine), height + 2, width + 1), np.float32)
        _each_band(_downsample, fine, coarse, parallel)
        squares = _each_band(_subtract, fine, coarse, parallel)
        factors.append(_factor(squares, fine.size, share))
        padded.append(coarse)
        images.append(coarse[:, 1:-1, :-1])
    residual = images.pop()
    residual *= _factor([sum_of(residual, "square")], residual.size, share)
    while images:
        factor = factors.pop()

        def rejoin(
            low: Array, rows: slice, fine: Array, parallel: Parallel, factor: np.float32 = factor
        ) -> None:
            fine[:, rows] *= factor
            _upsample(low, rows, fine, np.add, parallel)

        _each_band(rejoin, images.pop(), padded.pop(), parallel)


def _each_band(work: Work, fine: Array, coarse: Array, parallel: Parallel) -> list[float]:
    """Do the work on all bands of rows; what it returns, in their order."""
    parts = bands(fine.shape)
    found = parallel.map(lambda rows: work(coarse, rows, fine, parallel), parts)
    return [value for value in found if value is not None]


def _factor(squares: Sequence[float], size: int, share: float) -> np.float32:
    """What a band is multiplied by, from the sums of its squares."""
    return np.float32(1 / max(math.sqrt(exact_sum(squares) / size / share), MIN_RMS))


def _subtract(low: Array, rows: slice, fine: Array, parallel: Parallel) -> float:
    """Subtract the enlarged coarse image from rows of the fine one, and return its squares' sum."""
    _upsample(low, rows, fine, np.subtract, parallel)
    return sum_of(fine[:, rows], "square", parallel)


def _downsample(low: Array, rows: slice, fine: Array, parallel: Parallel) -> None:
    """Write the own pixels of the blurred image, for those among `rows`, to the coarse image.

    Parameters
    ----------
    low : array
        float32 [3, height + 2, width + 1], the padded coarse image.
    rows : slice
        Rows of the fine image; the first is even.
    fine : array
        float32 [3, ...], the fine image.
    """
    odd_height, odd_width = (length % 2 for length in fine.shape[1:])
    first, last = rows.start // 2, (rows.stop + 1) // 2
    planes, _, narrow = low.shape
    shape, start = (planes, last - first + 2, 2 * narrow), 2 * first - odd_height
    own = _rows(fine, start - 1, odd_width, parallel.scratch("own", *shape))
    other = _rows(fine, start, odd_width, parallel.scratch("other", *shape))
    blurred = parallel.scratch("blurred", *shape).reshape(-1)
    _weigh(own, other, 2 * narrow, blurred, parallel)
    own, other = (parallel.scratch(name, blurred.size // 2 + 2) for name in ("own", "other"))
    own[0] = own[-1] = other[-2:] = 0
    own[1:-1], other[:-2] = blurred[1::2], blurred[::2]
    blurred = parallel.scratch("blurred", own.size)
    _weigh(own, other, 1, blurred, parallel)
    target = low[:, 1 + first : 1 + last]
    found = blurred[:-2].reshape(planes, -1, narrow)[:, : last - first]
    np.multiply(found, _SCALE, out=target)
    target[:, :, -1] = 0


def _rows(image: Array, first: int, shift: int, buffer: Array) -> Array:
    """Copy every second row of an image, moved right by `shift`, to a flat buffer; 0 elsewhere."""
    width, count = image.shape[2], buffer.shape[1]
    before = max(-(first // 2), 0)
    inside = image[:, first + 2 * before : max(first + 2 * count - 1, 0) : 2]
    after = before + inside.shape[1]
    buffer[:, :, :shift] = buffer[:, :, shift + width :] = 0
    buffer[:, :before], buffer[:, after:] = 0, 0
    buffer[:, before:after, shift : shift + width] = inside
    return buffer.reshape(-1)


def _weigh(own: Array, other: Array, shift: int, out: Array, parallel: Parallel) -> None:
    """Blur along an axis whose neighbors are `shift` values apart; 16 times the kernel.

    The last two results, for which neighbors are missing, are 0.
    """
    end = len(own) - 2 * shift
    out[end:] = 0
    out, part = out[:end], parallel.scratch("part", end)
    np.add(own[:end], own[2 * shift :], out=out)
    np.multiply(own[shift:-shift], _CENTER, out=part)
    out += part
    np.add(other[:end], other[shift:-shift], out=part)
    part *= _INNER
    out += part


def _upsample(low: Array, rows: slice, fine: Array, combine: np.ufunc, parallel: Parallel) -> None:
    """Combine rows of the fine image with the transposed convolution times four, in place.

    The other parameters are as for `_downsample`.
    """
    odd_height, odd_width = (length % 2 for length in fine.shape[1:])
    first, length = rows.start // 2, rows.stop - rows.start
    count, (planes, _, narrow) = (length + 1 + odd_height) // 2, low.shape
    near = parallel.scratch("near", planes, count + 2, narrow)
    near[:] = low[:, first : first + count + 2]
    tall = parallel.scratch("tall", 2 * planes * count * narrow + 2)
    tall[0] = tall[-1] = 0
    pairs = tall[1:-1].reshape(planes, count, 2, narrow)
    for number, values in enumerate(_enlarge(near.reshape(-1), narrow, parallel)):
        pairs[:, :, number] = values.reshape(planes, count + 2, narrow)[:, :count]
    other, own = _enlarge(tall, 1, parallel)
    for values, column, start in ((other, odd_width, odd_width), (own, 1 - odd_width, 0)):
        target = fine[:, rows, column::2]
        found = values[:-2].reshape(planes, 2 * count, narrow)
        found = found[:, odd_height : odd_height + length, start : start + target.shape[2]]
        combine(target, found, out=target)


def _enlarge(values: Array, shift: int, parallel: Parallel) -> tuple[Array, Array]:
    """Insert zeros between pixels `shift` values apart and blur, times two.

    Between two pixels that is their mean; on one, half of it and of the mean of those beside it.

    Returns
    -------
    (array, array)
        The other pixels and the own ones; 0 at the end, where neighbors are missing.
    """
    other, own, part = (parallel.scratch(name, len(values)) for name in ("other", "own", "part"))
    other[-shift:] = own[-2 * shift :] = 0
    between, centers = other[:-shift], own[: -2 * shift]
    np.add(values[:-shift], values[shift:], out=between)
    between *= _HALF
    np.add(between[:-shift], between[shift:], out=centers)
    centers *= _QUARTER
    centers += np.multiply(values[shift:-shift], _HALF, out=part[: len(centers)])
    return other, own
