"""How much memory a style needs, and which size would fit the machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dreamlayer.core.dreaming.memory import Estimate, available, held, in_units
from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.losses import layers_of
from dreamlayer.core.style.sizes import content_sizes, geometry_of, style_size

Seen = tuple[str, int, int]
"""What messages call a style picture, its width and its height."""

_BASE = 130e6
"""Interpreter, numpy, scipy, onnx and ONNX Runtime, in bytes."""

_BYTES_PER_WEIGHT = 28
"""As for a dream: a weight as stored, as float32, turned over, and both in blocked layout."""

_ACTIVATION_SHARE = 2.2
"""Peak of the arenas of the gradient's session and the content's, relative to the forward
activations: 2.1 measured on VGG16 at 512 × 512, 1.1 to 1.5 on InceptionV3."""

_DOUBLES = 3 * 8
_OPTIMISER = 25 + 12
"""float64 copies of the picture: L-BFGS has 2 · 10 + 5, the basis and its Fourier transform the
rest."""

_PICTURE = 12 * 4
"""Bytes of a pixel of the content: as read, planar, the result and the encoder's."""

_STYLE_PICTURE = 36
"""Bytes of a pixel of a style picture as it is read: as read, clipped, and while it is reduced;
27 measured at 36 megapixels."""

_PLANES = 16
"""Bytes of a pixel of a style picture as it is looked at, at all sizes."""

_SHARE_OF_FREE = 0.9


def estimate_style(
    width: int,
    height: int,
    recipe: StyleRecipe,
    network: Network,
    *,
    styles: Sequence[Seen] = (),
    free: float | None = None,
) -> Estimate:
    """Estimate the peak memory of a style; its `tile` is the longer side that is worked on.

    Parameters
    ----------
    width, height : int
        The content's size in pixels.
    recipe : StyleRecipe
        Its largest size is what counts: a style cannot be divided into tiles, since a Gram matrix
        is of the whole picture.
    network : Network
        Its activations make up most of the memory.
    styles : sequence of (str, int, int)
        What messages call each style picture, its width and its height; where there are none,
        as large as `style_scale` has them.
    free : float, optional
        Memory in bytes that the process may have, instead of what it holds and the machine has
        free.

    Raises
    ------
    MemoryLimitError
        Where it does not fit; the message says which size would.
    RecipeError
        Where a picture is smaller than the network takes.
    """
    free = available() + held() if free is None else free
    room = free * _SHARE_OF_FREE
    geometry = geometry_of(network, recipe)
    size = content_sizes(width, height, recipe, geometry)[-1]
    area = size[0] * size[1]
    seen = [style_size(wide, high, size, name, recipe, geometry) for name, wide, high in styles]
    areas = [float(rows * columns) for rows, columns in seen] or [area * recipe.style_scale**2]
    weights = sum(math.prod(t.dims) for t in network.model.graph.initializer)
    fixed = _BASE + weights * _BYTES_PER_WEIGHT + width * height * _PICTURE
    per_pixel = (
        network.activation_bytes(layers_of(recipe)) * _ACTIVATION_SHARE + _DOUBLES * _OPTIMISER
    )
    planes = sum(areas) * _PLANES
    # One after another: style pictures are read, looked at, for their activations alone, and let
    # go before the content is worked on.
    name, wide, high = max(styles, key=lambda one: one[1] * one[2], default=("", 0, 0))
    read = fixed + planes + wide * high * _STYLE_PICTURE
    looked = fixed + planes + max(areas) * per_pixel / 2
    worked = fixed + planes + area * per_pixel
    needed = max(read, looked, worked)
    if needed <= room:
        return Estimate(needed, max(size), free)
    what = f"a style at {size[1]} × {size[0]} pixels"
    left = max(room - fixed, 0.0)
    if worked > room:
        fits = int(max(size) * math.sqrt(left / (worked - fixed)))
        remedy = f"use --size {fits} or less" if fits >= 64 else "scale the picture down"
    elif looked > room:
        # Pictures are not enlarged, so what the recipe says may be more than what is used.
        used = max(max(one) for one in seen) / max(size) if seen else recipe.style_scale
        scale = math.floor(min(used, recipe.style_scale) * math.sqrt(left / (looked - fixed)) * 100)
        what = f"a style picture at {used:.3g} times the size of the content"
        remedy = f"use --style-scale {max(scale, 5) / 100:g} or less"
    else:
        what = f"style picture {name} of {wide} × {high} pixels"
        remedy = "scale it down"
    raise MemoryLimitError(
        f"{what} needs about {in_units(needed)} of memory, but only {in_units(free)} are free; "
        f"{remedy}, or close other programs"
    )
