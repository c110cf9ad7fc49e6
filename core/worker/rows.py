"""Pixels as the worker protocol carries them: float32 RGBA rows, then rows of a mask.

Values are moved as bits and never computed with, so that whatever comes in can go out again: a
NaN in alpha, a negative zero. They are moved in pieces, so that no second copy is ever whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from core.worker.frames import read_into

Array = npt.NDArray[np.float32]
_Bits = npt.NDArray[np.uint32]

_PIXELS_AT_ONCE = 2**18


@dataclass
class Raster:
    """A picture taken apart.

    Attributes
    ----------
    rgb : array
        float32 [height, width, 3].
    alpha : array
        float32 [height, width].
    mask : array or None
        float32 [height, width].
    """

    rgb: Array
    alpha: Array
    mask: Array | None

    @classmethod
    def empty(cls, width: int, height: int, mask: bool) -> Raster:
        """Memory for a picture; what it holds is left to chance."""
        size = height, width
        return cls(
            np.empty((*size, 3), np.float32),
            np.empty(size, np.float32),
            np.empty(size, np.float32) if mask else None,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it holds."""
        return sum(a.nbytes for a in (self.rgb, self.alpha, self.mask) if a is not None)

    def read(self, stream: BinaryIO) -> None:
        """Fill it from a message's bytes; `EOFError` where the input ends before."""
        rgb, alpha = _bits(self.rgb, 3), _bits(self.alpha, 1)
        for start, piece in _pieces(len(alpha), 4):
            read_into(stream, _memory(piece))
            rgb[start : start + len(piece)] = piece[:, :3]
            alpha[start : start + len(piece)] = piece[:, 3:]
        if self.mask is not None:
            mask = _bits(self.mask, 1)
            for start, piece in _pieces(len(mask), 1):
                read_into(stream, _memory(piece))
                mask[start : start + len(piece)] = piece


def rgba_rows(rgb: Array, alpha: Array) -> Iterator[memoryview]:
    """A picture's bytes, piece by piece; a piece is good until the next is asked for.

    Parameters
    ----------
    rgb : array
        float32 [height, width, 3].
    alpha : array
        float32 [height, width].
    """
    colours, opacity = _bits(rgb, 3), _bits(alpha, 1)
    for start, piece in _pieces(len(opacity), 4):
        piece[:, :3] = colours[start : start + len(piece)]
        piece[:, 3:] = opacity[start : start + len(piece)]
        yield _memory(piece)


def _pieces(pixels: int, values: int) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """The first pixel of each piece, and memory for it, little-endian [pixels, values]."""
    memory = np.empty((min(pixels, _PIXELS_AT_ONCE), values), np.dtype("<u4"))
    for start in range(0, pixels, _PIXELS_AT_ONCE):
        yield start, memory[: pixels - start]


def _bits(values: Array, channels: int) -> _Bits:
    return values.view(np.uint32).reshape(-1, channels)


def _memory(piece: npt.NDArray[Any]) -> memoryview:
    return piece.view(np.uint8).reshape(-1).data
