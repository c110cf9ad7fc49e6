"""Memory estimates of dreams, and the tile that fits into memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dreamlayer.core.ascent.loop import LARGE
from dreamlayer.core.ascent.octaves import SCHEMES, octave_sizes, working_size
from dreamlayer.core.ascent.tiles import grid_for, largest_tile
from dreamlayer.core.dreaming.free_memory import fits, shortage, usable
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import GUIDE_SIDE
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.recipe import NOTHING, Recipe
from dreamlayer.core.runtime.host_memory import available, held
from dreamlayer.core.runtime.providers import provider_of

TILES = (1024, 768, 512, 384, 256)
"""Default sides of tiles. Larger ones are not faster per pixel, but their gradient is closer to the
whole image's."""

_TILE_BYTES = 1.6e9
"""Bytes of feature maps that a tile may have by default. It is the same for every machine, so that
a recipe makes the same picture on each."""

_COPIES = 4.0
"""float32 copies of a picture of floats that any dream needs: as read, clipped and planar, dreamed,
and the gradient."""

_HELD, _HELD_COMPACT = 2.0, 0.25
"""Copies of the picture beside what is computed: as read, clipped and planar; or in 8 bits."""

_COMPACTING = 0.12
"""Copies of the picture, beside what is read and held, while it is brought into 8 or 16 bits."""

_IDLE = 86e6
"""Bytes of the interpreter and its libraries where no network runs."""

_STEP, _PYRAMID = 2.0, 0.35
"""Copies of an octave during a step: its image, the gradient, and the pyramid's coarse bands."""

_NEXT = 2.1
"""Copies of an octave where it begins, beside the image of the one before: its image, and planes
that are resampled; measured at 12 to 100 megapixels."""

_RESULT = 1.35
"""Copies of the picture at the end, beside the result: the change, and planes of the tone."""

_DEVICE_COPIES = 7.0
"""float32 copies of the image on a GPU: original, dreamed, its gradient, and four during a step or
a change of octave."""

_DEVICE_BASE = 600e6
"""GPU memory in bytes that CUDA, cuDNN and cuBLAS use when loaded."""

_DEVICE_BYTES_PER_WEIGHT = 24
"""A weight and its transposed copy, in graphs for a whole image and for several tiles, including
cuDNN's prepared copies."""

_DEVICE_SHARE = 1.8
"""Peak of the GPU's arena relative to the forward activations, including cuDNN's workspace; with a
margin, since it was not measured on a GPU."""

_WEIGHTS = 6.0
"""float32 planes where pixels have weights: hidden colors filled, mask, opacity."""

_SEEN = 2.5
"""The same where nothing is dreamed: mask and opacity."""

_WORKER_BYTES = 20
"""Bytes per pixel, including the mask, that the worker reads."""


_FURTHER_BYTES = 16
"""Bytes per pixel of a guide or style picture that the worker reads."""

_GUIDE_BYTES = 48
"""Bytes per pixel of a guide beyond those: without what is hidden, clipped, and planar."""

_SMALLER = "scale the picture down"
_REMEDY = f"use a smaller tile (--tile 512), {_SMALLER}"


@dataclass(frozen=True)
class Estimate:
    """Peak memory of a dream.

    Attributes
    ----------
    bytes : float
        Peak memory of the process.
    tile : int
        The longest side of a tile that this is for.
    available : float
        Bytes that the process could use, including those it already had.
    device : float
        Peak memory on the GPU that holds the image; 0 without one.
    octaves : sequence of (int, int)
        Height and width of each octave.
    """

    bytes: float
    tile: int
    available: float
    device: float = 0.0
    octaves: Sequence[tuple[int, int]] = ()


