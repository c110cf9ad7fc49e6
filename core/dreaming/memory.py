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
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.runtime.providers import provider_of

TILE = 512
"""Side of a tile where memory allows; above it a step costs the same per pixel."""

_SMALLER_TILES = (384, 256, 192, 128)
_COPIES = 4.75
"""float32 copies of the image at the peak: as read, clipped and planar, dreamt, its gradient, the
plane in work and the file's bytes; measured at 12 and 100 megapixels."""


SHARE_OF_FREE = 0.9
"""What an estimate may claim of the free memory."""

_DEVICE_COPIES = 7.0
"""float32 copies of the image on a GPU: the original, dreamt, its gradient, and four that a step
or a change of octave needs."""

_DEVICE_BASE = 600e6
"""GPU memory that CUDA, cuDNN and cuBLAS use before they compute, in bytes."""

_DEVICE_BYTES_PER_WEIGHT = 24
"""A weight and its transposed copy, for graphs of a whole image and of several tiles, including
what cuDNN prepares."""

_DEVICE_SHARE = 1.8
"""Peak of the GPU's arena relative to the forward activations, cuDNN's workspace included; with
a margin, since it was not measured on a GPU."""

_DEVICE_TILES = (4096, 3072, 2048, 1536, 1024, 768)

_CARRIED = 20
"""Bytes per pixel, mask included, as the worker reads them."""


_REMEDY = "use a smaller tile, scale the picture down"


@dataclass(frozen=True)
class Estimate:
    """Peak memory of a dream.

    Attributes
    ----------
    bytes : float
        The whole process's peak memory.
    tile : int
        The longest side of a tile that this is for.
    available : float
        Bytes that the process could have when asked, including what it held already.
    device : float
        Peak memory on the GPU that holds the image; 0 without one.
    """

    bytes: float
    tile: int
    available: float
    device: float = 0.0


def available() -> float:
    """Bytes of memory that are free without swapping."""
    return float(psutil.virtual_memory().available)


def held() -> float:
    """Bytes of memory that this process has already."""
    return float(psutil.Process().memory_info().rss)


def usable() -> float:
    """Bytes that this process may have: what it holds already, and what is free."""
    return available() + held()


def fits(needed: float, free: float) -> bool:
    """Whether an estimate of bytes fits into free memory, with some to spare."""
    return needed <= free * SHARE_OF_FREE


def weight_count(network: Network) -> int:
    """How many numbers a network's weights are."""
    return sum(math.prod(tensor.dims) for tensor in network.model.graph.initializer)


def check_room(width: int, height: int) -> None:
    """Refuse a picture that cannot fit with any network, before its pixels are read.

    Raises
    ------
    MemoryLimitError
        It does not fit; the message says what is needed and what is free.
    """
    free, needed = available(), _for_pixels(width, height)
    if not fits(needed, free + held()) or not fits(width * height * _CARRIED, free):
        raise shortage(f"dreaming {width} × {height} pixels", needed, free, _REMEDY)


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
        With `tile` 0, `TILE` is used, or the largest smaller one that fits into memory.
    network : Network
        Its activations are most of a tile's memory.
    free : float, optional
        Memory in bytes that the process may have, instead of what it holds and the machine has
        free.
    device : float, optional
        Bytes that are free on the GPU that will hold the image.
    provider : str
        Short name of the provider that will run it.

    Raises
    ------
    MemoryLimitError
        Not even the smallest tile fits; the message says what is needed.
    """
    free = usable() if free is None else free
    host, weights = provider_of(provider).host, weight_count(network)
    fixed = base = host.base + weights * host.weight + _for_pixels(width, height)
    octaves = octave_sizes(*working_size(width, height, recipe), recipe)
    octave, whole = octaves[-1], max(octaves[-1])
    what = f"dreaming {width} × {height} pixels"
    if device is None:
        limit, where, share, sides = free, "memory", host.share, [TILE, *_SMALLER_TILES]
        if recipe.needs_original:
            # The layers are computed for the original too, by another session.
            fixed += weights * host.weight / 2
    else:
        # The host holds only the picture as it was read, clipped, and the result.
        if not fits(base, free):
            raise shortage(what, base, free, _REMEDY)
        smaller = (*_DEVICE_TILES, TILE, *_SMALLER_TILES)
        sides = [whole, *(side for side in smaller if side < whole)]
        # In float16 the feature maps take half.
        share = _DEVICE_SHARE * (0.5 if recipe.precision == "fast" else 1.0)
        limit, where = device, "GPU memory"
        fixed = _DEVICE_BASE + weights * _DEVICE_BYTES_PER_WEIGHT
        fixed += octave[0] * octave[1] * 12.0 * _DEVICE_COPIES
    fixed += _for_octaves(octaves, width * height, recipe)
    layers = [term.layer for term in recipe.layers]
    geometry = network.geometry(layers)
    per_pixel = network.activation_bytes(layers) * share * (1.5 if recipe.needs_original else 1.0)
    needed = fixed
    for side in [recipe.tile] if recipe.tile else sides:
        pixels = largest_tile(recipe, Grid(side, recipe.overlap, geometry), *octave)
        needed = fixed + pixels * per_pixel + _for_guide(pixels, recipe, network)
        if fits(needed, limit):
            if device is None:
                return Estimate(needed, side, free)
            return Estimate(base, side, free, needed)
    raise shortage(what, needed, limit, _REMEDY, where)


def _for_octaves(octaves: list[tuple[int, int]], pixels: int, recipe: Recipe) -> float:
    """Extra memory of the octaves, beyond what every picture needs."""
    areas = [height * width for height, width in octaves]
    own = areas[-1]
    # `_COPIES` counts three of the picture, which are larger for an octave beyond its size.
    copies = 3.0 * max(own - pixels, 0) / own
    if SCHEMES[recipe.scheme].keeps:
        copies += sum(areas) / own + 1.0
    copies += 2.0 * recipe.smoothing_cascade + 4.5 * bool(recipe.pyramid)
    return own * 12.0 * (copies + recipe.needs_original)


def _for_guide(pixels: int, recipe: Recipe, network: Network) -> float:
    """The guide's activations, which ONNX Runtime may retain, and the comparison with them:

    two copies of the inner products of all positions of a tile with all of the guide's.
    """
    if not recipe.needs_guide:
        return 0.0
    run = GUIDE_SIDE**2 * network.activation_bytes([t.layer for t in recipe.layers])
    layers = [term.layer for term in recipe.layers if KINDS[term.kind].matches]
    strides = [network.geometry([layer]).stride for layer in layers]
    return run + max((8.0 * pixels * GUIDE_SIDE**2 / s**4 for s in strides), default=0.0)


def _for_pixels(width: int, height: int) -> float:
    return width * height * 12.0 * _COPIES


def shortage(
    what: str, needed: float, free: float, remedy: str, where: str = "memory"
) -> MemoryLimitError:
    """The error for work that needs more bytes than are free, with what to do about it."""
    return MemoryLimitError(
        f"{what} needs about {in_units(needed)} of {where}, but only {in_units(free)} are free; "
        f"{remedy}, or close other programs"
    )


def in_units(count: float) -> str:
    """Bytes in a unit that people read."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
