"""How much memory a dream needs, and which tile fits the machine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import psutil

from core.errors import MemoryLimitError
from core.network import Network
from core.recipe import Recipe
from core.sizes import activation_bytes

TILE = 512
"""Side of a tile where memory allows; above it a step costs the same per pixel."""

_SMALLER_TILES = (384, 256, 192, 128)
_COPIES = 4.75
"""float32 copies of the image at the peak: as read, clipped and planar, dreamt, its gradient, and
the plane and the file's own bytes that are at work; measured at 12 and 100 megapixels."""

_BASE = 85e6
"""Interpreter, numpy, onnx and ONNX Runtime, in bytes."""

_BYTES_PER_WEIGHT = 28
"""A weight as stored, as float32, turned over for the gradient, and both in blocked layout."""

_ACTIVATION_SHARE = 1.2
"""Peak of ONNX Runtime's arena relative to the forward activations, measured on InceptionV3."""

_SHARE_OF_FREE = 0.9


@dataclass(frozen=True)
class Estimate:
    """What a dream will need at its peak.

    Attributes
    ----------
    bytes : float
        The whole process's peak memory.
    tile : int
        The longest side of a tile that this is for.
    available : float
        Bytes that the machine could give when asked.
    """

    bytes: float
    tile: int
    available: float


def available() -> float:
    """Bytes of memory that can be had without swapping."""
    return float(psutil.virtual_memory().available)


def estimate(
    width: int,
    height: int,
    recipe: Recipe,
    network: Network,
    *,
    free: float | None = None,
) -> Estimate:
    """Estimate peak memory, and choose the tile where the recipe leaves it open.

    Parameters
    ----------
    width, height : int
        The image's size in pixels.
    recipe : Recipe
        `tile` 0 takes `TILE`, or the largest smaller one that fits into free memory.
    network : Network
        Its activations make up a tile's memory.
    free : float, optional
        Free memory in bytes, instead of the machine's own.

    Raises
    ------
    MemoryLimitError
        Where not even the smallest tile fits; the message says what would.
    """
    free = available() if free is None else free
    layers = [term.layer for term in recipe.layers]
    per_pixel = activation_bytes(network.model, layers) * _ACTIVATION_SHARE
    weights = sum(math.prod(t.dims) for t in network.model.graph.initializer)
    fixed = _BASE + weights * _BYTES_PER_WEIGHT + width * height * 12.0 * _COPIES
    sides = [recipe.tile] if recipe.tile else [TILE, *_SMALLER_TILES]
    needed = 0.0
    for side in sides:
        tiles = network.grid(layers, side, recipe.overlap).cover(height, width)
        needed = fixed + tiles[0].pixels * per_pixel
        if needed <= free * _SHARE_OF_FREE:
            return Estimate(needed, side, free)
    raise MemoryLimitError(
        f"dreaming {width} × {height} pixels needs about {in_units(needed)} of memory, but only "
        f"{in_units(free)} are free; close other programs, use a smaller --tile, "
        f"or scale the picture down"
    )


def in_units(count: float) -> str:
    """Bytes as a person reads them."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
