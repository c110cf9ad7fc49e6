"""Octaves: the sizes a dream grows through, and what each starts from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic

import numpy as np

from dreamlayer.core.ascent.backend import Backend, Image, Size
from dreamlayer.core.recipe.recipe import Recipe


def working_size(width: int, height: int, recipe: Recipe) -> tuple[int, int]:
    """Height and width that an image is dreamt at, by the recipe's `max_side`."""
    longer = max(width, height)
    if not recipe.max_side or longer <= recipe.max_side:
        return height, width
    scale = recipe.max_side / longer
    return max(1, round(height * scale)), max(1, round(width * scale))


def octave_sizes(height: int, width: int, recipe: Recipe) -> list[Size]:
    """(height, width) of each octave, in the order that they are dreamt in, none below one pixel.

    Octaves that come out equal, as those of tiny images do, are kept once, and those whose
    shorter side is below the recipe's `min_octave_side` are left out, but for the largest.
    """
    rule = _iterated if SCHEMES[recipe.scheme].iterated else _direct
    sizes = list(dict.fromkeys(rule(height, width, recipe)))
    return [s for s in sizes[:-1] if min(s) >= recipe.min_octave_side] + sizes[-1:]


def _direct(height: int, width: int, recipe: Recipe) -> list[Size]:
    """Each size from the picture's own; `octaves_above` of them are larger than it."""
    above, scale = recipe.octaves_above, recipe.octave_scale
    sizes = []
    for i in reversed(range(-above, recipe.octaves - above)):
        # In float32 where octaves grow beyond the picture, as the source does.
        factor = np.float32(scale ** (-i))
        pair = (
            [int(np.float32(n) * factor) for n in (height, width)]
            if above
            else [int(n / scale**i) for n in (height, width)]
        )
        sizes.append((max(1, pair[0]), max(1, pair[1])))
    return sizes


def _iterated(height: int, width: int, recipe: Recipe) -> list[Size]:
    """Each size from the one above it, rounded down every time."""
    sizes = [(height, width)]
    for _ in range(recipe.octaves - 1):
        height, width = (max(1, int(_divided(n, recipe.octave_scale))) for n in (height, width))
        sizes.append((height, width))
    return sizes[::-1]


def _divided(size: int, scale: float) -> float:
    # 100 / 1.4 / ... must not fall below a whole number by rounding alone.
    return round(size / scale, 9)


class Scheme(ABC, Generic[Image]):
    """What an octave starts from, and what becomes of it afterwards.

    Parameters
    ----------
    backend : Backend
        What computes; its recipe's parameters `resample`, `blur` and `blend` count.
    base : image
        The picture, not changed.
    sizes : list of (int, int)
        What `octave_sizes` gave.
    """

    iterated: ClassVar[bool] = False
    keeps: ClassVar[bool] = False
    """Whether it holds an image of each octave's size."""

    def __init__(self, backend: Backend[Image], base: Image, sizes: list[Size]) -> None:
        self.backend, self.base, self.sizes = backend, base, sizes

    def start(self) -> Image:
        """The image of the first octave."""
        backend, size = self.backend, self.sizes[0]
        if size == backend.size(self.base):
            return backend.copy(self.base)
        return backend.resize(self.base, size)

    @abstractmethod
    def enter(self, image: Image, number: int) -> Image:
        """The image of octave `number`, from 1, made of the one before; that may be overwritten."""

    def leave(self, image: Image, number: int) -> Image:  # noqa: ARG002  (for those that differ)
        """What becomes of an octave's image after its last step."""
        return image

    def finish(self, image: Image) -> Image:
        """The result, of the picture's own size."""
        size = self.backend.size(self.base)
        return image if self.backend.size(image) == size else self.backend.resize(image, size)


class Detail(Scheme[Image]):
    """The resampled original plus the resampled change so far.

    google/deepdream, dream.ipynb, `deepdream`: what shrinking took from the original is given
    back at each octave.
    """

    def enter(self, image: Image, number: int) -> Image:
        """The original at the octave's size, and the change since."""
        before, size = self.sizes[number - 1], self.sizes[number]
        return self.backend.map(
            lambda f, base, now: (
                f.resize(base, size) + f.resize(now - f.resize(base, before), size)
            ),
            self.base,
            image,
        )


class DetailAfter(Scheme[Image]):
    """The same, but the lost detail is given back after the octave's steps (Keras's example)."""

    def enter(self, image: Image, number: int) -> Image:
        """Nothing but the enlarged image."""
        return self.backend.resize(image, self.sizes[number])

    def leave(self, image: Image, number: int) -> Image:
        """Add what the original loses by shrinking to the octave before."""
        if not number:
            return image
        before, size = self.sizes[number - 1], self.sizes[number]

        def restored(f: Any, base: Any, now: Any) -> Any:
            return now + (f.resize(base, size) - f.resize(f.resize(base, before), size))

        return self.backend.map(restored, self.base, image, out=image)


class Laplacian(Scheme[Image]):
    """A Laplacian pyramid: each octave adds the band of detail between it and the one below."""

    iterated = True
    keeps = True

    def start(self) -> Image:
        """The picture shrunk octave by octave; what each loses is kept."""
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
        """The enlarged image and the band that belongs to it."""
        size, band = self.sizes[number], self._bands.pop()
        return self.backend.map(
            lambda f, now, detail: f.resize(now, size) + detail, image, band, out=band
        )


class Resize(Scheme[Image]):
    """The image itself, resampled from octave to octave; the original is not looked at again."""

    def enter(self, image: Image, number: int) -> Image:
        """Nothing but the resampled image."""
        return self.backend.resize(image, self.sizes[number])


class Recursive(Scheme[Image]):
    """A blend of the enlarged result of the octave below and the picture, shrunk to this one."""

    iterated = True
    keeps = True

    def start(self) -> Image:
        """The picture blurred and shrunk octave by octave; all are kept."""
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
        """The share `blend` of the picture, the rest of what was dreamt below."""
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
