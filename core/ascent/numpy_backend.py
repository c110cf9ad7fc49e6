"""The numpy backend: images are arrays, processed in place and one plane at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import (
    Backend,
    Formula,
    ImageFunction,
    OctaveStep,
    Size,
    clipped_share,
)
from dreamlayer.core.ascent.bands import Parallel
from dreamlayer.core.ascent.normalize import advance, condition, divide
from dreamlayer.core.ascent.progress import ProgressTracker
from dreamlayer.core.ascent.tile import Tile, add, covers_once, cut
from dreamlayer.core.images.compact import CompactPixels
from dreamlayer.core.images.resampling import resized_plane
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]
GradientOf = Callable[..., tuple[float, Array]]
"""Function of a tile, float32 [3, h, w], and, if needed, the same tile of the original; returns the
objective and its gradient, float32 [3, h, w]."""
Expect = Callable[[Size | None, int], None]
"""Function of the height and width of an octave's tiles, None if they differ, and the number of
pixels of all of them."""


class NumpyFilters:
    """Operations of formulas on one plane, float32 [height, width]."""

    def __init__(self, method: str) -> None:
        self._method = method

    def resize(self, planes: Array, size: Size, method: str | None = None) -> Array:
        """Resample; returns the plane itself if nothing changes."""
        return resized_plane(planes, size, method or self._method)

    def blur(self, planes: Array, sigma: float) -> Array:
        """Gaussian blur; edges are mirrored."""
        from scipy.ndimage import gaussian_filter

        return np.asarray(gaussian_filter(planes, sigma), np.float32)

    def clip(self, planes: Array) -> Array:
        """Clip pixels to 0..1."""
        return np.clip(planes, 0, 1)


class NumpyBackend(Backend[Array]):
    """Images as float32 arrays [3, height, width].

    Parameters
    ----------
    recipe : Recipe
        As for `Backend`.
    gradient_of : callable
        Computes the objective and its gradient for one tile.
    expect : callable, optional
        Called with the tiles of each octave in advance.
    threads : int
        Number of threads, 0 for one per core; it does not affect the result.
    release : callable, optional
        Releases the memory that `gradient_of` holds, which takes it again when it is called.
    """

    def __init__(
        self,
        recipe: Recipe,
        gradient_of: GradientOf,
        expect: Expect | None = None,
        threads: int = 1,
        release: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(recipe)
        self.gradient_of, self.expect, self._release = gradient_of, expect, release
        self.parallel = Parallel(threads)
        self._filters = NumpyFilters(recipe.resample)

    def run(
        self,
        function: ImageFunction,
        start: Array | CompactPixels,
        original: Array | CompactPixels,
    ) -> Array:
        """As for `Backend`; its threads end with it."""
        with self.parallel:
            return super().run(function, start, original)

    def upload(self, image: Array | CompactPixels) -> Array:
        """The image itself; compact pixels answer all that is asked of an image that is read."""
        return cast(Array, image)

    def download(self, image: Array) -> Array:
        """The image itself."""
        return image

    def size(self, image: Array) -> Size:
        """Height and width in pixels."""
        return image.shape[1], image.shape[2]

    def map(self, formula: Formula, *images: Array, out: Array | None = None) -> Array:
        """Apply a formula to one plane at a time, to save memory."""
        result = out
        for number, planes in enumerate(zip(*images, strict=True)):
            plane = formula(self._filters, *planes)
            if result is None:
                result = np.empty((images[0].shape[0], *plane.shape), np.float32)
            result[number] = plane
            # They must not stay until the next ones are made.
            del plane, planes
        assert result is not None, "an image has three planes"
        return result

    def clip(self, image: Array) -> Array:
        """Clip in place."""
        return np.clip(image, 0, 1, out=image)

    def release(self) -> None:
        """Release the memory of the network's feature maps."""
        if self._release is not None:
            self._release()

    def octave_step(
        self, image: Array, original: Array | None, weights: Array | None = None
    ) -> OctaveStep:
        """Prepare an octave; its gradient takes as much memory as the image."""
        return NumpyOctaveStep(self, image, original, weights)


class NumpyOctaveStep(OctaveStep):
    """The steps of one octave, in numpy."""

    def __init__(
        self, backend: NumpyBackend, image: Array, original: Array | None, weights: Array | None
    ) -> None:
        self._backend, self._recipe = backend, backend.recipe
        self._image, self._original, self._weights = image, original, weights
        self._total = np.empty_like(image)
        self._expected = False

    def accumulate(self, tiles: Sequence[Tile], tracker: ProgressTracker) -> float:
        """Sum the gradients of the tiles' own parts."""
        _, height, width = self._image.shape
        recipe, total = self._recipe, self._total
        if not self._expected:
            self._expect(tiles)
        once = covers_once(tiles, height, width)
        if not once:
            total.fill(0)
        loss, seen = 0.0, 0
        for tile in tiles:
            tracker.check_cancelled()
            pair = (self._image,) if self._original is None else (self._image, self._original)
            seen_tiles = [self._cut(number, image, tile) for number, image in enumerate(pair)]
            score, gradient = self._backend.gradient_of(*seen_tiles)
            if recipe.normalize_tiles != "none":
                epsilon = recipe.epsilon_of_tiles
                divide(gradient, recipe.normalize_tiles, epsilon, recipe.min_divisor)
            elif recipe.weigh_tiles:
                # A mean weighs each pixel of a tile by 1 / pixels; this makes tiles comparable.
                gradient *= tile.pixels / (height * width)
            add(total, tile, gradient, replace=once)
            loss += score * tile.pixels
            seen += tile.pixels
            tracker.count_tile(tile)
        return loss / seen

    def _cut(self, number: int, image: Array, tile: Tile) -> Array:
        """A tile in a buffer that the next one overwrites."""
        shape = len(image), tile.rows.length, tile.columns.length
        return cut(image, tile, self._backend.parallel.scratch(f"tile{number}", *shape))

    def _expect(self, tiles: Sequence[Tile]) -> None:
        """Report the tiles of all steps of the octave, once."""
        self._expected = True
        if self._backend.expect is None:
            return
        sizes = {(tile.rows.length, tile.columns.length) for tile in tiles}
        size = sizes.pop() if len(sizes) == 1 else None
        pixels = 0 if size is None else size[0] * size[1] * len(tiles) * self._recipe.steps
        self._backend.expect(size, pixels)

    def apply(self, step: int) -> float:
        """Change the image in place."""
        parallel = self._backend.parallel
        divisor = condition(self._total, self._recipe, step, parallel, self._weights)
        advance(self._image, self._total, self._recipe, parallel)
        return divisor

    def change(self) -> Array:
        """The scaled gradient itself."""
        return self._total

    def clipped(self) -> float:
        """Counted in the image itself."""
        return clipped_share(self._image)
