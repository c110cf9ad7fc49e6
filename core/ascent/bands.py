"""Work on an image by bands of rows that fit into a core's cache, in several threads.

Bands depend on the image's size alone, so results are the same for any number of threads.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dreamlayer.core.runtime.cores import usable_cores

Array = npt.NDArray[np.float32]
AnyArray = npt.NDArray[Any]
Item = TypeVar("Item")
Result = TypeVar("Result")

_BAND_VALUES = 400_000
"""Values of a band, at most: 1.6 MB, which stay in the processor's cache with what is computed from
them. With smaller ones, threads wait for Python's lock longer than they gain."""


def bands(shape: tuple[int, ...]) -> list[slice]:
    """Divide the rows of an image, [planes, height, width], into bands, as equal as they can be.

    They begin at even rows.
    """
    height = shape[1]
    count = min(math.ceil(math.prod(shape) / _BAND_VALUES), max(height // 2, 1))
    starts = [number * height // count // 2 * 2 for number in range(count)]
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], height], strict=True)]


class Parallel:
    """Threads that share work, for a `with` block; started when there is enough for several.

    Parameters
    ----------
    threads : int
        Their number, including the calling thread; 0 for one per core.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads or usable_cores()
        self._pool: ThreadPoolExecutor | None = None
        self._own = threading.local()

    def __enter__(self) -> Parallel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def scratch(self, name: str, *shape: int) -> Array:
        """A float32 buffer of the calling thread alone, not cleared.

        It is overwritten by whoever asks for that name again. If it were allocated anew each time,
        the system would clear its pages each time.
        """
        count, held = math.prod(shape), self._own.__dict__.setdefault("buffers", {})
        if name not in held or len(held[name]) < count:
            held[name] = np.empty(count, np.float32)
        found: Array = held[name][:count].reshape(shape)
        return found

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Call a function with each item, such as a band of an image; results in their order.

        It should release Python's lock most of the time, as numpy does on large arrays.
        """
        helpers = min(self._threads, len(items)) - 1
        # Work may divide its own part; if its threads waited for one another, none would go on.
        if helpers < 1 or getattr(self._own, "working", False):
            return [work(item) for item in items]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads - 1)
        results: dict[int, Result] = {}
        # A thread takes the next item when it is free: another program may slow one of them down.
        left = list(enumerate(items))[::-1]

        def take() -> None:
            self._own.working = True
            try:
                while True:
                    try:
                        number, item = left.pop()
                    except IndexError:
                        return
                    results[number] = work(item)
            finally:
                self._own.working = False

        futures = []
        # Where memory is short the system starts no more threads; those that there are do it all.
        with contextlib.suppress(RuntimeError):
            for _ in range(helpers):
                futures.append(self._pool.submit(take))
        try:
            take()
        finally:
            left.clear()
            # None may still write into an image when the caller goes on.
            wait(futures)
        for future in futures:
            future.result()
        return [results[number] for number in range(len(items))]


ALONE = Parallel(1)
"""The calling thread."""


def sum_of(image: Array, kind: str, parallel: Parallel = ALONE) -> float:
    """The sum of an image's values, [planes, height, width], of their sizes or of their squares.

    Rows are summed in float32, and their sums in float64, for precision without a copy.

    Parameters
    ----------
    kind : str
        `sum`, `absolute` or `square`.
    """

    def band_sum(rows: slice) -> float:
        band = image[:, rows]
        with np.errstate(over="ignore"):
            found = float(_ROW_SUMS[kind](band, parallel).sum(dtype=np.float64))
        if math.isfinite(found):
            return found
        # Float32 may be too small for the sum of values that it can hold.
        return float(_ROW_SUMS[kind](band.astype(np.float64), parallel).sum())

    return exact_sum(parallel.map(band_sum, bands(image.shape)))


def exact_sum(values: Sequence[float]) -> float:
    """The sum, rounded once; infinite or not a number where a value is."""
    if all(map(math.isfinite, values)):
        return math.fsum(values)
    # `fsum` raises for infinities of both signs.
    return sum(values)


def _plain(band: AnyArray, _: Parallel) -> AnyArray:
    return np.asarray(band.sum(axis=-1))


def _absolute(band: AnyArray, parallel: Parallel) -> AnyArray:
    if band.dtype != np.float32:
        return np.asarray(np.abs(band).sum(axis=-1))
    return _plain(np.abs(band, out=parallel.scratch("absolute", *band.shape)), parallel)


def _square(band: AnyArray, _: Parallel) -> AnyArray:
    return np.asarray(np.einsum("ijk,ijk->ij", band, band))


_ROW_SUMS: dict[str, Callable[[AnyArray, Parallel], AnyArray]] = {
    "sum": _plain,
    "absolute": _absolute,
    "square": _square,
}
