"""The Laplacian pyramid of a gradient."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from dreamlayer.core.ascent import bands
from dreamlayer.core.ascent.bands import Parallel
from dreamlayer.core.ascent.pyramid import KERNEL, normalize_bands


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


def _blurred(image: np.ndarray) -> np.ndarray:
    for axis in (1, 2):
        image = correlate1d(image, KERNEL, axis=axis, mode="constant")
    return image


def _own(image: np.ndarray) -> tuple[slice, slice, slice]:
    return (slice(None), *(slice(1 - size % 2, None, 2) for size in image.shape[1:]))


def _enlarged(low: np.ndarray, like: np.ndarray) -> np.ndarray:
    wide = np.zeros_like(like)
    wide[_own(like)] = low
    return _blurred(wide) * 4


@pytest.mark.parametrize("size", [(64, 48), (61, 47), (40, 33), (33, 40), (5, 9), (2, 1), (1, 1)])
@pytest.mark.parametrize("most", [400_000, 700])
def test_bands_are_those_of_plain_convolutions(
    size: tuple[int, int], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever sides are odd, and by however many rows at a time they are computed."""
    monkeypatch.setattr(bands, "_BAND_VALUES", most)
    g = np.random.default_rng(0).standard_normal((3, *size)).astype(np.float32)
    levels, image = [], g.astype(np.float64)
    for _ in range(3):
        low = _blurred(image)[_own(image)]
        levels.append(image - _enlarged(low, image))
        image = low
    even = [x / max(np.sqrt(np.square(x).mean() / 0.7), 1e-10) for x in [*levels, image]]
    joined = even[-1]
    for band in reversed(even[:-1]):
        joined = _enlarged(joined, band) + band
    normalize_bands(g, 3, 0.7, Parallel(2))
    np.testing.assert_allclose(g, joined, atol=1e-5)
