"""Working sizes of a style transfer, and resampling to them and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.style import BYTES

if TYPE_CHECKING:
    from dreamlayer.core.graph.geometry import Geometry
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.recipe.style import StyleRecipe

Array = npt.NDArray[np.float32]
Size = tuple[int, int]
"""Height and width in pixels."""


def geometry_of(network: Network, recipe: StyleRecipe) -> Geometry:
    """The sizes that the network allows for the recipe's layers."""
    layers = [term.layer for term in (*recipe.content_layers, *recipe.style_layers)]
    return network.geometry(layers)


def content_sizes(width: int, height: int, recipe: StyleRecipe, geometry: Geometry) -> list[Size]:
    """The sizes at which the content is optimized, the smallest first.

    Parameters
    ----------
    width, height : int
        The content's own size in pixels.
    recipe : StyleRecipe
        `octaves` that are too small for it, or for the network, are left out.
    geometry : Geometry
        From `geometry_of`.

    Raises
    ------
    RecipeError
        The picture, at its own size or at `size`, is smaller than the network allows.
    """
    own = max(width, height)
    wanted = recipe.size or own
    longest = wanted if recipe.square else min(wanted, own)
    sizes: list[Size] = []
    for octave in range(recipe.octaves):
        size = _scaled(width, height, longest / 2**octave, recipe.square, geometry.multiple)
        if _lacks(size, geometry) or (sizes and min(size) < recipe.min_octave_side):
            break
        sizes.append(_accepted(size, geometry))
    if not sizes:
        least = _least(width, height, geometry)
        remedy = (
            f"use --size {_least(1, 1, geometry) if recipe.square else least} or more"
            if recipe.square or not _lacks((height, width), geometry)
            else "enlarge the picture, use --square, or layers nearer to the image"
        )
        raise RecipeError(
            f"the content of {width} × {height} pixels would be reduced to {size[1]} × "
            f"{size[0]}, but the network needs {_needed(geometry)} at least for these layers; "
            f"{remedy}"
        )
    return sizes[::-1]


def style_size(
    width: int, height: int, content: Size, name: str, recipe: StyleRecipe, geometry: Geometry
) -> Size:
    """The size at which the network sees a style picture, given the content's size.

    A picture is not enlarged, unless it must be square.

    Raises
    ------
    RecipeError
        The style picture, called `name`, is smaller than the network allows.
    """
    longest = max(content) * recipe.style_scale
    if not recipe.square:
        if _lacks((height, width), geometry):
            raise RecipeError(
                f"style picture {name} is {width} × {height} pixels, but the network needs "
                f"{_needed(geometry)} at least for these layers; use a larger picture, or --square"
            )
        # The shorter side of a long strip stays large enough.
        least = geometry.accepted_side(1) * max(width, height) / min(width, height)
        least = max(least, max(width, height) * _covering_scale(height, width, geometry.exact))
        longest = min(max(longest, least), max(width, height))
    return _accepted(_scaled(width, height, longest, recipe.square, geometry.multiple), geometry)


def _scaled(width: int, height: int, longest: float, square: bool, multiple: int) -> Size:
    scale = longest / max(width, height)
    sides = (longest, longest) if square else (height * scale, width * scale)
    rows, columns = (max(round(side / multiple), 1) * multiple for side in sides)
    return rows, columns


def _accepted(size: Size, geometry: Geometry) -> Size:
    """A size that the network accepts, close to another that is not too small for it."""
    if geometry.exact is None:
        return geometry.accepted_side(size[0]), geometry.accepted_side(size[1])
    # Tiles start at whole strides, and the last one ends with the picture.
    rows, columns = (
        least + max(round((side - least) / geometry.stride), 0) * geometry.stride
        for side, least in zip(size, geometry.exact, strict=True)
    )
    return rows, columns


def _lacks(size: Size, geometry: Geometry) -> bool:
    """Whether a picture of this height and width is too small for the network."""
    return min(size) < geometry.minimum or _covering_scale(*size, geometry.exact) > 1


def _covering_scale(height: int, width: int, exact: Size | None) -> float:
    """The factor by which a picture just covers the one size of a network; 0 without one."""
    return 0.0 if exact is None else max(exact[0] / height, exact[1] / width)


def _least(width: int, height: int, geometry: Geometry) -> int:
    """The longer side of the smallest picture of these proportions that the network takes."""
    if geometry.exact is None:
        return -(-max(width, height) * geometry.minimum // min(width, height))
    return math.ceil(max(width, height) * _covering_scale(height, width, geometry.exact))


def _needed(geometry: Geometry) -> str:
    """The smallest size that the network takes, in words."""
    if geometry.exact is None:
        return str(geometry.minimum)
    return f"{geometry.exact[1]} × {geometry.exact[0]}"


def resized(planes: Array, size: Size, method: str) -> Array:
    """Resample a picture, float32 [3, height, width], 0..1; the result is clipped to 0..1."""
    if method == BYTES:
        return np.stack([_bytes(plane, size) for plane in planes])
    if planes.shape[1:] == size:
        return planes
    from dreamlayer.core.images.resampling import resize

    return np.clip(resize(planes, size, method), 0, 1)


def unbounded(planes: Array, size: Size, method: str) -> Array:
    """Resample values that may lie beyond 0..1, such as a change, without rounding to bytes."""
    from dreamlayer.core.images.resampling import resize

    return resize(planes, size, {BYTES: "bilinear", "lanczos-8bit": "lanczos"}.get(method, method))


def _bytes(plane: Array, size: Size) -> Array:
    """Quantize to 256 levels, rounding down, as `uint8` images are, and interpolate those."""
    from PIL import Image

    # Rounding may leave a value slightly below its level.
    levels = np.floor(np.clip(plane, 0, 1) * np.float32(255) + np.float32(1e-3)).astype(np.uint8)
    taken = Image.fromarray(levels).resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(taken).astype(np.float32) / np.float32(255)
