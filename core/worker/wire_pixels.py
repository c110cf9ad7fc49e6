"""Pixels as the worker protocol carries them: RGBA rows, then rows of a mask, in one type.

Floats are moved as bits and never computed with, so that whatever comes in can go out again: a
NaN in alpha, a negative zero. Whole numbers become floats and are rounded back, but for alpha,
which stays as it is. All is moved in pieces, so that no second copy is ever whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from dreamlayer.core.worker.protocol import read_into

Array = npt.NDArray[np.float32]
_Values = npt.NDArray[Any]

_PIXELS_AT_ONCE = 2**18


@dataclass
class Raster:
    """A picture taken apart.

    Attributes
    ----------
    rgb : array
        float32 [height, width, 3].
    alpha : array
        [height, width], in the type that travels: float32, uint8 or uint16.
    mask : array or None
        float32 [height, width].
    """

    rgb: Array
    alpha: _Values
    mask: Array | None

    @classmethod
    def empty(cls, width: int, height: int, mask: bool, pixels: str = "float32") -> Raster:
        """Memory for a picture that travels in this type; what it holds is left to chance."""
        size = height, width
        return cls(
            np.empty((*size, 3), np.float32),
            np.empty(size, pixels),
            np.empty(size, np.float32) if mask else None,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it holds."""
        return sum(a.nbytes for a in (self.rgb, self.alpha, self.mask) if a is not None)

    def read(self, stream: BinaryIO) -> None:
        """Fill it from a message's bytes; `EOFError` where the input ends before."""
        kind = self.alpha.dtype
        rgb, alpha = _rows(self.rgb, 3), _bits(_rows(self.alpha, 1))
        for start, piece in _pieces(len(alpha), 4, kind):
            read_into(stream, _memory(piece))
            _to_floats(piece[:, :3], kind, rgb[start : start + len(piece)])
            alpha[start : start + len(piece)] = piece[:, 3:]
        if self.mask is not None:
            mask = _rows(self.mask, 1)
            for start, piece in _pieces(len(mask), 1, kind):
                read_into(stream, _memory(piece))
                _to_floats(piece, kind, mask[start : start + len(piece)])


def rgba_rows(rgb: Array, alpha: _Values) -> Iterator[memoryview]:
    """A picture's bytes, piece by piece; a piece is good until the next is asked for.

    Parameters
    ----------
    rgb : array
        float32 [height, width, 3].
    alpha : array
        [height, width], in the type that shall travel: float32, uint8 or uint16.
    """
    kind = alpha.dtype
    colours, opacity = _rows(rgb, 3), _bits(_rows(alpha, 1))
    for start, piece in _pieces(len(opacity), 4, kind):
        _from_floats(colours[start : start + len(piece)], kind, piece[:, :3])
        piece[:, 3:] = opacity[start : start + len(piece)]
        yield _memory(piece)


def _to_floats(travelled: _Values, kind: np.dtype[Any], values: Array) -> None:
    """Write to `values` what travelled as this type: whole numbers as shares of the largest."""
    if kind.kind == "f":
        _bits(values)[:] = travelled
    else:
        np.divide(travelled, np.iinfo(kind).max, out=values, dtype=np.float32)


def _from_floats(values: Array, kind: np.dtype[Any], travelling: _Values) -> None:
    """Write to `travelling` values as this type: as whole numbers clipped and rounded half up."""
    if kind.kind == "f":
        travelling[:] = _bits(values)
        return
    top = np.iinfo(kind).max
    # Exact in float64, so that a half is one; fmax makes 0 of what is no number.
    levels = np.multiply(values, top, dtype=np.float64)
    np.fmin(np.fmax(levels, 0, out=levels), top, out=levels)
    levels += 0.5
    travelling[:] = levels


def _pieces(pixels: int, values: int, kind: np.dtype[Any]) -> Iterator[tuple[int, _Values]]:
    """The first pixel of each piece, and memory for it, little-endian bits [pixels, values]."""
    bits = np.dtype(f"<u{kind.itemsize}")
    memory = np.empty((min(pixels, _PIXELS_AT_ONCE), values), bits)
    for start in range(0, pixels, _PIXELS_AT_ONCE):
        yield start, memory[: pixels - start]


def _rows(values: _Values, channels: int) -> _Values:
    return values.reshape(-1, channels)


def _bits(values: _Values) -> _Values:
    """The same memory as whole numbers without sign."""
    return values.view(f"u{values.itemsize}")


def _memory(piece: _Values) -> memoryview:
    return piece.view(np.uint8).reshape(-1).data
