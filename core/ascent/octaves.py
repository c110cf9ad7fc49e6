"""Octaves: the sizes that a dream grows through, and the schemes of their initial images."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic

import numpy as np

from dreamlayer.core.ascent.backend import Backend, Image, Size
from dreamlayer.core.recipe.recipe import MAX_OCTAVE_SCALE, MAX_OCTAVES, MIN_OCTAVE_SCALE, Recipe

SMALLEST = 180
"""The shorter side in pixels to which smaller images are enlarged for the dream: below it, shapes
have no room. Only where the number of octaves is chosen by size."""

_MOST_ENLARGED = 4.0


def working_size(width: int, height: int, recipe: Recipe) -> tuple[int, int]:
    """The height and width at which an image is dreamed.

    It is limited by the recipe's `max_side`; small images are enlarged to `SMALLEST`, at most
    fourfold.
    """
    scale = 1.0
    if not recipe.octaves:
        scale = min(max(SMALLEST / min(width, height), 1.0), _MOST_ENLARGED)
    if recipe.max_side:
        scale = min(scale, recipe.max_side / max(width, height))
    return max(1, round(height * scale)), max(1, round(width * scale))


COARSEST = 120
"""The shorter side in pixels from which dreams of any size grow, with a number of octaves chosen by
size."""


def octave_sizes(height: int, width: int, recipe: Recipe, minimum: int = 1) -> list[Size]:
    """(height, width) of each octave in order, at least one pixel each.

    Equal octaves, as of tiny images, are merged. Octaves whose shorter side is below the recipe's
    `min_octave_side` are left out, except the largest.

    Parameters
    ----------
    minimum : int
        The network's smallest side in pixels, which octaves whose number is chosen by size reach.
    """
    least = 1
    if not recipe.octaves:
        least = max(COARSEST, minimum, recipe.min_octave_side)
        recipe = _by_size(min(height, width) / least, recipe)
    rule = _iterated if SCHEMES[recipe.scheme].iterated else _direct
    found = rule(height, width, recipe)
    if recipe.octaves > 1 and min(found[0]) < least:
        # Sizes are rounded down.
        found[0] = _with_shorter_side(least, height, width)
    sizes = list(dict.fromkeys(found))
    return [s for s in sizes[:-1] if min(s) >= recipe.min_octave_side] + sizes[-1:]


def _by_size(ratio: float, recipe: Recipe) -> Recipe:
    """The number of octaves from the coarsest to an image `ratio` times as large, and their ratio.

    It is close to the recipe's, so that the coarsest octave is as large for any image, and shapes
    are as large in proportion.
    """
    gaps = math.log(max(ratio, 1))
    count = min(round(gaps / math.log(recipe.octave_scale)), MAX_OCTAVES - 1)
    if not count:
        return recipe.replace(octaves=1)
    count = max(count, math.ceil(gaps / math.log(MAX_OCTAVE_SCALE)))
    scale = min(max(math.exp(gaps / count), MIN_OCTAVE_SCALE), MAX_OCTAVE_SCALE)
    return recipe.replace(octaves=count + 1, octave_scale=scale)


def _with_shorter_side(side: int, height: int, width: int) -> Size:
    scale = side / min(height, width)
    return max(side, round(height * scale)), max(side, round(width * scale))


def _direct(height: int, width: int, recipe: Recipe) -> list[Size]:
    """Each size computed from the picture's; `octaves_above` of them are larger than it."""
    above, scale = recipe.octaves_above, recipe.octave_scale
    sizes = []
    for i in reversed(range(-above, recipe.octaves - above)):
        # In float32 for octaves beyond the picture, like the published source.
        factor = np.float32(scale ** (-i))
        pair = (
            [int(np.float32(n) * factor) for n in (height, width)]
            if above
            else [int(n / scale**i) for n in (height, width)]
        )
        sizes.append((max(1, pair[0]), max(1, pair[1])))
    return sizes


def _iterated(height: int, width: int, recipe: Recipe) -> list[Size]:
    """Each size computed from the one above it."""
    scheme, sizes = SCHEMES[recipe.scheme], [(height, width)]
    for _ in range(recipe.octaves - 1):
        height, width = (
            max(1, scheme.shrunk(length, recipe.octave_scale)) for length in (height, width)
        )
        sizes.append((height, width))
    return sizes[::-1]


