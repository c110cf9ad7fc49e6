"""Pixels in the smallest type that holds them exactly, as they were in most files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8 | np.uint16]
_TYPES = (np.uint8, np.uint16)
_BAND_ROWS = 256


class CompactPixels:
    """An image's planes in 8 or 16 bits, each made float32 when it is asked for.

    Made by `compacted`. It serves where planes, float32 [3, height, width], are only read one by
    one, or by bands of rows.

    Parameters
    ----------
    levels : array
        uint8 or uint16 [3, height, width].
    """

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    @property
    def shape(self) -> tuple[int, int, int]:
        """3, height, width."""
        return 3, self._levels.shape[1], self._levels.shape[2]

    def __iter__(self) -> Iterator[Array]:
        """The planes, float32 [height, width], 0..1."""
        return (_floats(plane) for plane in self._levels)

    def rows(self, rows: slice) -> Array:
        """Some rows of all planes, float32 [3, ..., width]."""
        return _floats(self._levels[:, rows])

    def planes(self) -> Array:
        """All planes, float32 [3, height, width]."""
        return _floats(self._levels)

    def pixels(self) -> Array:
        """The image, float32 [height, width, 3]."""
        result = np.empty((*self.shape[1:], 3), np.float32)
        for channel, plane in enumerate(self._levels):
            _floats(plane, result[:, :, channel])
        return result


def rows_of(planes: Array | CompactPixels, rows: slice) -> Array:
    """Some rows of all planes, float32 [3, ..., width]."""
    return planes.rows(rows) if isinstance(planes, CompactPixels) else planes[:, rows]


def compacted(pixels: Array) -> CompactPixels | None:
    """An image, float32 [height, width, 3], if 8 or 16 bits hold it to the last bit; else None."""
    return next((found for kind in _TYPES if (found := _as(kind, pixels)) is not None), None)


def _as(kind: type[np.uint8] | type[np.uint16], pixels: Array) -> CompactPixels | None:
    height, width = pixels.shape[:2]
    levels = np.empty((3, height, width), kind)
    top = np.float32(np.iinfo(kind).max)
    for start in range(0, height, _BAND_ROWS):
        rows = slice(start, start + _BAND_ROWS)
        band = pixels[rows]
        if not (np.isfinite(band).all() and band.min() >= 0 and band.max() <= 1):
            return None
        found = np.rint(band * top).astype(kind)
        if not np.array_equal(_floats(found), band):
            return None
        levels[:, rows] = found.transpose(2, 0, 1)
    return CompactPixels(levels)


def _floats(levels: Levels, out: Array | None = None) -> Array:
    """Levels as 0..1, rounded as when a file is decoded."""
    top = np.float32(np.iinfo(levels.dtype).max)
    return np.divide(levels, top, out=out, dtype=np.float32, casting="same_kind")
