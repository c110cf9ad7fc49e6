"""Divide a picture into tiles that overlap, and its layers' positions among them.

Unlike a dream's, they do not wrap around: a tile at the border of the picture ends there, where the
network pads as it does for the whole picture, so that with enough overlap the tiles compute exactly
what the whole picture would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from dreamlayer.core.ascent.tile import Span, Tile
from dreamlayer.core.graph.geometry import Geometry, round_up
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.sizes import Size


@dataclass(frozen=True)
class Tiling:
    """The size of tiles, and the network's requirements on it.

    Which tiles a picture gets follows from these and from its size alone.

    Attributes
    ----------
    side : int
        The longest side of a tile, overlap included.
    overlap : int
        Pixels that a tile sees beyond its own part on each side that has a neighbor.
    step : int
        What tiles start at multiples of, so that each has the phase of the whole picture.
    exact : (int, int) or None
        Height and width of every tile, where the network takes no other; pictures are whole steps
        larger.
    """

    side: int
    overlap: int
    step: int
    exact: Size | None = None

    @classmethod
    def of(cls, recipe: StyleRecipe, geometry: Geometry) -> Tiling:
        """The tiling of a recipe, for a network that needs what `geometry` says."""
        step = math.lcm(geometry.stride, geometry.multiple)
        overlap = round_up(recipe.overlap, step)
        if geometry.exact is not None:
            return cls(max(geometry.exact), overlap, step, geometry.exact)
        least = 2 * geometry.accepted_side(overlap + step)
        return cls(max(recipe.tile, least), overlap, step)

    def is_whole(self, size: Size) -> bool:
        """Whether a picture of this size is one tile."""
        return max(size) <= self.side if self.exact is None else size == self.exact

    def tiles(self, size: Size) -> list[Tile]:
        """All tiles of a picture, row by row."""
        if self.exact is None:
            rows, columns = self.spans(size[0]), self.spans(size[1])
        else:
            rows, columns = map(self._exact_spans, size, self.exact)
        return [Tile(r, c) for r in rows for c in columns]

    def largest(self, size: Size) -> int:
        """Pixels of the largest tile of a picture."""
        return max(tile.pixels for tile in self.tiles(size))

    def spans(self, length: int) -> list[Span]:
        """Divide an axis of `length` pixels; a span starts within it and ends within it."""
        if length <= self.side:
            return [Span(0, length, 0, length)]
        count = 2
        while self._longest(length, count) > self.side:
            count += 1
        edges = [self._edge(length, count, number) for number in range(count + 1)]
        return [
            _span(start, end, max(start - self.overlap, 0), min(end + self.overlap, length))
            for start, end in pairwise(edges)
        ]

    def _exact_spans(self, length: int, side: int) -> list[Span]:
        """Divide an axis among tiles of one length; neighbors share what both see."""
        overlap = min(self.overlap, side // 4 // self.step * self.step)
        advance = max((side - 2 * overlap) // self.step, 1) * self.step
        gaps = -(-(length - side) // advance)
        starts = [
            (length - side) * number // max(gaps, 1) // self.step * self.step
            for number in range(gaps + 1)
        ]
        middles = [(one + two + side) // 2 for one, two in pairwise(starts)]
        edges = [0, *(middle // self.step * self.step for middle in middles), length]
        return [
            Span(first, side, start - first, end - start)
            for first, (start, end) in zip(starts, pairwise(edges), strict=True)
        ]

    def _edge(self, length: int, count: int, number: int) -> int:
        """Where part `number` of `count` starts: a multiple of the step, or the end."""
        return length if number == count else length * number // count // self.step * self.step

    def _longest(self, length: int, count: int) -> int:
        own = round_up(-(-length // count), self.step)
        return own + self.overlap * (1 if count == 2 else 2)


def _span(start: int, end: int, first: int, last: int) -> Span:
    return Span(start=first, length=last - first, skip=start - first, own=end - start)


def own_positions(span: Span, length: int, stride: int, count: int) -> slice:
    """The positions of a layer that a tile answers for, along one axis.

    Every position of the whole picture belongs to one tile.

    Parameters
    ----------
    span : Span
        The tile's part of an axis of `length` pixels.
    length : int
        The axis's length.
    stride : int
        Pixels from one position of the layer to the next.
    count : int
        How many positions the layer has in this tile.
    """
    before = span.start // stride
    start, end = span.start + span.skip, span.start + span.skip + span.own
    return slice(start // stride - before, count if end >= length else end // stride - before)