class Scheme(ABC, Generic[Image]):
    """How the image passes from octave to octave.

    Parameters
    ----------
    backend : Backend
        Holds the images; its recipe has the parameters `resample`, `blur` and `blend`.
    base : image
        The picture, not changed.
    sizes : list of (int, int)
        The result of `octave_sizes`.
    """

    iterated: ClassVar[bool] = False
    """Whether each octave's size is computed from the one above it."""
    stores_octaves: ClassVar[bool] = False
    """Whether it stores an image of each octave's size."""

    def __init__(self, backend: Backend[Image], base: Image, sizes: list[Size]) -> None:
        self.backend, self.base, self.sizes = backend, base, sizes

    @staticmethod
    def shrunk(length: int, scale: float) -> int:
        """A side of the octave below one of `length` pixels, if sizes are iterated."""
        # Rounded first: 100 / 1.4 / ... must not fall below an integer by rounding errors.
        return int(round(length / scale, 9))

    def start(self) -> Image:
        """The image of the first octave."""
        backend, size = self.backend, self.sizes[0]
        if size == backend.size(self.base):
            return backend.copy(self.base)
        return backend.resize(self.base, size)

    @abstractmethod
    def enter(self, image: Image, number: int) -> Image:
        """The initial image of octave `number`, from 1; the one before may be overwritten."""

    def leave(self, image: Image, number: int) -> Image:  # noqa: ARG002  (subclasses use it)
        """Postprocess an octave's image after its last step."""
        return image

    def finish(self, image: Image) -> Image:
        """The result at the picture's own size."""
        size = self.backend.size(self.base)
        return image if self.backend.size(image) == size else self.backend.resize(image, size)


class Detail(Scheme[Image]):
    """The resampled original plus the resampled change so far.

    google/deepdream, dream.ipynb, `deepdream`: the detail of the original that was lost by
    shrinking is restored at each octave.
    """

    def enter(self, image: Image, number: int) -> Image:
        """The original at the octave's size plus the change so far."""
        before, size = self.sizes[number - 1], self.sizes[number]
        return self.backend.map(
            lambda f, base, now: (
                f.resize(base, size) + f.resize(now - f.resize(base, before), size)
            ),
            self.base,
            image,
        )


class DetailAfter(Scheme[Image]):
    """The same, but lost detail is restored after the octave's steps (Keras's example)."""

    def enter(self, image: Image, number: int) -> Image:
        """The resampled image."""
        return self.backend.resize(image, self.sizes[number])

    def leave(self, image: Image, number: int) -> Image:
        """Add the detail that the original loses at the size of the octave before."""
        if not number:
            return image
        before, size = self.sizes[number - 1], self.sizes[number]

        def restored(f: Any, base: Any, now: Any) -> Any:
            return now + (f.resize(base, size) - f.resize(f.resize(base, before), size))

        return self.backend.map(restored, self.base, image, out=image)


class Laplacian(Scheme[Image]):
    """A Laplacian pyramid: each octave adds the band of detail between it and the one below."""

    iterated = True
    stores_octaves = True

    def start(self) -> Image:
        """The picture shrunk octave by octave; the lost detail of each is stored."""
        image, self._bands = self.backend.copy(self.base), []
        for size in reversed(self.sizes[:-1]):
            down = self.backend.resize(image, size)
            self._bands.append(self._lost(image, down))
            image = down
        return image

    def _lost(self, image: Image, down: Image) -> Image:
        size = self.backend.size(image)
        return self.backend.map(
            lambda f, fine, coarse: fine - f.resize(coarse, size), image, down, out=image
        )

    def enter(self, image: Image, number: int) -> Image:
        """The enlarged image plus its octave's band of detail."""
        size, band = self.sizes[number], self._bands.pop()
        return self.backend.map(
            lambda f, now, detail: f.resize(now, size) + detail, image, band, out=band
        )


class Resize(Scheme[Image]):
    """The image itself, resampled from octave to octave."""

    def enter(self, image: Image, number: int) -> Image:
        """The resampled image."""
        return self.backend.resize(image, self.sizes[number])


class Recursive(Scheme[Image]):
    """A blend of the enlarged result of the octave below and the picture, shrunk to this one."""

    iterated = True
    stores_octaves = True

    @staticmethod
    def shrunk(length: int, scale: float) -> int:
        """The same; but a scale of 1 / 0.7, to nine digits, means 0.7 times `length`.

        Hvass-Labs, TensorFlow-Tutorials 14, `resize_image`: 340 * 0.7 is just below 238 in
        floating point, hence 237.
        """
        ratio = round(1 / scale, 4)
        if round(1 / ratio, 9) == round(scale, 9):
            return int(length * ratio)
        return Scheme.shrunk(length, scale)

    def start(self) -> Image:
        """The picture blurred and shrunk octave by octave; all sizes are stored."""
        image, self._levels = self.backend.copy(self.base), []
        for size in reversed(self.sizes[:-1]):
            self._levels.append(image)
            image = self._below(image, size)
        return image

    def _below(self, image: Image, size: Size) -> Image:
        sigma = self.backend.recipe.blur
        return self.backend.map(
            lambda f, planes: f.resize(f.blur(planes, sigma) if sigma else planes, size), image
        )

    def enter(self, image: Image, number: int) -> Image:
        """`blend` times the picture plus 1 - `blend` times the enlarged result."""
        size, blend, level = self.sizes[number], self.backend.recipe.blend, self._levels.pop()
        return self.backend.map(
            lambda f, now, own: f.resize(now, size) * (1 - blend) + own * blend,
            image,
            level,
            out=level,
        )


SCHEMES: dict[str, type[Scheme[Any]]] = {
    "detail": Detail,
    "detail-after": DetailAfter,
    "laplacian": Laplacian,
    "resize": Resize,
    "recursive": Recursive,
}
