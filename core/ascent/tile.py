"""One tile of an image: what the network sees of it, and where its gradient goes.

The image is a torus, so that a tile may begin at one border and end at the other; or, where it is
smaller than a network's one size, it lies between mirrors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """The part of an axis that a tile covers.

    Attributes
    ----------
    start : int
        The tile's first pixel, modulo the image's size.
    length : int
        The tile's length in pixels; more than the image's if that is below the network's minimum.
    skip : int
        Pixels before the tile's own part.
    own : int
        Pixels of its own part, whose gradient is used.
    mirrored : bool
        Whether the image continues as in a mirror beyond its borders, not from the start again.
    """

    start: int
    length: int
    skip: int
    own: int
    mirrored: bool = False

    def places(self, size: int) -> npt.NDArray[np.int64]:
        """For each pixel of the tile, the one of an axis of `size` pixels that it shows."""
        places = self.start + np.arange(self.length, dtype=np.int64)
        if not self.mirrored:
            return places % size
        places %= 2 * size
        return np.minimum(places, 2 * size - 1 - places)


@dataclass(frozen=True)
class Tile:
    """A rectangle of the torus: its span of rows and its span of columns."""

    rows: Span
    columns: Span

    @property
    def pixels(self) -> int:
        """Number of pixels that the network sees."""
        return self.rows.length * self.columns.length

    @property
    def own_pixels(self) -> int:
        """Number of its own pixels, including the copies of a repeated image."""
        return self.rows.own * self.columns.own


def cut(image: Array, tile: Tile, out: Array | None = None) -> Array:
    """Copy a tile from a planar image.

    Parameters
    ----------
    image : array
        float32 [3, height, width].
    out : array, optional
        Of the result's shape, to be overwritten with it.

    Returns
    -------
    array
        float32 [3, tile.rows.length, tile.columns.length], C-contiguous.
    """
    shape = image.shape[0], tile.rows.length, tile.columns.length
    result = np.empty(shape, np.float32) if out is None else out
    if tile.rows.mirrored or tile.columns.mirrored:
        rows, columns = tile.rows.places(image.shape[1]), tile.columns.places(image.shape[2])
        result[:] = image[:, rows[:, np.newaxis], columns]
        return result
    for to_y, from_y in _pieces(tile.rows.start, tile.rows.length, image.shape[1]):
        for to_x, from_x in _pieces(tile.columns.start, tile.columns.length, image.shape[2]):
            result[:, to_y, to_x] = image[:, from_y, from_x]
    return result


def add(total: Array, tile: Tile, gradient: Array, *, replace: bool = False) -> None:
    """Add the own part of a tile's gradient to the image's, in place, or put it there."""
    rows, columns = tile.rows, tile.columns
    own = gradient[:, rows.skip : rows.skip + rows.own, columns.skip : columns.skip + columns.own]
    for from_y, to_y in _pieces(rows.start + rows.skip, rows.own, total.shape[1]):
        for from_x, to_x in _pieces(columns.start + columns.skip, columns.own, total.shape[2]):
            if replace:
                total[:, to_y, to_x] = own[:, from_y, from_x]
            else:
                total[:, to_y, to_x] += own[:, from_y, from_x]


def covers_once(tiles: Sequence[Tile], height: int, width: int) -> bool:
    """Whether each pixel of an image belongs to exactly one of a step's tiles.

    Own parts overlap only where a small image is repeated within a tile.
    """
    repeated = any(tile.rows.own > height or tile.columns.own > width for tile in tiles)
    return not repeated and sum(tile.own_pixels for tile in tiles) == height * width


def _pieces(start: int, length: int, size: int) -> Iterator[tuple[slice, slice]]:
    """Split a range on the circle 0..size into slices: (of the range, of the circle)."""
    done = 0
    while done < length:
        begin = (start + done) % size
        count = min(size - begin, length - done)
        yield slice(done, done + count), slice(begin, begin + count)
        done += count
