"""Resampling."""

from __future__ import annotations

import numpy as np

from core.resampling import resize


def test_resize_keeps_a_constant_and_values_beyond_range() -> None:
    """Resampling neither clips nor shifts levels."""
    image = np.full((3, 17, 23), 1.75, np.float32)
    np.testing.assert_allclose(resize(image, (40, 9)), 1.75, rtol=1e-6)


def test_resize_to_the_same_size_is_a_copy() -> None:
    """The result may be changed without changing the source."""
    image = np.random.default_rng(0).random((3, 5, 6), np.float32)
    result = resize(image, (5, 6))
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


def test_resize_is_centred() -> None:
    """A linear ramp stays a ramp over the same span, away from its ends."""
    ramp = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32), (3, 4, 64))
    half = resize(np.ascontiguousarray(ramp), (4, 32))[0, 0]
    expected = ramp[0, 0].reshape(32, 2).mean(1)
    np.testing.assert_allclose(half[4:-4], expected[4:-4], atol=1e-5)
