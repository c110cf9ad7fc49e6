"""Resampling."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import zoom

from dreamlayer.core.images.resampling import resize


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


@pytest.mark.parametrize("size", [(40, 61), (9, 5), (17, 23), (1, 1), (33, 1)])
def test_corners_method_is_scipys_zoom(size: tuple[int, int]) -> None:
    """Linear `scipy.ndimage.zoom`, as the Keras example uses it."""
    image = np.random.default_rng(0).random((3, 17, 23), np.float32)
    factors = (1, size[0] / 17, size[1] / 23)
    expected = zoom(image, factors, order=1)
    np.testing.assert_allclose(resize(image, size, "bilinear-corners"), expected, atol=1e-6)


@pytest.mark.parametrize("size", [(40, 61), (9, 5), (17, 23), (1, 1), (33, 1)])
def test_bilinear_methods_are_tensorflows(size: tuple[int, int]) -> None:
    """Those of TensorFlow 2 and 1."""
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")
    image = np.random.default_rng(0).random((3, 17, 23), np.float32)
    last = image.transpose(1, 2, 0)[np.newaxis]
    for method, theirs in (
        ("bilinear", tf.image.resize(last, size)),
        ("bilinear-tf1", tf.compat.v1.image.resize_bilinear(last, size)),
    ):
        expected = theirs.numpy()[0].transpose(2, 0, 1)
        np.testing.assert_allclose(resize(image, size, method), expected, atol=2e-6)


@pytest.mark.parametrize("size", [(40, 61), (9, 5), (17, 40), (40, 23), (1, 1)])
@pytest.mark.parametrize("method", ["bicubic", "lanczos"])
def test_large_planes_are_resampled_in_parts(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], method: str
) -> None:
    """Each part has the values that Pillow computes for the whole plane, to the last bit."""
    image = np.random.default_rng(0).random((3, 17, 23), np.float32)
    whole = resize(image, size, method)
    monkeypatch.setattr("dreamlayer.core.images.resampling._PART_VALUES", 100)
    np.testing.assert_array_equal(resize(image, size, method), whole)


def test_8_bit_method_is_pillows_on_bytes() -> None:
    """Values are cut to 0..1 and rounded down to 256 levels first, also where the size stays."""
    rng = np.random.default_rng(0)
    image = rng.uniform(-0.2, 1.2, (3, 17, 23)).astype(np.float32)
    levels = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    for size in ((17, 23), (30, 11)):
        picture = Image.fromarray(np.ascontiguousarray(levels.transpose(1, 2, 0)))
        expected = np.asarray(picture.resize(size[::-1], Image.Resampling.LANCZOS)) / 255
        found = resize(image, size, "lanczos-8bit").transpose(1, 2, 0)
        np.testing.assert_allclose(found, expected, atol=1e-6)
    every = np.repeat(np.arange(256, dtype=np.float32)[np.newaxis, :, np.newaxis], 3, 0) / 255
    np.testing.assert_array_equal(resize(every, (256, 1), "lanczos-8bit"), every)
