"""How much memory a dream needs, and which tile fits the machine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import psutil

from dreamlayer.core.ascent.octaves import SCHEMES, octave_sizes, working_size
from dreamlayer.core.ascent.tiles import Grid, largest_tile
from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import GUIDE_SIDE
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.runtime.providers import provider_of

TILE = 512
"""Side of a tile where memory allows; above it a step costs the same per pixel."""

_SMALLER_TILES = (384, 256, 192, 128)
_COPIES = 4.75
"""float32 copies of the image at the peak: as read, clipped and planar, dreamt, its gradient, and
the plane and the file's own bytes that are at work; measured at 12 and 100 megapixels."""


_SHARE_OF_FREE = 0.9

_DEVICE_COPIES = 7.0
"""float32 copies of the image on a GPU: the original, dreamt, its gradient, and four that a step
or the change of an octave works in."""

_DEVICE_BASE = 600e6
"""What CUDA, cuDNN and cuBLAS take of a GPU's memory before they compute, in bytes."""

_DEVICE_BYTES_PER_WEIGHT = 24
"""A weight and its turned-over copy, for graphs of a whole image and of several tiles, with what
cuDNN makes of them."""

_DEVICE_SHARE = 1.8
"""Peak of the GPU's arena relative to the forward activations, cuDNN's workspace included; with
room to spare, since no GPU was there to measure it on."""

_DEVICE_TILES = (4096, 3072, 2048, 1536, 1024, 768)

