"""Resampling as ONNX nodes against Pillow and numpy."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from scipy.ndimage import gaussian_filter

from dreamlayer.core.ascent.backend import Formula, Size
from dreamlayer.core.device.resample_graph import METHODS, taps
from dreamlayer.core.device.trace import RESULT, traced
from dreamlayer.core.images.resampling import METHODS as REFERENCE
from dreamlayer.core.images.resampling import resize

RNG = np.random.default_rng(0)
SIZES = [(1, 1), (2, 3), (5, 41), (17, 23), (40, 30), (41, 31), (90, 7)]


def computed(formula: Formula, image: np.ndarray, method: str = "bicubic") -> np.ndarray:
    """A formula of one image by its graph, on the CPU."""
    model, size = traced(formula, [image.shape[1:]], method)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (result,) = session.run([RESULT], {"image0": image})
    assert result.shape == (3, *size)
    return result


def test_every_method_is_there() -> None:
    """None was forgotten, none is unknown."""
    assert set(REFERENCE) == METHODS


@pytest.mark.parametrize("method", REFERENCE)
@pytest.mark.parametrize("new", SIZES)
@pytest.mark.parametrize("old", [(40, 30), (3, 2), (1, 9)])
def test_resampling_is_pillows_and_numpys(method: str, old: Size, new: Size) -> None:
    """Shrunk, enlarged, by one pixel or to one, beyond 0..1 too; of bytes to the last bit."""
    image = (RNG.random((3, *old)) * 1.4 - 0.2).astype(np.float32)
    expected = resize(image, new, method)
    result = computed(lambda filters, planes: filters.resize(planes, new), image, method)
    if method == "lanczos-8bit":
        np.testing.assert_array_equal(result, expected)
    else:
        np.testing.assert_allclose(result, expected, atol=3e-6)


def test_bytes_at_their_limits_are_pillows() -> None:
    """Overshoot is cut off where black meets white."""
    image = (RNG.random((3, 30, 50)) > 0.5).astype(np.float32)
    for new in ((11, 13), (77, 91)):
        result = computed(lambda f, x, new=new: f.resize(x, new), image, "lanczos-8bit")
        np.testing.assert_array_equal(result, resize(image, new, "lanczos-8bit"))


def test_work_is_linear_in_pixels() -> None:
    """Each result is made of a few pixels, by weights that sum to one, however large the image."""
    for old, new in ((8000, 6154), (6154, 8000), (8000, 256)):
        first, weights = taps(old, new, lambda x: np.clip(1 - np.abs(x), 0, None), 1.0)
        assert weights.shape[0] * new <= 3 * max(old, new)
        assert first.shape == (new,)
        assert 0 <= first.min() <= first.max() < old
        np.testing.assert_allclose(weights.sum(axis=0), 1)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.8, 2.0, 25.0])
@pytest.mark.parametrize("size", [(1, 1), (2, 5), (30, 41)])
def test_blur_is_scipys(sigma: float, size: Size) -> None:
    """Mirrored borders, also where the blur reaches beyond the image several times."""
    image = RNG.random((3, *size), np.float32)
    result = computed(lambda filters, planes: filters.blur(planes, sigma), image)
    np.testing.assert_allclose(result, gaussian_filter(image, (0, sigma, sigma)), atol=2e-6)


def test_arithmetic_of_formulas_is_numpys() -> None:
    """Sums, differences, products with numbers, limits, and the image itself."""
    image = RNG.random((3, 9, 8), np.float32)
    result = computed(lambda f, x: f.clip((x + x - x * 0.25) * 0.8), image)
    np.testing.assert_allclose(result, np.clip((image * 1.75) * 0.8, 0, 1), atol=1e-6)
    np.testing.assert_array_equal(computed(lambda _, x: x, image), image)
