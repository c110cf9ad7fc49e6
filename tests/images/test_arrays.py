"""Arrays of pixels: noise, conversion between types, and changes under a mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_samples import png_values

from dreamlayer.core import images
from dreamlayer.core.errors import ImageError
from dreamlayer.core.images.arrays import as_float, as_type, changed, check_image, noise, planar
from dreamlayer.core.worker.wire_pixels import rgba_chunks


def test_noise_is_uniform_float32_between_its_limits() -> None:
    """Noise is the generator's float32 numbers, scaled from `low` to `high`."""
    values = noise((40, 50), 0.25, 0.75, np.random.default_rng(3))
    assert (values.shape, values.dtype) == ((3, 40, 50), np.float32)
    assert values.min() >= 0.25
    assert values.max() <= 0.75
    expected = np.random.default_rng(3).random((3, 40, 50), np.float32) * np.float32(0.5)
    np.testing.assert_array_equal(values, expected + np.float32(0.25))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float64])
def test_every_type_comes_back(dtype: type) -> None:
    """Pixels converted to float32 and back are what they were."""
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    image = (np.linspace(0, 1, 24).reshape(2, 4, 3) * top).astype(dtype)
    result = as_type(as_float(image), image.dtype)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, image, rtol=1e-6)


def test_pixels_outside_the_mask_keep_their_bits() -> None:
    """A change counts by the mask; where that is 0, even a negative zero stays."""
    pixels = np.full((1, 2, 3), -0.0, np.float32)
    mask = np.array([[0, 0.5]], np.float32)
    result = changed(pixels, np.ones((3, 1, 2), np.float32), mask, np.empty_like(pixels))
    assert result[0, 0].tobytes() == pixels[0, 0].tobytes()
    np.testing.assert_array_equal(result[0, 1], [0.5] * 3)


def test_planar_clips_and_transposes() -> None:
    """Planes hold the channels of all rows, within 0..1."""
    planes = planar(np.array([[[-1, 0.5, 2]]], np.float32))
    np.testing.assert_array_equal(planes, [[[0]], [[0.5]], [[1]]])


def test_bad_images_and_masks_are_refused() -> None:
    """Each with what came and what is allowed."""
    pixels = np.zeros((2, 3, 3), np.float32)
    with pytest.raises(ImageError, match=r"shape \[height, width, 3\], but has \[2, 3\]"):
        check_image(pixels[..., 0])
    with pytest.raises(ImageError, match="not finite"):
        check_image(np.full_like(pixels, np.nan))
    with pytest.raises(ImageError, match=r"shape \[2, 3\], but has \[3, 2\]"):
        check_image(pixels, np.zeros((3, 2), np.float32))
    with pytest.raises(ImageError, match="floats from 0"):
        check_image(pixels, np.full((2, 3), 2, np.float32))
    with pytest.raises(ImageError, match="holds int64; convert it"):
        as_float(np.zeros((2, 3, 3), np.int64))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_files_arrays_and_the_worker_round_alike(tmp_path: Path, kind: type) -> None:
    """Every level, the halves between, and their neighbors: to the nearest, halves up."""
    top = np.iinfo(kind).max
    exact = np.arange(-1, 2 * top + 3) / 2 / top
    near = exact.astype(np.float32)
    values = np.concatenate([near, *(np.nextafter(near, np.float32(to)) for to in (-9, 9))])
    expected = np.floor(np.clip(values, 0, 1).astype(np.float64) * top + 0.5)
    pixels = np.repeat(values[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(as_type(values, np.dtype(kind)), expected)
    wire = b"".join(bytes(one) for one in rgba_chunks(pixels, np.zeros(pixels.shape[:2], kind)))
    sent = np.frombuffer(wire, np.dtype(kind).newbyteorder("<")).reshape(-1, 4)
    np.testing.assert_array_equal(sent[:, 0], expected)
    depth = 8 * np.dtype(kind).itemsize
    images.write(images.Picture(pixels, depth=depth), tmp_path / "a.png")
    stored = png_values((tmp_path / "a.png").read_bytes())
    np.testing.assert_array_equal(stored[0, :, 2], expected)
    alpha = values[None]
    images.write(images.Picture(pixels, depth=depth, alpha=alpha), tmp_path / "b.png")
    stored = png_values((tmp_path / "b.png").read_bytes())
    np.testing.assert_array_equal(stored[0, :, 3], expected)
