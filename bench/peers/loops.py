"""The loops of the peers: the default recipe, as users of a framework would write it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.octaves import octave_sizes
from dreamlayer.core.ascent.pyramid import KERNEL
from dreamlayer.core.ascent.tile import Span
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.tone import finished
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

_CELLS = 8


class Loop(Protocol):
    """Dreams on a whole image."""

    def dream(self, planes: Array, recipe: Recipe) -> Array:
        """Dream on float32 [3, height, width], 0..1, and return the same."""


class NumpyLoop:
    """The loop of `core`, for peers whose gradients are numpy arrays.

    Parameters
    ----------
    gradient_of : callable
        Returns the objective and its gradient for one tile.
    grid : Grid
        How images are divided.
    threads : int
        Threads of the loop itself; 0 for one per core.
    """

    def __init__(
        self, gradient_of: Callable[[Array], tuple[float, Array]], grid: Grid, threads: int
    ) -> None:
        self._gradient_of, self._grid, self._threads = gradient_of, grid, threads

    def dream(self, planes: Array, recipe: Recipe) -> Array:
        """Dream on a whole image."""
        # Imported here, as peers with a loop of their own do not need it.
        from dreamlayer.core.ascent.loop import ascend
        from dreamlayer.core.ascent.numpy_backend import NumpyBackend

        rng = np.random.default_rng(recipe.seed)
        backend = NumpyBackend(
            recipe, lambda tile, *_: self._gradient_of(tile), threads=self._threads
        )
        return finish(ascend(backend, planes, grid=self._grid, rng=rng), planes, recipe)


class OctaveLoop(ABC):
    """Octaves that get their lost detail back, steps, anchor; the arithmetic is the framework's.

    It does what the default recipe does, with any number of steps, step size, headroom, anchor,
    levels of the pyramid and seed. The jitter is drawn as in `core`, so that pictures can be
    compared.

    Parameters
    ----------
    grid : Grid
        Divides images into tiles.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def dream(self, planes: Array, recipe: Recipe) -> Array:
        """Dream on a whole image."""
        rng = np.random.default_rng(recipe.seed)
        base = self.load(planes)
        image = before = None
        _, height, width = planes.shape
        for size in octave_sizes(height, width, recipe, self.grid.geometry.minimum):
            small = self.resize(base, size)
            image = small if before is None else small + self.resize(image - before, size)
            for _ in range(recipe.steps):
                shift = int(rng.integers(size[0])), int(rng.integers(size[1]))
                image = self.step(image, shift, recipe)
            image = self.clip(self._anchored(image, small, size, recipe.anchor))
            before = small
        return finish(self.unload(image), planes, recipe)

    def _anchored(self, image: Any, small: Any, size: tuple[int, int], share: float) -> Any:
        """Take a share of the change of large areas back."""
        coarse = coarse_size(size)
        change = self.resize(self.resize(image - small, coarse), size)
        return image - change * share

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
    def clip(self, image: Any) -> Any:
        """Clamp to 0..1."""

    @abstractmethod
    def step(self, image: Any, shift: tuple[int, int], recipe: Recipe) -> Any:
        """Roll, tiles, gradient, roll back, mix colors, normalize bands, slow down, add, clip."""

    def tiles(self, height: int, width: int) -> list[tuple[Span, Span]]:
        """The rows and columns of each tile of an image of that size, rolled before."""
        rows, columns = (self.grid.spans(size, 0) for size in (height, width))
        return [(row, column) for row in rows for column in columns]


def coarse_size(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of an image in which only large areas are left."""
    cell = max(min(size) / _CELLS, 1)
    return max(round(size[0] / cell), 1), max(round(size[1] / cell), 1)


def finish(dreamt: Array, base: Array, recipe: Recipe) -> Array:
    """Hold a picture to the original's luminance, contrast and chroma, once at the end.

    Parameters
    ----------
    dreamt, base : array
        float32 [3, height, width]; the first is overwritten.
    """
    dreamt -= base
    change = finished(dreamt, base, recipe, None, None)
    change += base
    return change


def pyramid_kernel() -> Array:
    """The blur of the pyramid, float32 [5, 5]."""
    return np.outer(KERNEL, KERNEL).astype(np.float32)