def check_memory(width: int, height: int, *, further: int = 0, what: str = "dreaming") -> None:
    """Refuse a picture that does not fit into memory with any network, before it is read.

    Parameters
    ----------
    width, height : int
        Its size in pixels.
    further : int
        Pixels of other pictures that are read with it.
    what : str
        What is about to be done.

    Raises
    ------
    MemoryLimitError
        It does not fit; the message says how much is needed and free.
    """
    free, others = available(), further * _FURTHER_BYTES
    needed, read = _for_pixels(width, height) + others, width * height * _WORKER_BYTES + others
    if not fits(needed, free + held()) or not fits(read, free):
        if others > needed / 2:
            raise shortage("reading the other pictures", needed, free, "scale them down")
        raise shortage(f"{what} {width} × {height} pixels", needed, free, _REMEDY)


def check_guide(width: int, height: int) -> None:
    """Refuse a guide in memory if there is too little to shrink it to what the network sees.

    Raises
    ------
    MemoryLimitError
        As for `check_memory`.
    """
    free, needed = available(), float(width * height * _GUIDE_BYTES)
    if not fits(needed, free):
        raise shortage(f"a guide of {width} × {height} pixels", needed, free, "scale it down")


def default_tile(recipe: Recipe, network: Network) -> int:
    """The side of a recipe's tiles where it does not set one; it depends on the network alone."""
    if network.image_size is not None:
        return max(network.image_size)
    per_pixel = network.activation_bytes([term.layer for term in recipe.layers])
    fitting = [side for side in TILES if side * side * per_pixel <= _TILE_BYTES]
    return fitting[0] if fitting else TILES[-1]


def estimate(
    width: int,
    height: int,
    recipe: Recipe,
    network: Network,
    *,
    free: float | None = None,
    device: float | None = None,
    provider: str = "cpu",
    weighed: bool = False,
    compact: bool = False,
    encoder: float = 0.0,
    decoder: float = 0.0,
    extras: float = 0.0,
) -> Estimate:
    """Estimate peak memory, and choose the tile if the recipe does not set it.

    Parameters
    ----------
    width, height : int
        The image's size in pixels.
    recipe : Recipe
        With `tile` 0, and for a network of one size, the tile is `default_tile`.
    network : Network
        The network; most of a tile's memory are its activations.
    free : float, optional
        Bytes that the process may use; by default those it has and those available.
    device : float, optional
        Free bytes of the GPU that will hold the image.
    provider : str
        Short name of the provider.
    weighed : bool
        Whether there is a mask, or transparency.
    compact : bool
        Whether `core.images.compact.compacted` will hold the picture.
    encoder : float
        Bytes per pixel that the encoder of the result takes; see `core.images.encoder_bytes`.
    decoder, extras : float
        Bytes per pixel that the decoder of the picture takes, and its extra channels; see
        `core.images.Source`.

    Raises
    ------
    MemoryLimitError
        It does not fit; the message says how much is needed.
    """
    free = usable() if free is None else free
    host, weights = provider_of(provider).host, network.weight_count
    # For noise without steps a session is opened too.
    fixed = min(host.base, _IDLE) if recipe.idle else host.base + weights * host.weight
    runs = recipe.steps > 0 and not recipe.idle
    if recipe.idle:
        device = None
    # Extra channels are held from the first to the last.
    fixed += width * height * extras
    base = fixed + _for_pixels(width, height)
    layers = [term.layer for term in recipe.layers]
    geometry = network.geometry(layers)
    working = working_size(width, height, recipe)
    octaves = octave_sizes(*working, recipe, geometry.minimum)
    octave = octaves[-1]
    what = f"dreaming {width} × {height} pixels"
    if device is None:
        limit, where, share = free, "memory", host.share
        if recipe.needs_original and runs:
            # Another session computes layers of the original.
            fixed += weights * host.weight / 2
    else:
        # The host only has the picture as read, clipped, and the result.
        if not fits(base, free):
            raise shortage(what, base, free, _REMEDY)
        # Feature maps in float16 take half.
        share = _DEVICE_SHARE * (0.5 if recipe.precision == "fast" else 1.0)
        limit, where = device, "GPU memory"
        fixed = _DEVICE_BASE + weights * _DEVICE_BYTES_PER_WEIGHT
        fixed += octave[0] * octave[1] * 12.0 * (_DEVICE_COPIES + _PYRAMID * bool(recipe.pyramid))
    if recipe.idle:
        fixed += width * height * 4.0 * _SEEN * weighed
    else:
        fixed += _for_octaves(octaves, recipe)
        if weighed or recipe.protect != NOTHING:
            fixed += width * height * 4.0 * _WEIGHTS
    per_pixel = network.activation_bytes(layers) * share * (1.5 if recipe.needs_original else 1.0)
    side = default_tile(recipe, network) if geometry.exact or not recipe.tile else recipe.tile
    pixels = largest_tile(recipe, grid_for(recipe, side, geometry), *octave)
    maps = pixels * per_pixel + _for_guide(pixels, recipe, network) if runs else 0.0
    needed = fixed + maps
    if device is None:
        needed = fixed + _peak(
            *(width * height, working, octaves, recipe, maps),
            compact=compact,
            encoder=encoder,
            decoder=decoder,
        )
    if not fits(needed, limit):
        raise shortage(what, needed, limit, _REMEDY if runs else _SMALLER, where)
    if device is None:
        return Estimate(needed, side, free, octaves=octaves)
    return Estimate(base, side, free, needed, octaves)


