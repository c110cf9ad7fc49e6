"""Octaves: the sizes a dream grows through, and what each starts from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.recipe import Recipe
from core.resampling import resize, resized_plane

Array = npt.NDArray[np.float32]
Size = tuple[int, int]


def working_size(width: int, height: int, recipe: Recipe) -> tuple[int, int]:
    """Height and width that an image is dreamt at, by the recipe's `working_side`."""
    longer = max(width, height)
    if not recipe.working_side or longer <= recipe.working_side:
        return height, width
    scale = recipe.working_side / longer
    return max(1, round(height * scale)), max(1, round(width * scale))


def octave_sizes(height: int, width: int, recipe: Recipe) -> list[Size]:
    """(height, width) of each octave, in the order that they are dreamt in, none below one pixel.

    Octaves that come out equal, as those of tiny images do, are kept once, and those whose
    shorter side is below the recipe's `smallest` are left out, but for the largest.
    """
    rule = _iterated if SCHEMES[recipe.scheme].iterated else _direct
    sizes = list(dict.fromkeys(rule(height, width, recipe)))
    return [s for s in sizes[:-1] if min(s) >= recipe.smallest] + sizes[-1:]


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


class Scheme(ABC):
    """What an octave starts from, and what becomes of it afterwards.

    Parameters
    ----------
    base : array
        float32 [3, height, width]: the picture, not changed.
    sizes : list of (int, int)
        What `octave_sizes` gave.
    recipe : Recipe
        Its knobs `resample`, `blur` and `blend` count.
    """

    iterated: ClassVar[bool] = False
    keeps: ClassVar[bool] = False
    """Whether it holds an image of each octave's size."""

    def __init__(self, base: Array, sizes: list[Size], recipe: Recipe) -> None:
        self.base, self.sizes, self.recipe = base, sizes, recipe

    def start(self) -> Array:
        """The image of the first octave."""
        size = self.sizes[0]
        return self.base.copy() if size == self.base.shape[1:] else self._resize(self.base, size)

    @abstractmethod
    def enter(self, image: Array, number: int) -> Array:
        """The image of octave `number`, from 1, made of the one before; that may be overwritten."""

    def leave(self, image: Array, number: int) -> Array:  # noqa: ARG002  (for those that differ)
        """What becomes of an octave's image after its last step."""
        return image

    def finish(self, image: Array) -> Array:
        """The result, of the picture's own size."""
        size = (self.base.shape[1], self.base.shape[2])
        return image if image.shape[1:] == size else self._resize(image, size)

    def _resize(self, image: Array, size: Size) -> Array:
        return resize(image, size, self.recipe.resample)


class Detail(Scheme):
    """The resampled original plus the resampled change so far.

    google/deepdream, dream.ipynb, `deepdream`: what shrinking took from the original is given
    back at each octave.
    """

    def enter(self, image: Array, number: int) -> Array:
        """A plane at a time, to spare memory."""
        before, size, method = self.sizes[number - 1], self.sizes[number], self.recipe.resample
        result = np.empty((self.base.shape[0], *size), np.float32)
        for plane, current, out in zip(self.base, image, result, strict=True):
            current -= resized_plane(plane, before, method)
            out[:] = resized_plane(plane, size, method)
            out += resized_plane(current, size, method)
        return result


class DetailAfter(Scheme):
    """The same, but the lost detail is given back after the octave's steps (Keras's example)."""

    def enter(self, image: Array, number: int) -> Array:
        """Nothing but the enlarged image."""
        return self._resize(image, self.sizes[number])

    def leave(self, image: Array, number: int) -> Array:
        """Add what the original loses by shrinking to the octave before."""
        if number:
            before, size, method = self.sizes[number - 1], self.sizes[number], self.recipe.resample
            for plane, out in zip(self.base, image, strict=True):
                shrunk = resized_plane(plane, before, method)
                out += resized_plane(plane, size, method) - resized_plane(shrunk, size, method)
        return image


class Laplacian(Scheme):
    """A Laplacian pyramid: each octave adds the band of detail between it and the one below."""

    iterated = True
    keeps = True

    def start(self) -> Array:
        """The picture shrunk octave by octave; what each loses is kept."""
        image, self._bands = self.base.copy(), []
        for size in reversed(self.sizes[:-1]):
            down = self._resize(image, size)
            image -= self._resize(down, (image.shape[1], image.shape[2]))
            self._bands.append(image)
            image = down
        return image

    def enter(self, image: Array, number: int) -> Array:
        """The enlarged image and the band that belongs to it."""
        result = self._resize(image, self.sizes[number])
        result += self._bands.pop()
        return result


class Resize(Scheme):
    """The image itself, resampled from octave to octave; the original is not looked at again."""

    def enter(self, image: Array, number: int) -> Array:
        """Nothing but the resampled image."""
        return self._resize(image, self.sizes[number])


class Recursive(Scheme):
    """A blend of the enlarged result of the octave below and the picture, shrunk to this one."""

    iterated = True
    keeps = True

    def start(self) -> Array:
        """The picture blurred and shrunk octave by octave; all are kept."""
        from scipy.ndimage import gaussian_filter

        image, sigma, self._levels = self.base.copy(), self.recipe.blur, []
        for size in reversed(self.sizes[:-1]):
            self._levels.append(image)
            blurred = gaussian_filter(image, (0, sigma, sigma)) if sigma else image
            image = self._resize(blurred, size)
        return image

    def enter(self, image: Array, number: int) -> Array:
        """The share `blend` of the picture, the rest of what was dreamt below."""
        result = self._resize(image, self.sizes[number])
        result *= 1 - self.recipe.blend
        level = self._levels.pop()
        level *= self.recipe.blend
        result += level
        return result


SCHEMES: dict[str, type[Scheme]] = {
    "detail": Detail,
    "detail-after": DetailAfter,
    "laplacian": Laplacian,
    "resize": Resize,
    "recursive": Recursive,
}
