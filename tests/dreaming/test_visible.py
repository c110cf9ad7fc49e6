"""Which pixels count: masks, transparency, areas to protect; and kept colors."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer import Recipe, dream
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import ImageError
from dreamlayer.core.network.shipped import network_of

RNG = np.random.default_rng(0)
PHOTO = RNG.random((40, 56, 3)).astype(np.float32)


def test_pixels_outside_the_mask_are_bit_identical(recipe: Recipe) -> None:
    """Even values that arithmetic would round."""
    image = PHOTO.copy()
    image[0, 0] = (1e-30, 3.7, -2.0)
    mask = np.zeros(image.shape[:2], np.float32)
    mask[10:20] = 1
    result = dream(image, recipe, mask=mask)
    np.testing.assert_array_equal(result[:10], image[:10])
    np.testing.assert_array_equal(result[20:], image[20:])
    assert (result[10:20] != image[10:20]).mean() > 0.9


def test_mask_weighs_the_gradient(recipe: Recipe) -> None:
    """Within it the dream sees the picture outside as it stays, not as it would become."""
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    mask[10:30, 10:40] = 1
    inside, cut = dream(PHOTO, recipe, mask=mask), dream(PHOTO, recipe)
    cut[mask == 0] = PHOTO[mask == 0]
    assert np.abs(inside - cut).max() > 0.01
    scores = []
    for image in (PHOTO, cut, inside):
        objective = Dreamer(network_of(recipe), "cpu").objective(recipe)
        scores.append(objective(np.ascontiguousarray(image.transpose(2, 0, 1)))[0])
    assert scores[0] < scores[1] < scores[2], "the objective rises more where both fit together"


def test_gray_mask_takes_its_share(recipe: Recipe) -> None:
    """Half of a step under a mask of one half; magnitudes that divide it must not cancel that."""
    mask = np.full(PHOTO.shape[:2], 0.5, np.float32)
    for parameters in ({"pyramid": 3}, {"normalize": "mean"}, {"normalize": "std"}):
        one = recipe.replace(steps=1, octaves=1, anchor=0.0, clip=False, **parameters)
        half, whole = dream(PHOTO, one, mask=mask) - PHOTO, dream(PHOTO, one) - PHOTO
        np.testing.assert_allclose(half, whole / 2, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
@pytest.mark.parametrize("backend", ["numpy", "device"])
def test_mask_may_have_any_float_type(recipe: Recipe, dtype: type, backend: str) -> None:
    """The result is that of float32."""
    dreamer = Dreamer(network_of(recipe), "cpu", backend=backend)
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    mask[5:30] = 0.5
    expected = dreamer.dream(PHOTO, recipe, mask=mask)
    np.testing.assert_array_equal(dreamer.dream(PHOTO, recipe, mask=mask.astype(dtype)), expected)


def test_alpha_of_another_type_is_one_sentence(recipe: Recipe) -> None:
    """It says which are allowed."""
    with pytest.raises(ImageError, match="alpha must hold uint8, uint16 or floats, but holds bool"):
        Dreamer(network_of(recipe), "cpu").dream(PHOTO, recipe, alpha=PHOTO[:, :, 0] > 0.5)


def test_empty_mask_changes_no_bit(recipe: Recipe) -> None:
    """Nothing is dreamt at all."""
    image = PHOTO - 0.5
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    assert dream(image, recipe, mask=mask).tobytes() == image.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_hidden_pixels_do_not_steer_visible_ones(recipe: Recipe, dtype: type) -> None:
    """Whatever lies where alpha is 0, the rest is the same, and it comes back as it was."""
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    opacity = np.ones(PHOTO.shape[:2])
    opacity[:, 30:], opacity[:, 28:30] = 0, 0.5
    alpha = (opacity * top).astype(dtype)
    results = []
    for hidden in (0.0, 1.0, RNG.random((40, 26, 3))):
        image = PHOTO.copy()
        image[:, 30:] = hidden
        result = Dreamer(network_of(recipe), "cpu").dream(image, recipe, alpha=alpha)
        np.testing.assert_array_equal(result[:, 30:], image[:, 30:])
        results.append(result[:, :30])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    assert (results[0] != PHOTO[:, :30]).mean() > 0.9


def test_invisible_picture_comes_back_as_it_was(recipe: Recipe) -> None:
    """And an opaque one is dreamt as if it had no alpha."""
    dreamer = Dreamer(network_of(recipe), "cpu")
    clear, opaque = (np.full(PHOTO.shape[:2], level, np.uint8) for level in (0, 255))
    np.testing.assert_array_equal(dreamer.dream(PHOTO, recipe, alpha=clear), PHOTO)
    plain = dreamer.dream(PHOTO, recipe)
    np.testing.assert_array_equal(dreamer.dream(PHOTO, recipe, alpha=opaque), plain)
    with pytest.raises(ImageError, match=r"alpha must have the image's shape \[40, 56\]"):
        dreamer.dream(PHOTO, recipe, alpha=opaque[1:])


def test_kept_colors_are_the_pictures(recipe: Recipe) -> None:
    """Only luminance changes, wherever nothing is clipped."""
    image = 0.3 + 0.4 * PHOTO
    for anchor in (0.0, 1.0):
        change = dream(image, recipe.replace(keep_colors=True, anchor=anchor)) - image
        assert np.abs(change).max() > 0.01
        assert np.ptp(change, axis=2).max() < 1e-6


def test_protected_areas_change_less(recipe: Recipe) -> None:
    """Dark, bright and flat ones, each by its name; the other half is dreamt."""
    halves = PHOTO.copy()
    halves[:, :28] *= 0.04
    flat = PHOTO.copy()
    flat[:, :28] = 0.5
    cases = {"dark": halves, "bright": 1 - halves, "flat": flat}
    for protect, image in cases.items():
        change = np.abs(dream(image, recipe.replace(protect=protect, anchor=0.0)) - image)
        assert change[:, :20].mean() < 0.1 * change[:, 36:].mean(), protect
