"""What is done to a gradient before it is added to the image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from core.conditioning import magnitude, smooth
from core.recipe import Recipe


def test_magnitude_is_numpys() -> None:
    """Band-wise sums give numpy's mean and standard deviation."""
    g = np.random.default_rng(0).standard_normal((3, 700, 33)).astype(np.float32) + 2
    assert magnitude(g, "mean") == pytest.approx(float(np.abs(g).mean()), rel=1e-6)
    assert magnitude(g, "std") == pytest.approx(float(g.std(dtype=np.float64)), rel=1e-6)
    assert magnitude(g, "none") == 1.0


def test_smoothing_is_a_gaussian_per_channel() -> None:
    """In place gives what scipy gives into a new array, channels apart."""
    g = np.random.default_rng(0).standard_normal((3, 40, 30)).astype(np.float32)
    expected = gaussian_filter(g, (0, 1.3, 1.3), mode="reflect")
    smooth(g, Recipe(smoothing=1.3), 0)
    np.testing.assert_allclose(g, expected, atol=1e-6)
