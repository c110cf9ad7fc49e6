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

    @property
    def own_pixels(self) -> int:
        """How many of them are its own, those of a repeated image as often as they are seen."""
        return self.rows.own * self.columns.own


@dataclass(frozen=True)
class Grid:
    """How an image is to be divided.

    Attributes
    ----------
    side : int
        The longest a tile may be, overlap included; raised to `minimum` and `stride`.
    overlap : int
        Pixels a tile sees beyond its own part on each side, where there is more than one tile;
        rounded up to a multiple of `stride`, down where `side` leaves no room for that.
    minimum : int
        The least that the network takes.
    stride : int
        Pixels from one position of the network's deepest layer to the next. Tiles lie whole
        strides apart, so that each sees the image at the phase that the whole would be seen at.
    multiple : int
        What the sides of a tile must be a multiple of, for networks that demand it.
    """

    side: int
    overlap: int = 0
    minimum: int = 1
    stride: int = 1
    multiple: int = 1

    def spans(self, size: int, shift: int) -> list[Span]:
        """Divide one axis of `size` pixels among tiles of equal length, the first at `shift`."""
        own, overlap = self._own(size)
        length = self.longest(size)
        if own >= size:
            # One tile sees everything; a small image repeats until the network has enough, and
            # the gradients of all its copies add up, which is the gradient of that repetition.
            return [Span(shift, length, 0, length)]
        return [
            Span(shift + start - overlap, length, overlap, min(own, size - start))
            for start in range(0, size, own)
        ]

    def longest(self, size: int) -> int:
        """The length of the tiles that an axis of `size` pixels is divided among."""
        own, overlap = self._own(size)
        return self.enough(size if own >= size else own + 2 * overlap)

    def _own(self, size: int) -> tuple[int, int]:
        """How many pixels of an axis are a tile's own, and how many it sees beside them."""
        side = max(self.side, self.minimum)
        if size <= side:
            return size, 0
        overlap = _up(self.overlap, self.stride)
        if 2 * overlap + self.stride > side:
            overlap = max(side - self.stride, 0) // (2 * self.stride) * self.stride
        most = max((side - 2 * overlap) // self.stride, 1) * self.stride
        return _up(math.ceil(size / math.ceil(size / most)), self.stride), overlap

    def enough(self, length: int) -> int:
        """The length that a tile sees at the least, to hold `length` pixels."""
        return _up(max(length, self.minimum), self.multiple)

    def cover(self, height: int, width: int, shift: tuple[int, int] = (0, 0)) -> list[Tile]:
        """All tiles of an image, shifted by (down, right) pixels over the torus."""
        rows, columns = self.spans(height, shift[0]), self.spans(width, shift[1])
        return [Tile(r, c) for r in rows for c in columns]


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


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
    own = gradient[:, rows.skip : rows.skip + rows.own, columns.skip : columns.skip + columns.own]
    for from_y, to_y in _pieces(rows.start + rows.skip, rows.own, total.shape[1]):
        for from_x, to_x in _pieces(columns.start + columns.skip, columns.own, total.shape[2]):
            total[:, to_y, to_x] += own[:, from_y, from_x]


def _pieces(start: int, length: int, size: int) -> Iterator[tuple[slice, slice]]:
    """Split a stretch of the circle 0..size into straight ones: (in the stretch, in the circle)."""
    done = 0
    while done < length:
        begin = (start + done) % size
        count = min(size - begin, length - done)
        yield slice(done, done + count), slice(begin, begin + count)
        done += count