def _peak(
    picture: int,
    working: tuple[int, int],
    octaves: list[tuple[int, int]],
    recipe: Recipe,
    maps: float,
    *,
    compact: bool,
    encoder: float,
    decoder: float,
) -> float:
    """The most that pictures and feature maps take together, in any part of a dream.

    Parameters
    ----------
    picture : int
        The picture's pixels.
    working : (int, int)
        The size at which it is dreamed.
    octaves : list of (int, int)
        The sizes of the octaves.
    recipe : Recipe
        The parameters.
    maps : float
        Bytes of the feature maps, which are released where an octave is large.
    compact : bool
    encoder, decoder : float
        As for `estimate`.
    """
    read = picture * (12.0 + decoder)
    held = picture * (_HELD_COMPACT if compact else _HELD)
    result = picture * (_RESULT + compact)
    # The result is encoded beside what was read; in floats its memory is among what is held.
    written = picture * (compact + encoder / 12.0)
    if recipe.idle:
        return max(read, 12.0 * (held + max(written, picture * compact * (1 + _COMPACTING))))
    if math.prod(working) != picture:
        held += math.prod(working)
    before, own = [0, *map(math.prod, octaves)][-2:]

    def with_maps(pixels: float, octave: int) -> float:
        return 12.0 * pixels + (0.0 if octave >= LARGE else maps)

    dreamt = 12.0 * held + max(
        12.0 * own * _STEP + maps,
        with_maps(own * (_STEP + _PYRAMID * bool(recipe.pyramid)), own),
        with_maps(own * _NEXT + before, before) if before else 0.0,
        with_maps(result, own),
        with_maps(written, own),
    )
    return max(read, dreamt)


def _for_octaves(octaves: list[tuple[int, int]], recipe: Recipe) -> float:
    """Extra memory of the octaves, beyond what every picture needs."""
    areas = [height * width for height, width in octaves]
    copies = 2.0 * recipe.smoothing_cascade + recipe.needs_original
    if SCHEMES[recipe.scheme].stores_octaves:
        copies += sum(areas) / areas[-1] + 1.0
    return areas[-1] * 12.0 * copies


def _for_guide(pixels: int, recipe: Recipe, network: Network) -> float:
    """The guide's activations, which ONNX Runtime may retain, and the comparison with them.

    The comparison has two copies of the inner products of all positions of tile and guide.
    """
    if not recipe.needs_guide:
        return 0.0
    run = GUIDE_SIDE**2 * network.activation_bytes([t.layer for t in recipe.layers])
    layers = [term.layer for term in recipe.layers if KINDS[term.kind].matches]
    strides = [network.geometry([layer]).stride for layer in layers]
    return run + max((8.0 * pixels * GUIDE_SIDE**2 / s**4 for s in strides), default=0.0)


def _for_pixels(width: int, height: int) -> float:
    return width * height * 12.0 * _COPIES
