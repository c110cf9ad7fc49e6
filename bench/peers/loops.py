"""The ascent loops of the peers: the default recipe, written as a framework's user would."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.octaves import octave_sizes
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]


class Loop(Protocol):
    """Dreams on a whole image."""

    def dream(self, planes: Array, recipe: Recipe) -> Array:
        """From float32 [3, height, width], 0..1, to the same, by the recipe's default scheme."""


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
        # Here, because peers with loops of their own do without it.
        from dreamlayer.core.ascent.loop import ascend_numpy

        rng = np.random.default_rng(recipe.seed)
        return ascend_numpy(planes, recipe, self._timed, grid=self._grid, rng=rng)

    def _timed(self, tile: Array, *_: Any) -> tuple[float, Array]:
        began = time.perf_counter()
        found = self._gradient_of(tile)
        self.network_seconds += time.perf_counter() - began
        return found


class OctaveLoop(ABC):
    """Octaves with the lost detail given back; the rest is the framework's.

    The parameters that count are those in which recipes of the benchmark differ: octaves, steps,
    step size, smoothing and seed. Shifts are drawn as `core` draws them, so that pictures can be
    compared.

    Parameters
    ----------
    grid : Grid
        Its rule gives the sides of tiles; they lie without overlap.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def dream(self, planes: Array, recipe: Recipe) -> Array:
        """Dream on a whole image."""
        rng = np.random.default_rng(recipe.seed)
        base = self.load(planes)
        before = image = None
        for height, width in octave_sizes(planes.shape[1], planes.shape[2], recipe):
            small = self.resize(base, (height, width))
            if before is None:
                image = small
            else:
                image = small + self.resize(image - before, (height, width))
            before = small
            for _ in range(recipe.steps):
                shift = int(rng.integers(height)), int(rng.integers(width))
                image = self.step(image, shift, recipe)
        return self.unload(image)

    @abstractmethod
    def load(self, planes: Array) -> Any:
        """An image of planes in the framework's own form."""

    @abstractmethod
    def unload(self, image: Any) -> Array:
        """The way back."""

    @abstractmethod
    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """Bicubic, with antialiasing; the image itself where it has that size already."""

    @abstractmethod
    def step(self, image: Any, shift: tuple[int, int], recipe: Recipe) -> Any:
        """Roll, tiles, gradient, roll back, smooth, divide by the mean size, add, clip."""

    def rows_and_columns(self, height: int, width: int) -> tuple[list[Piece], list[Piece]]:
        """The pieces that the tiles of an image of that size are made of."""
        return pieces(height, self.grid), pieces(width, self.grid)


Piece = tuple[int, int, int]
"""Where a tile begins along an axis, where its own part begins, and where both end."""


def pieces(size: int, grid: Grid) -> list[Piece]:
    """Tiles of one length along an axis; the last moves back into the image, to be as long."""
    length = min(grid.longest(size), size)
    return [
        (min(start, size - length), start, min(start + length, size))
        for start in range(0, size, length)
    ]


def gaussian(sigma: float) -> Array:
    """The weights of a Gaussian blur, cut off at four sigmas."""
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)
