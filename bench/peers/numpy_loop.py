"""The loop of peers that hand out numpy arrays: that of `core`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.loop import ascend_numpy
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]


class NumpyLoop:
    """`core.ascent.loop` around a gradient.

    Parameters
    ----------
    gradient_of : callable
        The objective and its gradient for one tile.
    grid : Grid
        How images are divided.

    Attributes
    ----------
    network_seconds : float
        Time spent in `gradient_of` so far; the rest of a dream is the loop's.
    """

    def __init__(self, gradient_of: Callable[[Array], tuple[float, Array]], grid: Grid) -> None:
        self._gradient_of, self._grid = gradient_of, grid
        self.network_seconds = 0.0

    def dream(self, planes: Array, recipe: Recipe) -> Array:
        """Dream on a whole image."""
        rng = np.random.default_rng(recipe.seed)
        return ascend_numpy(planes, recipe, self._timed, grid=self._grid, rng=rng)

    def _timed(self, tile: Array, *_: Any) -> tuple[float, Array]:
        began = time.perf_counter()
        found = self._gradient_of(tile)
        self.network_seconds += time.perf_counter() - began
        return found
