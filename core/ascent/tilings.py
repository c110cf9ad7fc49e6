"""How an image is divided among tiles in one step, by the recipe's `tiling`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dreamlayer.core.ascent.tiles import Grid, Span, Tile
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.rolls import draw_jitter


def tiles_of(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    """The tiles of one step.

    Parameters
    ----------
    recipe : Recipe
        Its parameters `tiling`, `jitter` and `gaps` count.
    grid : Grid
        The longest side of a tile, and what the network demands of it.
    height, width : int
        Size of the octave in pixels.
    rng : numpy.random.Generator
        Shifts and starts are drawn from it, that of the rows first.
    """
    return TILINGS[recipe.tiling](recipe, grid, height, width, rng)


def largest_tile(recipe: Recipe, grid: Grid, height: int, width: int) -> int:
    """The most pixels that a tile of an image of that size can have."""
    if recipe.tiling == "even":
        sides = [grid.longest(n) for n in (height, width)]
    elif recipe.tiling == "random":
        sides = [grid.enough(_even_side(n, grid)) for n in (height, width)]
    else:
        sides = [grid.enough(min(n, max(grid.side, grid.minimum))) for n in (height, width)]
    return sides[0] * sides[1]


def _even(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    shift = draw_jitter(rng, recipe.jitter, height), draw_jitter(rng, recipe.jitter, width)
    return grid.cover(height, width, shift)


def _fixed(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    """Tiles of one side over the rolled image, the last ones what remains.

    With `gaps`, remainders of up to half a side are left out (hjptriplebee, deep_dream_tensorflow,
    `cal_gradient`).
    """
    rows, columns = (
        _fixed_spans(grid, size, draw_jitter(rng, recipe.jitter, size), recipe.gaps)
        for size in (height, width)
    )
    return [Tile(r, c) for r in rows for c in columns]


def _fixed_spans(grid: Grid, size: int, shift: int, gaps: bool) -> list[Span]:
    side = max(grid.side, grid.minimum)
    if size <= side:
        return grid.spans(size, -shift)
    spans = []
    for start in range(0, size, side):
        own = min(side, size - start)
        if start and gaps and own <= side // 2:
            break
        # Rolled by `shift`, a pixel comes to lie that much further on.
        spans.append(Span(start - shift, grid.enough(own), 0, own))
    return spans


def _random(
    recipe: Recipe, grid: Grid, height: int, width: int, rng: np.random.Generator
) -> list[Tile]:
    """Tiles within the image's borders, from a random start before them.

    The first tile starts between 3/4 and 1/4 of a side before the border, so that none is less
    than a quarter; with `gaps` in the columns up to 1/4 behind it (Hvass-Labs,
    TensorFlow-Tutorials 14, `tiled_gradient`, as it was retold).
    """
    side = _even_side(width, grid)
    latest = side // 4 if recipe.gaps else -(side // 4)
    tiles: list[Tile] = []
    tall = _even_side(height, grid)
    for row in _within(grid, height, tall, _start(rng, tall, -(tall // 4))):
        columns = _within(grid, width, side, _start(rng, side, latest))
        tiles.extend(Tile(row, column) for column in columns)
    return tiles


def _start(rng: np.random.Generator, side: int, latest: int) -> int:
    return int(rng.integers(-3 * (side // 4), latest + 1))


def _within(grid: Grid, size: int, side: int, start: int) -> list[Span]:
    spans = []
    for first in range(start, size, side):
        low, high = max(first, 0), min(first + side, size)
        if low < high:
            spans.append(Span(low, grid.enough(high - low), 0, high - low))
    return spans


def _even_side(size: int, grid: Grid) -> int:
    """The side near the wished one, or the network's least, that divides an axis evenly."""
    wished = max(grid.side, grid.minimum)
    return math.ceil(size / max(1, round(size / wished)))


TILINGS: dict[str, Callable[[Recipe, Grid, int, int, np.random.Generator], list[Tile]]] = {
    "even": _even,
    "fixed": _fixed,
    "random": _random,
}
