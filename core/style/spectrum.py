"""A basis in which coarse shapes move before fine ones, for networks that see grain as style.

Olah, Mordvintsev and Schubert, Feature Visualization, 2017, and Mordvintsev, Pezzotti, Schubert
and Olah, Differentiable Image Parameterizations, 2018: descent in Fourier coefficients that are
scaled by 1 / frequency.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

Doubles = npt.NDArray[np.float64]


class Spectrum:
    """Turns the numbers that are optimised into pixels, and back.

    The numbers are an image themselves, with the frequencies of the pixels weighed the other way
    round. The map is linear and symmetric, so a gradient comes back through it by `pixels` too.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image.
    exponent : float
        Of 1 / frequency; 0 leaves everything as it is.
    """

    def __init__(self, size: tuple[int, int], exponent: float) -> None:
        self._size = size
        self._weights: Doubles | None = None
        if exponent:
            down, across = fft.fftfreq(size[0]), fft.rfftfreq(size[1])
            frequency = np.hypot(down[:, np.newaxis], across)
            # The mean has the frequency 0; it counts as the longest wave that fits in.
            weights = 1 / np.maximum(frequency, 1 / max(size)) ** exponent
            self._weights = weights / np.sqrt((weights**2).mean())

    def pixels(self, values: Doubles) -> Doubles:
        """The image, float64 [3, height, width], that the numbers stand for."""
        return values if self._weights is None else self._weigh(values, self._weights)

    def values(self, pixels: Doubles) -> Doubles:
        """The numbers that stand for an image, float64 [3, height, width]."""
        return pixels if self._weights is None else self._weigh(pixels, 1 / self._weights)

    def _weigh(self, image: Doubles, weights: Doubles) -> Doubles:
        return np.asarray(fft.irfft2(fft.rfft2(image) * weights, s=self._size), np.float64)
