"""Natural colors: directions of color mixed as they are correlated in photos.

The colors of a gradient are far more varied than those of photos. tensorflow/lucid,
`optvis/param/color.py`, climbs in a decorrelated color space instead; for the gradient with respect
to red, green and blue, that is a multiplication with S · Sᵀ.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.bands import ALONE, Parallel, bands
from dreamlayer.core.images.arrays import noise
from dreamlayer.core.recipe.recipe import NATURAL, Recipe

Array = npt.NDArray[np.float32]

_CORRELATION = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
"""The square root of the correlation of colors in ImageNet, as lucid has it."""

_ROOT = _CORRELATION / np.linalg.norm(_CORRELATION, axis=0).max()


def color_matrix(recipe: Recipe) -> Array | None:
    """What multiplies the colors of a gradient, float32 [3, 3]; None to leave them.

    Without a change of color, the derivative with respect to a common change of all three.
    """
    if recipe.keep_colors:
        return np.full((3, 3), 1 / 3, np.float32)
    if recipe.colors == NATURAL:
        return np.asarray(_ROOT @ _ROOT.T, np.float32)
    return None


def mix_colors(planes: Array, matrix: Array, parallel: Parallel = ALONE) -> None:
    """Multiply the colors of each pixel of [3, height, width] with a matrix, in place."""

    def mix(rows: slice) -> None:
        band = planes[:, rows]
        colors = parallel.scratch("colors", *band.shape)
        part = parallel.scratch("part", *band.shape[1:])
        colors[:] = band
        for row, plane in zip(matrix, band, strict=True):
            np.multiply(colors[0], row[0], out=plane)
            for color, weight in zip(colors[1:], row[1:], strict=True):
                plane += np.multiply(color, weight, out=part)

    parallel.map(mix, bands(planes.shape))


def starting_noise(size: tuple[int, int], recipe: Recipe, rng: np.random.Generator) -> Array:
    """The noise that a dream starts from, float32 [3, *size], `noise_low` to `noise_high`.

    With natural colors it has those of photos; its contrast stays.
    """
    low, high = recipe.noise_low, recipe.noise_high
    values = noise(size, low, high, rng)
    if recipe.colors == NATURAL:
        middle = np.float32((low + high) / 2)
        values -= middle
        mix_colors(
            values, (_ROOT / np.linalg.norm(_ROOT, axis=1, keepdims=True)).astype(np.float32)
        )
        values += middle
        np.clip(values, low, high, out=values)
    return values
