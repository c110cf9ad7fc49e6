"""How much memory a style transfer needs, and which size would fit the machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dreamlayer.core.dreaming.memory import (
    SHARE_OF_FREE,
    Estimate,
    fits,
    shortage,
    usable,
    weight_count,
)
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.losses import layers_of
from dreamlayer.core.style.sizes import content_sizes, geometry_of, style_size

NamedSize = tuple[str, int, int]
"""A style picture's name in messages, its width and its height."""

_BASE = 130e6
"""Interpreter, numpy, scipy, onnx and ONNX Runtime, in bytes."""

_BYTES_PER_WEIGHT = 28
"""As for a dream: a weight as stored, as float32, transposed, and both in blocked layout."""

_ACTIVATION_SHARE = 2.2
"""Peak of the arenas of the gradient's session and the content's, relative to the forward
activations: 2.1 measured on VGG16 at 512 × 512, 1.1 to 1.5 on InceptionV3."""

_DOUBLES = 3 * 8
_OPTIMIZER = 25 + 12
"""float64 copies of the picture: 2 · 10 + 5 in L-BFGS, the rest for the parameterization and its
Fourier transform."""

_PICTURE = 12 * 4
"""Bytes per pixel of the content: as read, planar, the result and the encoder's."""

_STYLE_PICTURE = 36
"""Bytes per pixel of a style picture while it is read: as read, clipped, and while it is reduced;
27 measured at 36 megapixels."""

_PLANES = 16
"""Bytes per pixel of a style picture as the network sees it, at all sizes."""


def estimate_style(
    width: int,
    height: int,
    recipe: StyleRecipe,
    network: Network,
    *,
    styles: Sequence[NamedSize] = (),
    free: float | None = None,
) -> Estimate:
    """Estimate the peak memory of a style transfer; its `tile` is the longer working side.

    Parameters
    ----------
    width, height : int
        The content's size in pixels.
    recipe : StyleRecipe
        Its largest size counts: a style cannot be computed in tiles, since a Gram matrix is of the
        whole picture.
    network : Network
        Its activations are most of the memory.
    styles : sequence of (str, int, int)
        Name, width and height of each style picture; without any, `style_scale` is assumed.
    free : float, optional
        Memory in bytes that the process may have, instead of what it holds and the machine has
        free.

    Raises
    ------
    MemoryLimitError
        It does not fit; the message says which size would.
    RecipeError
        A picture is smaller than the network allows.
    """
    free = usable() if free is None else free
    geometry = geometry_of(network, recipe)
    size = content_sizes(width, height, recipe, geometry)[-1]
    area = size[0] * size[1]
    sizes = [style_size(wide, high, size, name, recipe, geometry) for name, wide, high in styles]
    areas = [float(rows * columns) for rows, columns in sizes] or [area * recipe.style_scale**2]
    fixed = _BASE + weight_count(network) * _BYTES_PER_WEIGHT + width * height * _PICTURE
    per_pixel = (
        network.activation_bytes(layers_of(recipe)) * _ACTIVATION_SHARE + _DOUBLES * _OPTIMIZER
    )
    planes = sum(areas) * _PLANES
    # One after another: a style picture is read, its activations are computed, and it is released
    # before the content is optimized.
    name, wide, high = max(styles, key=lambda one: one[1] * one[2], default=("", 0, 0))
    read = fixed + planes + wide * high * _STYLE_PICTURE
    activated = fixed + planes + max(areas) * per_pixel / 2
    optimized = fixed + planes + area * per_pixel
    needed = max(read, activated, optimized)
    if fits(needed, free):
        return Estimate(needed, max(size), free)
    what = f"a style at {size[1]} × {size[0]} pixels"
    left = max(free * SHARE_OF_FREE - fixed, 0.0)
    if not fits(optimized, free):
        longest = int(max(size) * math.sqrt(left / (optimized - fixed)))
        remedy = f"use --size {longest} or less" if longest >= 64 else "scale the picture down"
    elif not fits(activated, free):
        # Pictures are not enlarged, so the recipe may say more than what is used.
        used = max(max(one) for one in sizes) / max(size) if sizes else recipe.style_scale
        scale = math.floor(
            min(used, recipe.style_scale) * math.sqrt(left / (activated - fixed)) * 100
        )
        what = f"a style picture at {used:.3g} times the size of the content"
        remedy = f"use --style-scale {max(scale, 5) / 100:g} or less"
    else:
        what = f"style picture {name} of {wide} × {high} pixels"
        remedy = "scale it down"
    raise shortage(what, needed, free, remedy)