_CARRIED = 20
"""Bytes of a pixel and its mask as the worker reads them."""


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
        Bytes that the process could have when asked, what it held already included.
    device : float
        Peak memory on the GPU that holds the image; 0 where none does.
    """

    bytes: float
    tile: int
    available: float
    device: float = 0.0


def available() -> float:
    """Bytes of memory that can be had without swapping."""
    return float(psutil.virtual_memory().available)


def held() -> float:
    """Bytes of memory that this process has already, and so need not be free for it."""
    return float(psutil.Process().memory_info().rss)


def check_room(width: int, height: int) -> None:
    """Refuse a picture that will not fit whatever the network, before its pixels are read.

    Raises
    ------
    MemoryLimitError
        With what it needs at least and what there is.
    """
    free, needed = available(), _for_pixels(width, height)
    enough = needed <= (free + held()) * _SHARE_OF_FREE
    if not enough or width * height * _CARRIED > free * _SHARE_OF_FREE:
        raise MemoryLimitError(_refusal(width, height, needed, free))


def estimate(
    width: int,
    height: int,
    recipe: Recipe,
    network: Network,
    *,
    free: float | None = None,
    device: float | None = None,
    provider: str = "cpu",
) -> Estimate:
    """Estimate peak memory, and choose the tile where the recipe leaves it open.

    On a GPU that holds the image, the tile is the whole image where that fits.

    Parameters
    ----------
    width, height : int
        The image's size in pixels.
    recipe : Recipe
        `tile` 0 takes `TILE`, or the largest smaller one that fits into free memory.
    network : Network
        Its activations make up a tile's memory.
    free : float, optional
        Memory in bytes that the process may have, instead of what it holds and the machine has
        free.
    device : float, optional
        Bytes that are free on the GPU that the image will be held on.
    provider : str
        Short name of the provider that will run it.

    Raises
    ------
    MemoryLimitError
        Where not even the smallest tile fits; the message says what would.
    """
    free = available() + held() if free is None else free
    layers = [term.layer for term in recipe.layers]
    geometry = network.geometry(layers)
    host = provider_of(provider).host
    per_pixel = network.activation_bytes(layers) * host.share
    weights = sum(math.prod(t.dims) for t in network.model.graph.initializer)
    fixed = host.base + weights * host.weight + _for_pixels(width, height)
    if recipe.needs_original:
        # The layers are computed for the original too, by a session of their own.
        per_pixel *= 1.5
        fixed += weights * host.weight / 2
    octaves = octave_sizes(*working_size(width, height, recipe), recipe)
    octave = octaves[-1]
    fixed += _for_octaves(octaves, width * height, recipe)
    sides = [recipe.tile] if recipe.tile else [TILE, *_SMALLER_TILES]
    needed = 0.0
    if device is not None:
        # The host keeps the picture as it was read, clipped, and what comes back.
        needed = host.base + weights * host.weight + _for_pixels(width, height)
        if needed > free * _SHARE_OF_FREE:
            raise MemoryLimitError(_refusal(width, height, needed, free))
        tile, there = _on_device(octaves, width * height, recipe, network, device)
        if not tile:
            raise MemoryLimitError(_refusal(width, height, there, device, "GPU memory"))
        return Estimate(needed, tile, free, there)
    for side in sides:
        pixels = largest_tile(recipe, Grid(side, recipe.overlap, geometry), *octave)
        needed = fixed + pixels * per_pixel + _for_guide(pixels, recipe, network)
        if needed <= free * _SHARE_OF_FREE:
            return Estimate(needed, side, free)
    raise MemoryLimitError(_refusal(width, height, needed, free))


def _on_device(
    octaves: list[tuple[int, int]], pixels: int, recipe: Recipe, network: Network, free: float
) -> tuple[int, float]:
    """The largest tile that fits a GPU, or 0 where none does, and the bytes that it needs."""
    layers = [term.layer for term in recipe.layers]
    geometry = network.geometry(layers)
    # In float16 the feature maps take half.
    share = _DEVICE_SHARE * (0.5 if recipe.precision == "fast" else 1.0)
    per_pixel = network.activation_bytes(layers) * share
    if recipe.needs_original:
        per_pixel *= 1.5
    weights = sum(math.prod(t.dims) for t in network.model.graph.initializer)
    octave = octaves[-1]
    fixed = _DEVICE_BASE + weights * _DEVICE_BYTES_PER_WEIGHT
    fixed += octave[0] * octave[1] * 12.0 * _DEVICE_COPIES + _for_octaves(octaves, pixels, recipe)
    whole = max(octave)
    tried = [side for side in (*_DEVICE_TILES, TILE, *_SMALLER_TILES) if side < whole]
    needed = 0.0
    for side in [recipe.tile] if recipe.tile else [whole, *tried]:
        tile = largest_tile(recipe, Grid(side, recipe.overlap, geometry), *octave)
        needed = fixed + tile * per_pixel + _for_guide(tile, recipe, network)
        if needed <= free * _SHARE_OF_FREE:
            return side, needed
    return 0, needed


def _for_octaves(octaves: list[tuple[int, int]], pixels: int, recipe: Recipe) -> float:
    """What the octaves need beyond what every picture does."""
    areas = [height * width for height, width in octaves]
    own = areas[-1]
    # `_COPIES` has three of the picture in it, which an octave beyond it makes larger.
    copies = 3.0 * max(own - pixels, 0) / own
    if SCHEMES[recipe.scheme].keeps:
        copies += sum(areas) / own + 1.0
    copies += 2.0 * recipe.smoothing_cascade + 4.5 * bool(recipe.pyramid)
    return own * 12.0 * (copies + recipe.needs_original)


def _for_guide(pixels: int, recipe: Recipe, network: Network) -> float:
    """The guide's own activations, which ONNX Runtime may keep, and what it is compared by.

    That is the inner products of all positions of a tile with all of the guide's, twice over.
    """
    if not recipe.needs_guide:
        return 0.0
    run = GUIDE_SIDE**2 * network.activation_bytes([t.layer for t in recipe.layers])
    layers = [term.layer for term in recipe.layers if term.kind == "guide"]
    strides = [network.geometry([layer]).stride for layer in layers]
    return run + max((8.0 * pixels * GUIDE_SIDE**2 / s**4 for s in strides), default=0.0)


def _for_pixels(width: int, height: int) -> float:
    return width * height * 12.0 * _COPIES


def _refusal(width: int, height: int, needed: float, free: float, where: str = "memory") -> str:
    return (
        f"dreaming {width} × {height} pixels needs about {in_units(needed)} of {where}, but only "
        f"{in_units(free)} are free; close other programs, use a smaller tile, "
        f"or scale the picture down"
    )


def in_units(count: float) -> str:
    """Bytes as a person reads them."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
