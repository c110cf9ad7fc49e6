"""The loops of the peers: the default recipe, as users of a framework would write it."""

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
        """Dream on float32 [3, height, width], 0..1, and return the same, by the default scheme."""


class NumpyLoop:
    """The loop of `core`, for peers whose gradients are numpy arrays.

    Parameters
    ----------
    gradient_of : callable
        Returns the objective and its gradient for one tile.
    grid : Grid
        How images are divided.

    Attributes
    ----------
    network_seconds : float
        Time spent in `gradient_of` so far; the rest of a dream is the loop.
    """

    def __init__(self, gradient_of: Callable[[Array], tuple[float, Array]], grid: Grid) -> None:
        self._gradient_of, self._grid = gradient_of, grid
        self.network_seconds = 0.0

    def dream(self, planes: Array, recipe: Recipe) -> Array:
        """Dream on a whole image."""
        # Imported here, as peers with a loop of their own do not need it.
        from dreamlayer.core.ascent.loop import ascend_numpy

        rng = np.random.default_rng(recipe.seed)
        return ascend_numpy(planes, recipe, self._timed, grid=self._grid, rng=rng)

    def _timed(self, tile: Array, *_: Any) -> tuple[float, Array]:
        began = time.perf_counter()
        found = self._gradient_of(tile)
        self.network_seconds += time.perf_counter() - began
        return found


class OctaveLoop(ABC):
    """Octaves that get their lost detail back; the rest is the framework's.

    Only the parameters that differ between recipes of the benchmark count: octaves, steps, step
    size, smoothing and seed. The jitter is drawn as in `core`, so that pictures can be compared.

    Parameters
    ----------
    grid : Grid
        Gives the sides of the tiles, which do not overlap.
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
        """Turn float32 [3, height, width] into the framework's own form."""

    @abstractmethod
    def unload(self, image: Any) -> Array:
        """Turn an image into float32 [3, height, width]."""

    @abstractmethod
    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """Resize, bicubic with antialiasing; return the image itself where it has that size."""

    @abstractmethod
    def step(self, image: Any, shift: tuple[int, int], recipe: Recipe) -> Any:
        """Roll, tiles, gradient, roll back, smooth, divide by the mean magnitude, add, clip."""

    def rows_and_columns(self, height: int, width: int) -> tuple[list[Piece], list[Piece]]:
        """The tiles of an image of that size, along each axis."""
        return pieces(height, self.grid), pieces(width, self.grid)


Piece = tuple[int, int, int]
"""Along one axis: start of a tile, start of its own part, end of both."""


def pieces(size: int, grid: Grid) -> list[Piece]:
    """Divide an axis into tiles of one length; the last moves back into the image."""
    length = min(grid.tile_length(size), size)
    return [
        (min(start, size - length), start, min(start + length, size))
        for start in range(0, size, length)
    ]


def gaussian(sigma: float) -> Array:
    """The weights of a Gaussian blur, cut off at four sigma."""
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)
