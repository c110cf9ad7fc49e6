"""Divide an image among tiles of exactly the one size that a network takes, by the `tiling`.

Where an axis is shorter than a tile, the image continues as in a mirror, and what lies there is not
changed: repeated, as below the minimum of other networks, it would show the network hard edges, and
shapes would grow across them. Octaves may well be so small: without them, shapes would be as small
as the network sees them in the picture itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dreamlayer.core.ascent.jitter import draw_jitter, random_start
from dreamlayer.core.ascent.tile import Span, Tile
from dreamlayer.core.recipe.recipe import Recipe, parse_jitter

Size = tuple[int, int]


def even_spans(size: int, length: int, shift: int, overlap: int, stride: int = 1) -> list[Span]:
    """Divide an axis evenly.

    Tiles are whole strides apart, so that each has the phase of the first; hence the last one may
    see a few pixels of where the first one starts, on the torus.

    Parameters
    ----------
    size : int
        The axis's length in pixels.
    length : int
        The length of every tile.
    shift : int
        Where the first tile starts on the torus; in a mirrored axis, where the image lies.
    overlap : int
        Pixels that a tile sees beyond its own part, at least, on each side that has a neighbor; at
        most a quarter of `length`.
    stride : int
        Pixels from one position of the deepest layer to the next.
    """
    if size < length:
        return [_mirrored(size, length, shift)]
    advance = max((length - min(2 * overlap, length // 2)) // stride, 1)
    room = math.ceil((size - length) / stride)
    gaps = math.ceil(room / advance)
    starts = [room * number // max(gaps, 1) * stride for number in range(gaps + 1)]
    # Neighbors share what both see.
    inner = [(one + two + length) // 2 for one, two in pairwise(starts)]
    return [
        Span(shift + start, length, begin - start, end - begin)
        for start, begin, end in zip(starts, [0, *inner], [*inner, size], strict=True)
    ]


def _mirrored(size: int, length: int, shift: int) -> Span:
    """The one tile of an axis shorter than it: the image at its middle, moved by `shift`."""
    room = length - size
    before = (room // 2 + shift) % (room + 1)
    return Span(-before, length, before, size, mirrored=True)


def _fixed_spans(size: int, length: int, shift: int, *, gaps: bool) -> list[Span]:
    """Tiles side by side over the rolled axis; the last one overlaps the one before it."""
    if size < length:
        return [_mirrored(size, length, shift)]
    spans = []
    for start in range(0, size, length):
        own = min(length, size - start)
        if start and gaps and own <= length // 2:
            break
        first = min(start, size - length)
        # Rolling by `shift` moves each pixel forward by that much.
        spans.append(Span(first - shift, length, start - first, own))
    return spans


def _random_spans(size: int, length: int, start: int) -> list[Span]:
    """Parts of an axis from a random start, each in a tile that lies within the image."""
    if size < length:
        return [_mirrored(size, length, start)]
    spans = []
    for first in range(start, size, length):
        low, high = max(first, 0), min(first + length, size)
        if low < high:
            begin = min(low, size - length)
            spans.append(Span(begin, length, low - begin, high - low))
    return spans


@dataclass(frozen=True)
class Request:
    """What tiles are asked for.

    Attributes
    ----------
    image, exact : (int, int)
        Height and width of the image, and of every tile.
    overlap, stride : int
        As for `even_spans`.
    """

    image: Size
    exact: Size
    overlap: int = 0
    stride: int = 1

    @property
    def axes(self) -> list[tuple[int, int]]:
        """Length of the image and of the tiles, along rows and along columns."""
        return list(zip(self.image, self.exact, strict=True))


def even_tiles(asked: Request, shift: tuple[int, int]) -> list[Tile]:
    """Tiles that cover an image evenly, row by row, shifted by (down, right) pixels."""
    rows, columns = (
        even_spans(*axis, by, asked.overlap, asked.stride)
        for axis, by in zip(asked.axes, shift, strict=True)
    )
    return [Tile(r, c) for r in rows for c in columns]


def _even(recipe: Recipe, asked: Request, rng: np.random.Generator) -> list[Tile]:
    down, right = (_draw(rng, recipe, *axis) for axis in asked.axes)
    return even_tiles(asked, (down, right))


def _draw(rng: np.random.Generator, recipe: Recipe, size: int, length: int) -> int:
    """One random shift; along a mirrored axis, of the places that the image can have."""
    return draw_jitter(rng, recipe.jitter, size if size >= length else length - size + 1)


def _fixed(recipe: Recipe, asked: Request, rng: np.random.Generator) -> list[Tile]:
    """As the tiling of this name for any size."""
    if parse_jitter(recipe.jitter) == (0, 0) and not recipe.gaps:
        return even_tiles(asked, (0, 0))
    rows, columns = (
        _fixed_spans(*axis, _draw(rng, recipe, *axis), gaps=recipe.gaps) for axis in asked.axes
    )
    return [Tile(r, c) for r in rows for c in columns]


def _random(recipe: Recipe, asked: Request, rng: np.random.Generator) -> list[Tile]:
    """As the tiling of this name for any size; with `gaps`, columns may start inside the image."""
    tiles: list[Tile] = []
    (height, tall), (width, wide) = asked.axes
    latest = wide // 4 if recipe.gaps else -(wide // 4)
    for row in _random_spans(height, tall, random_start(rng, tall, -(tall // 4))):
        columns = _random_spans(width, wide, random_start(rng, wide, latest))
        tiles.extend(Tile(row, column) for column in columns)
    return tiles


EXACT_TILINGS: dict[str, Callable[[Recipe, Request, np.random.Generator], list[Tile]]] = {
    "even": _even,
    "fixed": _fixed,
    "random": _random,
}
