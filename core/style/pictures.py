"""Style pictures as callers give them: files, pictures in memory, or arrays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.array_image import array_image, check_range
from dreamlayer.core.images.arrays import check_image
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.reading import MAX_MEGAPIXELS
from dreamlayer.core.images.reading import open as open_file
from dreamlayer.core.images.source import Source
from dreamlayer.core.images.transparency import without_hidden

Array = npt.NDArray[np.float32]
StylePicture = Picture | Source | npt.NDArray[Any] | str | os.PathLike[str]
"""A path, a result of `core.read` or `core.images.open`, or pixels [height, width, 3] as for
`core.style.transfer`."""


def open_style(given: StylePicture, max_megapixels: float = MAX_MEGAPIXELS) -> StylePicture:
    """Read the header of a file, so that its size is known; return any other kind as it is."""
    return open_file(given, max_megapixels) if isinstance(given, str | os.PathLike) else given


def close_styles(styles: Sequence[StylePicture]) -> None:
    """Close the files that `open_style` opened."""
    for given in styles:
        if isinstance(given, Source):
            given.close()


def named_size(given: StylePicture, number: int) -> tuple[str, int, int]:
    """Name in messages, width and height of a style picture that `open_style` returned.

    Raises
    ------
    RecipeError
        Pixels have another shape than [height, width, 3].
    """
    if isinstance(given, Source):
        return given.name, given.width, given.height
    if isinstance(given, Picture):
        return f"number {number}", given.width, given.height
    height, width = _pixels(given).shape[:2]
    return f"number {number}", width, height


def load_style(given: StylePicture, number: int) -> tuple[Array, str]:
    """Pixels of a style picture, float32 [height, width, 3], and its name in messages."""
    given = open_style(given)
    if isinstance(given, Source):
        picture = given.load()
        check_range(picture.pixels, given.name)
        return without_hidden(picture.pixels, picture.alpha), given.name
    return _pixels(given), f"number {number}"


def _pixels(given: StylePicture) -> Array:
    image = given if isinstance(given, Picture) else array_image(given)
    pixels = without_hidden(image.pixels, image.alpha)
    check_image(pixels)
    check_range(pixels)
    return pixels
