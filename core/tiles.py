"""Cover an image, taken as a torus, with tiles: every pixel in exactly one tile's own part.

Shifting the tiles over the torus is the same as rolling the image under fixed ones, without
moving the image in memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """What a tile covers along one axis.

    Attributes
    ----------
    start : int
        First pixel the tile sees; taken modulo the image's size.
    length : int
        Pixels it sees; more than the image has where that is below the network's minimum.
    skip : int
        Pixels seen before its own part.
    own : int
        Pixels of its own part, whose gradient counts.
    """

    start: int
    length: int
    skip: int
    own: int


@dataclass(frozen=True)
class Tile:
    """A rectangle of the torus: its span of rows and its span of columns."""

    rows: Span
    columns: Span

    @property
    def pixels(self) -> int:
        """How many pixels the network sees."""
        return self.rows.length * self.columns.length


def spans(size: int, side: int, overlap: int, minimum: int, shift: int) -> list[Span]:
    """Divide one axis among tiles of nearly equal length.

    Parameters
    ----------
    size : int
        The image's extent, at least 1.
    side : int
        The longest a tile may be, overlap included; never below `minimum`.
    overlap : int
        Pixels a tile sees beyond its own part on each side, where there is more than one.
    minimum : int
        The least that the network takes.
    shift : int
        Where the first tile begins, on the torus.
    """
    side = max(side, minimum)
    if size <= side:
        # One tile sees everything; a small image repeats until the network has enough, and the
        # gradients of all its copies add up, which is the gradient of that repetition.
        length = max(size, minimum)
        return [Span(shift, length, 0, length)]
    overlap = min(overlap, (side - 1) // 2)
    count = math.ceil(size / (side - 2 * overlap))
    own = math.ceil(size / count)
    length = max(own + 2 * overlap, minimum)
    return [
        Span(shift + i * own - overlap, length, overlap, min(own, size - i * own))
        for i in range(count)
        if i * own < size
    ]


def cover(
    height: int, width: int, side: int, overlap: int, minimum: int, shift: tuple[int, int]
) -> list[Tile]:
    """All tiles of an image; see `spans`."""
    rows = spans(height, side, overlap, minimum, shift[0])
    columns = spans(width, side, overlap, minimum, shift[1])
    return [Tile(r, c) for r in rows for c in columns]


def cut(image: Array, tile: Tile) -> Array:
    """Copy what a tile sees of a planar image.

    Parameters
    ----------
    image : array
        float32 [3, height, width].

    Returns
    -------
    array
        float32 [3, tile.rows.length, tile.columns.length], C-contiguous.
    """
    result = np.empty((image.shape[0], tile.rows.length, tile.columns.length), np.float32)
    for to_y, from_y in _pieces(tile.rows.start, tile.rows.length, image.shape[1]):
        for to_x, from_x in _pieces(tile.columns.start, tile.columns.length, image.shape[2]):
            result[:, to_y, to_x] = image[:, from_y, from_x]
    return result


def add(total: Array, tile: Tile, gradient: Array) -> None:
    """Add the tile's own part of its gradient to the image's, in place."""
    rows, columns = tile.rows, tile.columns
    own = gradient[
        :, rows.skip : rows.skip + rows.own, columns.skip : columns.skip + columns.own
    ]
    for from_y, to_y in _pieces(rows.start + rows.skip, rows.own, total.shape[1]):
        for from_x, to_x in _pieces(columns.start + columns.skip, columns.own, total.shape[2]):
            total[:, to_y, to_x] += own[:, from_y, from_x]


def _pieces(start: int, length: int, size: int) -> Iterator[tuple[slice, slice]]:
    """Split a stretch of the circle 0..size into straight ones: (place in stretch, place in circle)."""
    done = 0
    while done < length:
        begin = (start + done) % size
        count = min(size - begin, length - done)
        yield slice(done, done + count), slice(begin, begin + count)
        done += count
