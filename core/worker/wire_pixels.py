"""Convert pixels from and to the worker protocol: RGBA rows, then rows of a mask, in one type.

Floats are copied as bits, so that a NaN in alpha or a negative zero survives. Integers are
converted to floats and rounded back, except alpha, which stays as it is. Pixels are converted in
chunks, so that there is never a complete second copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from dreamlayer.core.images.arrays import to_levels
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.recipe.given import name_of
from dreamlayer.core.worker.protocol import read_into

Array = npt.NDArray[np.float32]
_Values = npt.NDArray[Any]

_CHUNK_PIXELS = 2**18


class Digest(Protocol):
    """What `hashlib` returns."""

    def update(self, data: memoryview, /) -> None:
        """Take some bytes."""


@dataclass
class Raster:
    """A picture with its channels apart.

    Attributes
    ----------
    rgb : array
        float32 [height, width, 3].
    alpha : array
        [height, width], in the type of the message: float32, uint8 or uint16.
    mask : array or None
        float32 [height, width].
    """

    rgb: Array
    alpha: _Values
    mask: Array | None

    @classmethod
    def empty(cls, width: int, height: int, mask: bool, pixels: str = "float32") -> Raster:
        """Allocate a picture for messages of type `pixels`, without initializing it."""
        size = height, width
        return cls(
            np.empty((*size, 3), np.float32),
            np.empty(size, pixels),
            np.empty(size, np.float32) if mask else None,
        )

    def read(self, stream: BinaryIO, digest: Digest | None = None) -> None:
        """Fill it from a message's bytes; `EOFError` if the input ends before.

        A digest is given the bytes of the pixels, not those of the mask.
        """
        kind = self.alpha.dtype
        rgb, alpha = _rows(self.rgb, 3), _bits(_rows(self.alpha, 1))
        for start, chunk in _chunks(len(alpha), 4, kind):
            read_into(stream, _memory(chunk))
            if digest is not None:
                digest.update(_memory(chunk))
            _to_floats(chunk[:, :3], kind, rgb[start : start + len(chunk)])
            alpha[start : start + len(chunk)] = chunk[:, 3:]
        if self.mask is not None:
            mask = _rows(self.mask, 1)
            for start, chunk in _chunks(len(mask), 1, kind):
                read_into(stream, _memory(chunk))
                _to_floats(chunk, kind, mask[start : start + len(chunk)])


@dataclass
class GivenPicture:
    """A guide or style picture that came with a request.

    Attributes
    ----------
    name : str
        What recipes call it: `core.recipe.given.name_of` the SHA-256 of its bytes.
    raster : Raster
        Its pixels.
    """

    name: str
    raster: Raster

    @classmethod
    def read(cls, stream: BinaryIO, raster: Raster) -> GivenPicture:
        """Fill a picture from a message's bytes."""
        digest = hashlib.sha256()
        raster.read(stream, digest)
        return cls(name_of(digest.hexdigest()), raster)

    def picture(self) -> Picture:
        """The same as `core.read` would return it."""
        return Picture(self.raster.rgb, self.raster.alpha)


def rgba_chunks(rgb: Array, alpha: _Values) -> Iterator[memoryview]:
    """Yield a picture's bytes in chunks, each valid until the next is requested.

    Parameters
    ----------
    rgb : array
        float32 [height, width, 3].
    alpha : array
        [height, width], in the type of the message: float32, uint8 or uint16.
    """
    kind = alpha.dtype
    colors, opacity = _rows(rgb, 3), _bits(_rows(alpha, 1))
    for start, chunk in _chunks(len(opacity), 4, kind):
        _from_floats(colors[start : start + len(chunk)], kind, chunk[:, :3])
        chunk[:, 3:] = opacity[start : start + len(chunk)]
        yield _memory(chunk)


def _to_floats(wire: _Values, kind: np.dtype[Any], values: Array) -> None:
    """Write values of a message to `values`; integers are divided by their maximum."""
    if kind.kind == "f":
        _bits(values)[:] = wire
    else:
        np.divide(wire, np.iinfo(kind).max, out=values, dtype=np.float32)


def _from_floats(values: Array, kind: np.dtype[Any], wire: _Values) -> None:
    """Write `values` to a message; integers are clipped and rounded half up."""
    if kind.kind == "f":
        wire[:] = _bits(values)
        return
    to_levels(values, wire)


def _chunks(pixels: int, values: int, kind: np.dtype[Any]) -> Iterator[tuple[int, _Values]]:
    """Yield each chunk's first pixel and memory, little-endian bits [pixels, values]."""
    bits = np.dtype(f"<u{kind.itemsize}")
    memory = np.empty((min(pixels, _CHUNK_PIXELS), values), bits)
    for start in range(0, pixels, _CHUNK_PIXELS):
        yield start, memory[: pixels - start]


def _rows(values: _Values, channels: int) -> _Values:
    return values.reshape(-1, channels)


def _bits(values: _Values) -> _Values:
    """The same memory as unsigned integers."""
    return values.view(f"u{values.itemsize}")


def _memory(chunk: _Values) -> memoryview:
    return chunk.view(np.uint8).reshape(-1).data
