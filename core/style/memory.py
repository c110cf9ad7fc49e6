"""How much memory a style needs, and which size would fit the machine."""

from __future__ import annotations

import math

from core.errors import MemoryLimitError
from core.memory import Estimate, available, held, in_units
from core.network import Network
from core.sizes import activation_bytes
from core.style.objective import layers_of
from core.style.recipe import StyleRecipe
from core.style.sizes import Size, content_sizes, grid_of

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

_SHARE_OF_FREE = 0.9


def estimate_style(
    width: int,
    height: int,
    recipe: StyleRecipe,
    network: Network,
    *,
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
    free : float, optional
        Memory in bytes that the process may have, instead of what it holds and the machine has
        free.

    Raises
    ------
    MemoryLimitError
        Where it does not fit; the message says which size would.
    RecipeError
        Where the picture is smaller than the network takes.
    """
    free = available() + held() if free is None else free
    room = free * _SHARE_OF_FREE
    size = content_sizes(width, height, recipe, grid_of(network, recipe))[-1]
    weights = sum(math.prod(t.dims) for t in network.model.graph.initializer)
    fixed = _BASE + weights * _BYTES_PER_WEIGHT + width * height * _PICTURE
    per_pixel = (
        activation_bytes(network.model, layers_of(recipe)) * _ACTIVATION_SHARE
        + _DOUBLES * _OPTIMISER
    )
    # A style picture larger than the content needs more, for its activations alone.
    per_pixel *= max(1.0, recipe.style_scale**2 / 2)
    needed = fixed + size[0] * size[1] * per_pixel
    if needed > room:
        raise MemoryLimitError(
            _refusal(
                size,
                needed,
                free,
                math.sqrt(max(room - fixed, 0) / (size[0] * size[1] * per_pixel)),
            )
        )
    return Estimate(needed, max(size), free)


def _refusal(size: Size, needed: float, free: float, share: float) -> str:
    fits = int(max(size) * share)
    remedy = f"use --size {fits} or less" if fits >= 64 else "scale the picture down"
    return (
        f"a style at {size[1]} × {size[0]} pixels needs about {in_units(needed)} of memory, but "
        f"only {in_units(free)} are free; {remedy}, or close other programs"
    )
