"""Finds a part of one picture in another."""

from __future__ import annotations

from typing import Any

import numpy as np


def find(part: np.ndarray[Any, Any], picture: np.ndarray[Any, Any]) -> tuple[int, int]:
    """Left and top of what is most like a part in a picture; both are [rows, columns, 3].

    The sum of squared differences at each place is taken apart: the squares of the picture under
    the part, by sums, and the products of both, by Fourier transforms.
    """
    small, large = (array.astype(np.float64).mean(axis=2) for array in (part, picture))
    height, width = small.shape
    spectrum = np.fft.rfft2(large) * np.conj(np.fft.rfft2(small, large.shape))
    products = np.fft.irfft2(spectrum, large.shape)
    sums = np.pad(large**2, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    squares = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    squares += sums[:-height, :-width]
    distance = squares - 2 * products[: squares.shape[0], : squares.shape[1]]
    top, left = np.unravel_index(np.argmin(distance), distance.shape)
    return int(left), int(top)
