"""Hold large areas of an octave to the original's brightness and color."""

from __future__ import annotations

from typing import Any

from dreamlayer.core.ascent.backend import Backend, Image, Size
from dreamlayer.core.images.resampling import BICUBIC

_CELLS = 8
"""Cells along the shorter side; whatever is larger counts as a large area."""


def anchored(backend: Backend[Image], image: Image, base: Image) -> Image:
    """Take the recipe's share of the coarse change back, in place.

    Parameters
    ----------
    image : image
        An octave's image after its steps.
    base : image
        The picture, of any size; not changed.
    """
    size, share = backend.size(image), backend.recipe.anchor
    coarse = _coarse(size)
    if coarse == size:
        # All areas are small.
        return image

    def formula(f: Any, now: Any, original: Any) -> Any:
        change = now - f.resize(original, size)
        return now - f.resize(f.resize(change, coarse, BICUBIC), size, BICUBIC) * share

    return backend.map(formula, image, base, out=image)


def _coarse(size: Size) -> Size:
    cell = max(min(size) / _CELLS, 1)
    return max(round(size[0] / cell), 1), max(round(size[1] / cell), 1)
