"""Bands of rows, and the threads that share them."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from dreamlayer.core.ascent.bands import Parallel, bands, sum_of


@pytest.mark.parametrize(
    "shape",
    [
        *((3, 1, 1), (3, 512, 512), (3, 301, 4000)),
        *((3, 7, 200_000), (3, 5, 70_000), (3, 1429, 70_000)),
    ],
)
def test_bands_cover_all_rows_in_order_and_begin_at_even_ones(shape: tuple[int, ...]) -> None:
    """As the pyramid needs them; none is larger than the limit unless it has few rows."""
    found = bands(shape)
    assert [row for rows in found for row in range(rows.start, rows.stop)] == [*range(shape[1])]
    assert all(rows.start % 2 == 0 and rows.stop > rows.start for rows in found)
    assert all((rows.stop - rows.start - 3) * shape[0] * shape[2] < 400_000 for rows in found)


def test_results_are_in_the_order_of_items() -> None:
    """Whichever thread computes them."""
    assert Parallel(3).map(lambda n: n * n, range(50)) == [n * n for n in range(50)]


def test_a_failure_in_a_thread_is_raised() -> None:
    """In the calling one, after the others have stopped."""

    working, failed = set(), threading.Event()

    def work(number: int) -> None:
        if number == 1:
            failed.set()
            raise ZeroDivisionError
        working.add(number)
        # The others are in the middle of their work when it fails.
        failed.wait(60)
        time.sleep(0.05)
        working.discard(number)

    with pytest.raises(ZeroDivisionError):
        Parallel(3).map(work, range(3))
    assert not working


def test_work_may_divide_its_own_part() -> None:
    """It then does all of it itself, since the other threads have work of their own."""
    parallel = Parallel(2)
    found = parallel.map(lambda n: sum(parallel.map(lambda m: m * n, range(9))), range(9))
    assert found == [36 * n for n in range(9)]


def test_each_thread_has_buffers_of_its_own() -> None:
    """The same for a name and a size that fits, another one for another thread."""
    parallel, others = Parallel(2), []
    mine = parallel.scratch("one", 2, 3)
    thread = threading.Thread(target=lambda: others.append(parallel.scratch("one", 2, 3)))
    thread.start()
    thread.join()
    assert np.shares_memory(mine, parallel.scratch("one", 4))
    assert not np.shares_memory(mine, parallel.scratch("two", 4))
    assert not np.shares_memory(mine, others[0])


@pytest.mark.parametrize("kind", ["sum", "absolute", "square"])
def test_sums_are_precise_and_do_not_overflow(kind: str) -> None:
    """As in float64, also of values whose sum float32 cannot hold; infinities stay."""
    image = np.random.default_rng(0).standard_normal((3, 300, 500)).astype(np.float32)
    plain = {"sum": lambda x: x, "absolute": np.abs, "square": np.square}[kind]
    assert sum_of(image, kind) == pytest.approx(plain(image.astype(np.float64)).sum(), rel=1e-5)
    large = np.full((3, 2, 500), 3e38, np.float32)
    assert sum_of(large, kind) == pytest.approx(plain(large.astype(np.float64)).sum())
    large[0, 0, 0] = np.inf
    assert np.isinf(sum_of(large, kind))


@pytest.mark.parametrize("kind", ["sum", "absolute", "square"])
def test_sum_of_what_is_not_finite_is_not_finite(kind: str) -> None:
    """Infinities of both signs in several bands are for the caller to report."""
    image = np.zeros((3, 800, 800), np.float32)
    image[0, 0, 0], image[1, -1, -1] = np.inf, -np.inf
    assert len(bands(image.shape)) > 1
    assert not np.isfinite(sum_of(image, kind))
