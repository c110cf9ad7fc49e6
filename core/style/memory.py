"""How much memory a style transfer needs, and which size, tile or scale would fit the machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dreamlayer.core.dreaming.free_memory import fits, shortage, usable
from dreamlayer.core.dreaming.memory import Estimate
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.sizes import probe, shapes_at
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.losses import content_layers, layers_of
from dreamlayer.core.style.sizes import Size, content_sizes, geometry_of, style_size
from dreamlayer.core.style.tiling import Tiling

NamedSize = tuple[str, int, int]
"""A style picture's name in messages, its width and its height."""

_BASE = 150e6
"""Interpreter, numpy, scipy, onnx and ONNX Runtime, in bytes."""

_BYTES_PER_WEIGHT = 34
"""As for a dream: a weight as stored, as float32, transposed, and both in blocked layout."""

_ACTIVATION_SHARE = 2.5
"""Peak of the arenas of the gradient's session and the content's, relative to the forward
activations: 2.2 to 2.8 measured on VGG16 at 512 × 512, 1.1 to 1.5 on InceptionV3."""

_TILE_SHARE = 3.2
"""The same in tiles: a second arena has all layers, and its results are copied."""

_DOUBLES = 3 * 8
_OPTIMIZER = 25 + 12
"""float64 copies of the picture: 2 · 10 + 5 in L-BFGS, the rest for the parameterization and its
Fourier transform."""

_FLOATS = 3 * 4
_COMPACT_OPTIMIZER = 17 + 18
"""float32 copies of a picture in tiles: `core.style.compact_lbfgs`, and the same rest; measured at
0.7 and 2.8 megapixels on VGG16."""

_PICTURE = 12 * 4
"""Bytes per pixel of the content: as read, planar, the result and the encoder's."""

_STYLE_PICTURE = 36
"""Bytes per pixel of a style picture while it is read: as read, clipped, and while it is reduced;
27 measured at 36 megapixels."""

_HELD_PICTURE = 16
"""Bytes per pixel of a style picture in memory: float32 RGBA."""

_PLANES = 16
"""Bytes per pixel of a style picture as the network sees it, at all sizes."""


_TILES = (384, 256, 192, 128)
"""Smaller tiles that a message may propose."""


@dataclass(frozen=True)
class _Needs:
    """Peaks of the stages of a style transfer, in bytes.

    One after another, a style picture is read, its activations are computed, and it is released
    before the content is optimized.
    """

    read: float
    activated: float
    optimized: float

    @property
    def peak(self) -> float:
        return max(self.read, self.activated, self.optimized)


def estimate_style(
    width: int,
    height: int,
    recipe: StyleRecipe,
    network: Network,
    *,
    styles: Sequence[NamedSize] = (),
    held: bool = False,
    free: float | None = None,
) -> Estimate:
    """Estimate the peak memory of a style transfer; its `tile` is the longer side at once.

    Parameters
    ----------
    width, height : int
        The content's size in pixels.
    recipe : StyleRecipe
        Its largest size and its tile count.
    network : Network
        Its activations are most of the memory of a tile.
    styles : sequence of (str, int, int)
        Name, width and height of each style picture; without any, `style_scale` is assumed.
    held : bool
        Whether all of them are in memory until the last was looked at, instead of one after
        another.
    free : float, optional
        Memory in bytes that the process may have, instead of what it holds and the machine has
        free.

    Raises
    ------
    MemoryLimitError
        It does not fit; the message says what would. No other tile is taken than the recipe's.
    RecipeError
        A picture is smaller than the network allows.
    """
    available = usable() if free is None else free

    geometry = geometry_of(network, recipe)
    tiling = Tiling.of(recipe, geometry)
    size = content_sizes(width, height, recipe, geometry)[-1]
    kept = 0.0 if tiling.is_whole(size) else _map_bytes(network, content_layers(recipe))

    def needs(**changes: float) -> _Needs:
        return _needs(width, height, recipe.replace(**changes), network, styles, kept, held)

    found = needs()
    if fits(found.peak, available):
        return Estimate(found.peak, min(max(size), tiling.side), available)
    what = f"a style at {size[1]} × {size[0]} pixels"
    if not fits(found.optimized, available):
        for tile in (side for side in _TILES if side < recipe.tile and max(size) > side):
            if fits(needs(tile=tile).optimized, available):
                remedy = f"use --tile {tile}"
                break
        else:
            least = 1.0 if recipe.square else max(width, height) / min(width, height)
            sized = _Search(lambda n: fits(needs(size=n).optimized, available))
            longest = sized.largest(max(math.ceil(geometry.minimum * least), 64), max(size))
            remedy = f"use --size {longest} or less" if longest else "scale the picture down"
    elif not fits(found.activated, available):
        # Pictures are not enlarged, so the recipe may say more than what is used.
        seen = [style_size(w, h, size, name, recipe, geometry) for name, w, h in styles]
        used = max((max(one) for one in seen), default=0) / max(size) or recipe.style_scale
        scaled = _Search(lambda n: fits(needs(style_scale=n / 100).activated, available))
        scale = scaled.largest(5, round(min(used, recipe.style_scale) * 100))
        what = f"a style picture at {used:.3g} times the size of the content"
        remedy = f"use --style-scale {max(scale, 5) / 100:g} or less"
    else:
        name, wide, high = max(styles, key=lambda one: one[1] * one[2])
        what = f"style picture {name} of {wide} × {high} pixels"
        remedy = "scale it down"
    raise shortage(what, found.peak, available, remedy)


