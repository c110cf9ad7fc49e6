"""What is done to a gradient before it is added to the image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dreamlayer.core.ascent.bands import Parallel
from dreamlayer.core.ascent.normalize import advance, condition, divide, magnitude, smooth
from dreamlayer.core.recipe.recipe import Recipe


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


def test_threads_change_nothing() -> None:
    """To the last bit, on planes large enough for them to be used."""
    g = np.random.default_rng(0).standard_normal((3, 400, 300)).astype(np.float32)
    alone, together = g.copy(), g.copy()
    smooth(alone, Recipe(smoothing=1.3), 0)
    smooth(together, Recipe(smoothing=1.3), 0, Parallel(3))
    assert not np.array_equal(alone, g)
    np.testing.assert_array_equal(alone, together)


def test_smoothing_grows_over_an_octaves_steps() -> None:
    """Step 3 of 10 with a growth of 4 has a sigma of 0.5 + 4 · 3 / 10."""
    g = np.random.default_rng(0).standard_normal((3, 40, 30)).astype(np.float32)
    expected = gaussian_filter(g, (0, 1.7, 1.7), mode="reflect")
    smooth(g, Recipe(smoothing=0.5, smoothing_growth=4.0, steps=10), 3)
    np.testing.assert_allclose(g, expected, atol=1e-6)


def test_cascade_adds_three_blurs_across_colours() -> None:
    """Sigma, twice and half of it, over all three axes."""
    g = np.random.default_rng(0).standard_normal((3, 40, 30)).astype(np.float32)
    expected = sum(gaussian_filter(g, sigma) for sigma in (1.5, 3.0, 0.75))
    smooth(g, Recipe(smoothing=1.5, smoothing_cascade=True, smoothing_colors=True), 0)
    np.testing.assert_allclose(g, expected, atol=2e-6)


@pytest.mark.parametrize("kind", ["mean", "std"])
def test_epsilon_and_floor_count_in_the_divisor(kind: str) -> None:
    """Added to the size, or put in its place where that is less."""
    g = np.random.default_rng(0).standard_normal((3, 9, 9)).astype(np.float32)
    size = magnitude(g, kind)
    for epsilon, floor, divisor in (
        (0.5, 0.0, size + 0.5),
        (0.0, 1.0, max(size, 1.0)),
        (0.0, 0.0, size),
    ):
        divided = g.copy()
        assert divide(divided, kind, epsilon, floor) == pytest.approx(divisor, rel=1e-6)
        np.testing.assert_allclose(divided, g / divisor, rtol=1e-5)


def test_clipped_gradient_stays_within_its_bound() -> None:
    """Outliers of the divided gradient are cut, before the step size counts."""
    g = np.random.default_rng(0).standard_normal((3, 20, 20)).astype(np.float32)
    recipe = Recipe(normalize="std", smoothing=0.0, clip_gradient=1.5, step_size=0.01)
    condition(g, recipe, 0)
    assert np.abs(g).max() == pytest.approx(0.015, rel=1e-6)
    assert 0 < (np.abs(g) < 0.0149).mean() < 1


def test_steps_are_the_same_for_any_number_of_threads() -> None:
    """Of an image of several bands, with every part of a step, to the last bit."""
    rng = np.random.default_rng(0)
    image = rng.random((3, 501, 402), np.float32)
    gradient = rng.standard_normal(image.shape, np.float32)
    recipe = Recipe(pyramid=3, colors="natural", normalize="std", headroom=0.15, smoothing=0.0)
    found = []
    for threads in (1, 3):
        change, moved, parallel = gradient.copy(), image.copy(), Parallel(threads)
        divisor = condition(change, recipe, 0, parallel)
        advance(moved, change, recipe, parallel)
        found.append((divisor, change, moved))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])
    np.testing.assert_array_equal(found[0][2], found[1][2])
    assert not np.array_equal(found[0][2], image)


def test_changes_slow_down_near_the_end_that_they_move_to() -> None:
    """At half of the headroom by half, beyond it not at all, and never away from an end."""
    image = np.array([0.0, 0.05, 0.05, 0.5, 0.95, 0.95, 1.0], np.float32).reshape(1, 1, -1)
    change = np.array([-1, -1, 1, 1, 1, -1, 1], np.float32).reshape(1, 1, -1) / 100
    advance(image, change, Recipe(headroom=0.1))
    expected = np.array([0, -0.5, 1, 1, 0.5, -1, 0]) / 100
    np.testing.assert_allclose(change.ravel(), expected, atol=1e-8)
    np.testing.assert_allclose(image.ravel(), [0, 0.045, 0.06, 0.51, 0.955, 0.94, 1], atol=1e-7)
