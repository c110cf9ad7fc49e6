"""The backend in numpy: images are arrays, worked on in place and a plane at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.backend import Backend, Formula, OctaveStep, Size
from dreamlayer.core.ascent.normalize import condition, divide
from dreamlayer.core.ascent.progress import ProgressTracker
from dreamlayer.core.ascent.tiles import Tile, add, cut
from dreamlayer.core.images.resampling import resized_plane
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]
GradientOf = Callable[..., tuple[float, Array]]
"""Takes a tile, float32 [3, h, w], and where the recipe needs the original, the same tile of it;
gives the objective and its gradient, float32 [3, h, w]."""
Expect = Callable[[Size | None, int], None]
"""Is told the height and width of tiles to come, None where they differ, and how many pixels all of
them have."""


class NumpyFilters:
    """What a formula can do with one plane, float32 [height, width]."""

    def __init__(self, method: str) -> None:
        self._method = method

    def resize(self, planes: Array, size: Size, method: str | None = None) -> Array:
        """Resample; the plane itself where nothing changes."""
        return resized_plane(planes, size, method or self._method)

    def blur(self, planes: Array, sigma: float) -> Array:
        """Blur with a Gaussian; beyond the edges the plane is mirrored."""
        from scipy.ndimage import gaussian_filter

        return np.asarray(gaussian_filter(planes, sigma), np.float32)

    def clip(self, planes: Array) -> Array:
        """Bring pixels within 0..1."""
        return np.clip(planes, 0, 1)


class NumpyBackend(Backend[Array]):
    """Images as float32 arrays [3, height, width].

    Parameters
    ----------
    recipe : Recipe
        As for `Backend`.
    gradient_of : callable
        The objective and its gradient for one tile.
    expect : callable, optional
        Told ahead what tiles an octave has.
    threads : int
        As for `core.ascent.normalize.condition`.
    """

    def __init__(
        self,
        recipe: Recipe,
        gradient_of: GradientOf,
        expect: Expect | None = None,
        threads: int = 1,
    ) -> None:
        super().__init__(recipe)
        self._gradient_of, self._expect, self._threads = gradient_of, expect, threads
        self._filters = NumpyFilters(recipe.resample)

    def upload(self, image: Array) -> Array:
        """The image itself."""
        return image

    def download(self, image: Array) -> Array:
        """The image itself."""
        return image

    def size(self, image: Array) -> Size:
        """Height and width in pixels."""
        return image.shape[1], image.shape[2]

    def map(self, formula: Formula, *images: Array, out: Array | None = None) -> Array:
        """A plane at a time, to spare memory."""
        result = out
        for number, planes in enumerate(zip(*images, strict=True)):
            made = formula(self._filters, *planes)
            if result is None:
                result = np.empty((images[0].shape[0], *made.shape), np.float32)
            result[number] = made
        assert result is not None, "an image has three planes"
        return result

    def clip(self, image: Array) -> Array:
        """In place."""
        return np.clip(image, 0, 1, out=image)

    def octave_step(self, image: Array, original: Array | None) -> OctaveStep:
        """The octave's climb; its gradient takes as much memory as the image."""
        return NumpyOctaveStep(
            self.recipe, self._gradient_of, image, original, self._expect, self._threads
        )


class NumpyOctaveStep(OctaveStep):
    """One octave under way, in numpy."""

    def __init__(
        self,
        recipe: Recipe,
        gradient_of: GradientOf,
        image: Array,
        original: Array | None,
        expect: Expect | None = None,
        threads: int = 1,
    ) -> None:
        self._recipe, self._gradient_of = recipe, gradient_of
        self._image, self._original = image, original
        self._total = np.empty_like(image)
        self._expect, self._threads = expect, threads

    def gather(self, tiles: Sequence[Tile], tracker: ProgressTracker) -> float:
        """Add up the tiles' own parts."""
        _, height, width = self._image.shape
        recipe, total = self._recipe, self._total
        self._announce(tiles)
        total.fill(0)
        loss, seen = 0.0, 0
        for tile in tiles:
            tracker.ask()
            also = () if self._original is None else (cut(self._original, tile),)
            score, gradient = self._gradient_of(cut(self._image, tile), *also)
            if recipe.normalize_tiles != "none":
                divide(gradient, recipe.normalize_tiles, recipe)
            elif recipe.weigh_tiles:
                # A mean over a tile weighs each of its pixels by 1 / pixels; this evens tiles out.
                gradient *= tile.pixels / (height * width)
            add(total, tile, gradient)
            loss += score * tile.pixels
            seen += tile.pixels
            tracker.tile(tile)
        return loss / seen

    def _announce(self, tiles: Sequence[Tile]) -> None:
        """Once an octave, say what all of its steps will ask for."""
        if self._expect is None:
            return
        expect, self._expect = self._expect, None
        seen = [(tile.rows.length, tile.columns.length) for tile in tiles]
        if len(set(seen)) > 1:
            expect(None, 0)
            return
        (height, width), count = seen[0], len(seen) * self._recipe.steps
        expect((height, width), height * width * count)

    def climb(self, step: int) -> float:
        """In place."""
        divisor = condition(self._total, self._recipe, step, self._threads)
        self._image += self._total
        if self._recipe.clip:
            np.clip(self._image, 0, 1, out=self._image)
        return divisor

    def change(self) -> Array:
        """The conditioned gradient itself."""
        return self._total
