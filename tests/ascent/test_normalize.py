"""What is done to a gradient before it is added to the image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dreamlayer.core.ascent.normalize import condition, divide, magnitude, normalize_bands, smooth
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
    smooth(together, Recipe(smoothing=1.3), 0, threads=3)
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


@pytest.mark.parametrize("size", [(64, 48), (61, 47), (5, 9)])
def test_bands_are_evened_out_as_tensorflows_tutorial_does(size: tuple[int, int]) -> None:
    """The Laplacian pyramid of the tutorial for TensorFlow 1, written with its convolutions."""
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")
    line = np.array([1, 4, 6, 4, 1], np.float32)
    square = np.outer(line, line)
    kernel = (square / square.sum())[:, :, None, None] * np.eye(3, dtype=np.float32)

    def up(low: object, like: object) -> object:
        return tf.nn.conv2d_transpose(low, kernel * 4, tf.shape(like), [1, 2, 2, 1], "SAME")

    g = np.random.default_rng(0).standard_normal((3, *size)).astype(np.float32)
    image = tf.constant(g.transpose(1, 2, 0)[None])
    levels = []
    for _ in range(3):
        low = tf.nn.conv2d(image, kernel, [1, 2, 2, 1], "SAME")
        levels.append(image - up(low, image))
        image = low
    even = [x / tf.maximum(tf.sqrt(tf.reduce_mean(x**2)), 1e-10) for x in [*levels, image]]
    joined = even[-1]
    for band in reversed(even[:-1]):
        joined = up(joined, band) + band
    normalize_bands(g, 3)
    np.testing.assert_allclose(g, joined.numpy()[0].transpose(2, 0, 1), atol=1e-4)
