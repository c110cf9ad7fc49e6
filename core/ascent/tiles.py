"""Divide an image, treated as a torus, into tiles, by the recipe's `tiling`.

Shifting tiles over the torus is equivalent to rolling the image under fixed tiles, but does not
move the image in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dreamlayer.core.ascent.exact_tiles import EXACT_TILINGS, Request, even_tiles
from dreamlayer.core.ascent.jitter import draw_jitter, random_start
from dreamlayer.core.ascent.tile import Span, Tile
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.recipe.recipe import Recipe, parse_jitter

_WANDERING, _LEAST_OVERLAP = 64, 32
"""Pixels of jitter that hide the seams of tiles without overlap, and the overlap that they have
otherwise."""


@dataclass(frozen=True)
class Grid:
    """The size of tiles, and the network's requirements on it.

    Attributes
    ----------
    side : int
        The longest side of a tile, including overlap; raised to the network's minimum and stride.
        Networks of one size have tiles of that instead.
    overlap : int
        Pixels that a tile sees beyond its own part on each side, if there are several tiles; at
        most a quarter of `side`.
    geometry : Geometry
        The network's requirements. Tiles are whole strides apart, so that each has the phase of
        the whole image.
    """

    side: int
    overlap: int = 0
    geometry: Geometry = Geometry()

    def spans(self, size: int, shift: int) -> list[Span]:
        """Divide one axis of `size` pixels among tiles of equal length, the first at `shift`.

        The first tile begins and the last one ends where a single tile would, so that the network
        pads the same pixels with zeros as on the whole image.
        """
        length, starts = self._layout(size)
        if len(starts) == 1:
            # One tile covers everything; a small image is repeated up to the network's minimum, and
            # the gradients of all its copies are summed, as the chain rule demands.
            return [Span(shift, length, 0, length)]
        # Neighbors share what both see.
        inner = [min((one + two + length) // 2, size - 1) for one, two in pairwise(starts)]
        return [
            Span(shift + start, length, begin - start, end - begin)
            for start, begin, end in zip(starts, [0, *inner], [*inner, size], strict=True)
        ]

    def tile_length(self, size: int) -> int:
        """The length of the tiles along an axis of `size` pixels."""
        return self._layout(size)[0]

    @property
    def min_length(self) -> int:
        """`side`, or the network's minimum if that is larger."""
        return max(self.side, self.geometry.minimum)

    def _layout(self, size: int) -> tuple[int, list[int]]:
        """The length of tiles along an axis, and where each starts."""
        whole = self.geometry.accepted_side(size)
        if size <= self.min_length:
            return whole, [0]
        step = math.lcm(self.geometry.stride, self.geometry.multiple)
        twice = min(2 * self.overlap, self.min_length // 2)
        # Tiles that start at multiples of `step` can end where a single tile would.
        shortest = max(self.geometry.minimum, step + twice)
        longest = max(
            self.min_length - (self.min_length - whole) % step, _reach(shortest, whole, step)
        )
        if longest >= whole:
            return whole, [0]
        gaps = math.ceil((whole - longest) / ((longest - twice) // step * step))
        length = _reach(max(shortest, (whole + gaps * twice) // (gaps + 1)), whole, step)
        while whole - length > gaps * ((length - twice) // step * step):
            length += step
        room = (whole - length) // step
        return length, [room * number // gaps * step for number in range(gaps + 1)]

    def exactly(self, height: int, width: int) -> Request:
        """What is asked of tiles of an image where the network takes one size only."""
        assert self.geometry.exact is not None, "the network takes any size"
        return Request((height, width), self.geometry.exact, self.overlap, self.geometry.stride)

    def cover(self, height: int, width: int, shift: tuple[int, int] = (0, 0)) -> list[Tile]:
        """All tiles of an image, shifted by (down, right) pixels over the torus."""
        if self.geometry.exact is not None:
            return even_tiles(self.exactly(height, width), shift)
        rows, columns = self.spans(height, shift[0]), self.spans(width, shift[1])
        return [Tile(r, c) for r in rows for c in columns]


def _reach(least: int, whole: int, step: int) -> int:
    """The smallest length of at least `least` that is whole steps shorter than `whole`."""
    return least + (whole - least) % step


def tiles_of(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    """The tiles of one step.

    Parameters
    ----------
    recipe : Recipe
        The source of `tiling`, `jitter` and `gaps`.
    grid : Grid
        The size of tiles, and the network's requirements on it.
    height, width : int
        Size of the octave in pixels.
    rng : numpy.random.Generator
        The source of random shifts, rows first.
    """
    if grid.geometry.exact is not None:
        return EXACT_TILINGS[recipe.tiling](recipe, grid.exactly(height, width), rng)
    return TILINGS[recipe.tiling](recipe, grid, height, width, rng)


def largest_tile(recipe: Recipe, grid: Grid, height: int, width: int) -> int:
    """The largest number of pixels of a tile for an image of this size."""
    if grid.geometry.exact is not None:
        return math.prod(grid.geometry.exact)
    if recipe.tiling == "even":
        sides = [grid.tile_length(n) for n in (height, width)]
    elif recipe.tiling == "random":
        sides = [grid.geometry.accepted_side(_even_side(n, grid)) for n in (height, width)]
    else:
        sides = [grid.geometry.accepted_side(min(n, grid.min_length)) for n in (height, width)]
    return sides[0] * sides[1]


def _even(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    shift = draw_jitter(rng, recipe.jitter, height), draw_jitter(rng, recipe.jitter, width)
    return grid.cover(height, width, shift)


def grid_for(recipe: Recipe, side: int, geometry: Geometry) -> Grid:
    """The grid of a recipe's tiles.

    Tiles that hardly move from step to step overlap in any case, or their seams would show.
    """
    bounds = parse_jitter(recipe.jitter)
    still = bounds is not None and bounds[1] - bounds[0] < _WANDERING
    return Grid(side, max(recipe.overlap, _LEAST_OVERLAP) if still else recipe.overlap, geometry)


def _fixed(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    """Tiles of a fixed side over the rolled image; the last ones are smaller.

    With `gaps`, remainders of up to half a side are left out (hjptriplebee, deep_dream_tensorflow,
    `cal_gradient`). Without jitter they would leave seams, so even tiles take their place.
    """
    if parse_jitter(recipe.jitter) == (0, 0) and not recipe.gaps:
        return grid.cover(height, width)
    rows, columns = (
        _fixed_spans(grid, size, draw_jitter(rng, recipe.jitter, size), recipe.gaps)
        for size in (height, width)
    )
    return [Tile(r, c) for r in rows for c in columns]


def _fixed_spans(grid: Grid, size: int, shift: int, gaps: bool) -> list[Span]:
    side = grid.min_length
    if size <= side:
        return grid.spans(size, -shift)
    spans = []
    for start in range(0, size, side):
        own = min(side, size - start)
        if start and gaps and own <= side // 2:
            break
        # Rolling by `shift` moves each pixel forward by that much.
        spans.append(Span(start - shift, grid.geometry.accepted_side(own), 0, own))
    return spans


def _random(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    """Tiles within the image's borders, from a random start.

    The first tile starts between 3/4 and 1/4 of a side before the border, so that none is smaller
    than a quarter; with `gaps`, columns may start up to 1/4 behind it (Hvass-Labs,
    TensorFlow-Tutorials 14, `tiled_gradient`, and its later copies).
    """
    wide, tall = _even_side(width, grid), _even_side(height, grid)
    latest = wide // 4 if recipe.gaps else -(wide // 4)
    tiles: list[Tile] = []
    for row in _within(grid, height, tall, random_start(rng, tall, -(tall // 4))):
        columns = _within(grid, width, wide, random_start(rng, wide, latest))
        tiles.extend(Tile(row, column) for column in columns)
    return tiles


def _within(grid: Grid, size: int, side: int, start: int) -> list[Span]:
    spans = []
    for first in range(start, size, side):
        low, high = max(first, 0), min(first + side, size)
        if low < high:
            spans.append(Span(low, grid.geometry.accepted_side(high - low), 0, high - low))
    return spans


def _even_side(size: int, grid: Grid) -> int:
    """The side close to `grid.min_length` that divides an axis evenly."""
    return math.ceil(size / max(1, round(size / grid.min_length)))


TILINGS: dict[str, Callable[[Recipe, Grid, int, int, np.random.Generator], list[Tile]]] = {
    "even": _even,
    "fixed": _fixed,
    "random": _random,
}
