"""The memory of a provider's device: allocation, uploads and downloads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import DreamlayerError, MemoryLimitError, NetworkError
from dreamlayer.core.runtime.installed import runtime
from dreamlayer.core.runtime.providers import provider_of

Numbers = npt.NDArray[Any]
_OUT_OF_MEMORY = ("failed to allocate", "out of memory", "bad allocation", "bfcarena")


@dataclass(frozen=True)
class Buffer:
    """A tensor on the device.

    Attributes
    ----------
    value : onnxruntime.OrtValue
        The owner of the memory.
    shape : tuple of int
        The shape of this view of the memory.
    dtype : numpy.dtype
        The element type.
    """

    value: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def view(self, *shape: int) -> Buffer:
        """The same memory in another shape with as many elements."""
        assert math.prod(shape) == math.prod(self.shape), (shape, self.shape)
        return Buffer(self.value, shape, self.dtype)


@dataclass
class Traffic:
    """Copies in one direction between host and device.

    Attributes
    ----------
    copies, bytes : int
        Their number and total size.
    """

    copies: int = 0
    bytes: int = 0

    def count(self, array: Numbers) -> None:
        """Count one array."""
        self.copies += 1
        self.bytes += array.nbytes


class Device:
    """Allocates, writes and reads buffers, and counts the copies.

    Parameters
    ----------
    provider : str
        Short name of an execution provider.
    number : int
        Index among several devices of one kind.

    Attributes
    ----------
    kind : str
        ONNX Runtime's name for the device: `cpu`, `cuda`.
    uploads, downloads : Traffic
        The copies so far.
    """

    def __init__(self, provider: str, number: int = 0) -> None:
        self.kind, self.number = provider_of(provider).device, number
        self.uploads, self.downloads = Traffic(), Traffic()

    def empty(self, shape: Sequence[int], dtype: npt.DTypeLike = np.float32) -> Buffer:
        """A new, uninitialized buffer.

        Raises
        ------
        MemoryLimitError
            The device has not enough memory.
        """
        kind = np.dtype(dtype)
        size = math.prod(shape) * kind.itemsize / 2**20
        with device_errors(f"a buffer of {size:.0f} MiB"):
            value = runtime().OrtValue.ortvalue_from_shape_and_type(
                list(shape), kind.type, self.kind, self.number
            )
        return Buffer(value, tuple(shape), kind)

    def write(self, buffer: Buffer, array: Numbers) -> None:
        """Copy an array to the device; it must have the buffer's type and number of elements."""
        data = np.ascontiguousarray(array, buffer.dtype).reshape(buffer.value.shape())
        with device_errors("a copy to it"):
            buffer.value.update_inplace(data)
        self.uploads.count(data)

    def upload(self, array: Numbers) -> Buffer:
        """A new buffer with a copy of an array."""
        buffer = self.empty(array.shape, array.dtype)
        self.write(buffer, array)
        return buffer

    def read(self, buffer: Buffer) -> Numbers:
        """Copy a buffer to the host."""
        with device_errors("a copy from it"):
            array: Numbers = buffer.value.numpy()
        self.downloads.count(array)
        # For host memory, newer versions of ONNX Runtime return a view.
        return (array.copy() if self.kind == "cpu" else array).reshape(buffer.shape)


@contextmanager
def device_errors(what: str, tile: tuple[int, int] | None = None) -> Iterator[None]:
    """Translate errors of a device; see `device_error`."""
    try:
        yield
    except Exception as error:
        raise device_error(error, what, tile) from error


def device_error(
    error: Exception, what: str, tile: tuple[int, int] | None = None
) -> DreamlayerError:
    """Our error for a device's; other errors are raised again.

    Parameters
    ----------
    what : str
        The operation that failed, such as "a tile of 512 × 512 pixels".
    tile : (int, int), optional
        Height and width of the tile, if the operation was one.
    """
    own = type(error).__module__.startswith("onnxruntime")
    if isinstance(error, MemoryError) or any(word in str(error).lower() for word in _OUT_OF_MEMORY):
        remedy = "use a smaller tile or a smaller picture"
        if tile is not None:
            half = max(max(tile) // 2, 1)
            remedy = f"use a tile of {half} (--tile {half})"
        return MemoryLimitError(
            f"the device has not enough free memory for {what}; {remedy}, "
            f"or close other programs that use it"
        )
    if not own and not isinstance(error, RuntimeError):
        raise error
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return NetworkError(f"the device failed on {what}: {first}")