@dataclass(frozen=True)
class _Search:
    """Finds the largest whole number that passes, where all smaller ones do."""

    passes: Callable[[int], bool]

    def largest(self, low: int, high: int) -> int:
        """Between two bounds; 0 where none does."""
        if low > high or not self.passes(low):
            return 0
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.passes(middle) else (low, middle - 1)
        return low


def _needs(
    width: int,
    height: int,
    recipe: StyleRecipe,
    network: Network,
    styles: Sequence[NamedSize],
    kept: float,
    held: bool,
) -> _Needs:
    geometry = geometry_of(network, recipe)
    tiling = Tiling.of(recipe, geometry)
    octaves = content_sizes(width, height, recipe, geometry)
    size = octaves[-1]
    seen = [style_size(wide, high, size, name, recipe, geometry) for name, wide, high in styles]
    side = round(math.sqrt(size[0] * size[1]) * recipe.style_scale)
    seen = seen or [(side, side)]
    maps = network.activation_bytes(layers_of(recipe))
    fixed = _BASE + network.weight_count * _BYTES_PER_WEIGHT + width * height * _PICTURE
    fixed += sum(float(rows * columns) for rows, columns in seen) * _PLANES
    read = max((wide * high for _, wide, high in styles), default=0)
    activated = max(tiling.largest(one) for one in seen) * maps * _ACTIVATION_SHARE / 2
    optimized = max(_working(one, tiling, maps, kept) for one in octaves)
    waiting = _HELD_PICTURE * sum(float(wide * high) for _, wide, high in styles) * held
    return _Needs(
        fixed + waiting + read * _STYLE_PICTURE, fixed + waiting + activated, fixed + optimized
    )


def _working(size: Size, tiling: Tiling, maps: float, kept: float) -> float:
    """What the optimization at a size takes, the network's weights not counted."""
    area = float(size[0] * size[1])
    if tiling.is_whole(size):
        return area * (maps * _ACTIVATION_SHARE + _DOUBLES * _OPTIMIZER)
    seen = sum(tile.pixels for tile in tiling.tiles(size))
    # The content's activations in all tiles are kept.
    tile = tiling.largest(size) * maps * _TILE_SHARE
    return tile + area * _FLOATS * _COMPACT_OPTIMIZER + seen * kept


def _map_bytes(network: Network, layers: Sequence[str]) -> float:
    """Bytes of some layers' float32 activations, per pixel of the picture."""
    if not layers:
        return 0.0
    height, width = probe(network.model)
    layers = [network.tensor(layer) for layer in layers]
    tapped = [name for name in layers if name != IMAGE]
    shapes = shapes_at(network.model, (height, width), tapped)
    return 4.0 * sum(math.prod(shapes.get(name, ())) for name in layers) / (height * width)
