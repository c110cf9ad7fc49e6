"""The memory of a provider's device: the one place where bytes go there and come back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import DreamlayerError, MemoryLimitError, NetworkError
from dreamlayer.core.runtime.providers import provider_of
from dreamlayer.core.runtime.sessions import runtime

Numbers = npt.NDArray[Any]
_SHORT = ("failed to allocate", "out of memory", "bad allocation", "bfcarena")


@dataclass(frozen=True)
class Buffer:
    """A tensor on the device.

    Attributes
    ----------
    value : onnxruntime.OrtValue
        Who owns the memory.
    shape : tuple of int
        How it is seen; another view of the same memory may differ.
    dtype : numpy.dtype
        Type of its elements.
    """

    value: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def seen_as(self, *shape: int) -> Buffer:
        """The same memory in another shape, of as many elements."""
        assert math.prod(shape) == math.prod(self.shape), (shape, self.shape)
        return Buffer(self.value, shape, self.dtype)


@dataclass
class Traffic:
    """What has gone one way between host and device.

    Attributes
    ----------
    copies, bytes : int
        How often, and how much in all.
    """

    copies: int = 0
    bytes: int = 0

    def count(self, array: Numbers) -> None:
        """Count one array."""
        self.copies += 1
        self.bytes += array.nbytes


class Device:
    """Makes, fills and reads buffers, and counts the copies.

    Parameters
    ----------
    provider : str
        Short name of an execution provider.
    number : int
        Which of several devices of one kind.

    Attributes
    ----------
    kind : str
        ONNX Runtime's name of the device: `cpu`, `cuda`.
    uploads, downloads : Traffic
        What was copied so far.
    """

    def __init__(self, provider: str, number: int = 0) -> None:
        self.kind, self.number = provider_of(provider).device, number
        self.uploads, self.downloads = Traffic(), Traffic()

    def empty(self, shape: Sequence[int], dtype: npt.DTypeLike = np.float32) -> Buffer:
        """A new buffer with anything in it.

        Raises
        ------
        MemoryLimitError
            Where the device has no room for it.
        """
        kind = np.dtype(dtype)
        size = math.prod(shape) * kind.itemsize / 2**20
        with telling(f"a buffer of {size:.0f} MiB"):
            value = runtime().OrtValue.ortvalue_from_shape_and_type(
                list(shape), kind.type, self.kind, self.number
            )
        return Buffer(value, tuple(shape), kind)

    def write(self, buffer: Buffer, array: Numbers) -> None:
        """Copy an array of the buffer's type and number of elements to the device."""
        data = np.ascontiguousarray(array, buffer.dtype).reshape(buffer.value.shape())
        with telling("a copy to it"):
            buffer.value.update_inplace(data)
        self.uploads.count(data)

    def upload(self, array: Numbers) -> Buffer:
        """A new buffer with a copy of an array in it."""
        buffer = self.empty(array.shape, array.dtype)
        self.write(buffer, array)
        return buffer

    def read(self, buffer: Buffer) -> Numbers:
        """Copy a buffer back, in the shape that it is seen in."""
        with telling("a copy from it"):
            array: Numbers = buffer.value.numpy()
        self.downloads.count(array)
        # In the host's own memory, newer versions of ONNX Runtime give no copy but a view.
        return (array.copy() if self.kind == "cpu" else array).reshape(buffer.shape)


@contextmanager
def telling(what: str, tile: tuple[int, int] | None = None) -> Iterator[None]:
    """Turn what goes wrong on a device within into a sentence; see `failure`."""
    try:
        yield
    except Exception as error:
        raise failure(error, what, tile) from error


def failure(error: Exception, what: str, tile: tuple[int, int] | None = None) -> DreamlayerError:
    """The sentence for what went wrong on a device; errors that are not its own are raised.

    Parameters
    ----------
    what : str
        What was being done, such as "a tile of 512 × 512 pixels".
    tile : (int, int), optional
        Height and width of the tile, where one was at work.
    """
    own = type(error).__module__.startswith("onnxruntime")
    if isinstance(error, MemoryError) or any(word in str(error).lower() for word in _SHORT):
        remedy = "use a smaller tile or a smaller picture"
        if tile is not None:
            half = max(max(tile) // 2, 1)
            remedy = f"use a tile of {half} (--tile {half})"
        return MemoryLimitError(
            f"the device has not enough free memory for {what}; {remedy}, "
            f"or end other programs that use it"
        )
    if not own and not isinstance(error, RuntimeError):
        raise error
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return NetworkError(f"the device did not get through with {what}: {first}")
