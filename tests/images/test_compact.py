"""Pixels held in 8 or 16 bits."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.images.arrays import as_float
from dreamlayer.core.images.compact import compacted, rows_of

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_pixels_of_files_are_held_to_the_last_bit(kind: type[np.unsignedinteger]) -> None:
    """Every level of both depths: whole, by planes, and by rows."""
    top = np.iinfo(kind).max
    levels = np.arange(top + 1, dtype=kind).repeat(3).reshape(-1, 64, 3)
    pixels = as_float(levels)
    held = compacted(pixels)
    assert held is not None
    assert held.shape == (3, *pixels.shape[:2])
    assert held._levels.dtype == kind
    np.testing.assert_array_equal(held.pixels(), pixels)
    planes = pixels.transpose(2, 0, 1)
    np.testing.assert_array_equal(held.planes(), planes)
    np.testing.assert_array_equal(np.stack(list(held)), planes)
    np.testing.assert_array_equal(rows_of(held, slice(1, 3)), rows_of(planes, slice(1, 3)))


@pytest.mark.parametrize("value", [0.1234567, -1 / 255, 256 / 255, np.nan, np.inf])
def test_what_integers_do_not_hold_is_left_as_it_is(value: float) -> None:
    """Values between the levels, beyond 0..1, and no numbers."""
    pixels = as_float(RNG.integers(0, 256, (300, 5, 3)).astype(np.uint8))
    assert compacted(pixels) is not None
    pixels[299, 4, 2] = value
    assert compacted(pixels) is None
