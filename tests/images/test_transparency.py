"""Opacity in any type, and hidden colors replaced by visible ones nearby."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.images.transparency import fill_hidden, keep_hidden, opacity, without_hidden

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_opacity_is_the_share_of_the_largest_value(dtype: type) -> None:
    """And None where everything is opaque, or there is no alpha."""
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    found = opacity((np.array([[0, 0.2, 1]]) * top).astype(dtype))
    assert found is not None
    np.testing.assert_allclose(found, [[0, 0.2, 1]], atol=1 / 255)
    assert opacity(np.full((2, 2), top, dtype)) is None
    assert opacity(None) is None


def test_opacity_of_odd_floats_is_within_bounds() -> None:
    """What is not a number, or negative, is hidden."""
    found = opacity(np.array([[np.nan, -1, 2, 0.5]], np.float32))
    np.testing.assert_array_equal(found, [[0, 0, 1, 0.5]])


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 5), (64, 33)])
def test_opaque_pixels_stay_and_hidden_ones_are_between_them(size: tuple[int, int]) -> None:
    """Whatever hidden pixels held; one visible color fills everything."""
    planes = RNG.random((3, *size), np.float32)
    opaque = (RNG.random(size) > 0.7).astype(np.float32)
    opaque[0, 0] = 1
    hidden = np.where(opaque == 0, np.float32(9), planes)
    filled = fill_hidden(hidden, opaque)
    np.testing.assert_array_equal(filled[:, opaque == 1], planes[:, opaque == 1])
    for plane, own in zip(filled, planes, strict=True):
        seen = own[opaque == 1]
        assert seen.min() - 1e-6 <= plane.min() <= plane.max() <= seen.max() + 1e-6
    one_color = np.where(opaque == 0, np.float32(9), np.float32(0.3))
    red = fill_hidden(np.stack([one_color] * 3), opaque)
    np.testing.assert_allclose(red, 0.3, atol=1e-6)


def test_pixels_are_their_own_where_nothing_is_hidden_or_all_is() -> None:
    """There is nothing to replace, or nothing to replace it by."""
    pixels = RNG.random((4, 5, 3), np.float32)
    for alpha in (None, np.full((4, 5), 255, np.uint8), np.zeros((4, 5), np.uint8)):
        assert without_hidden(pixels, alpha) is pixels


def test_hidden_pixels_are_put_back() -> None:
    """Bit by bit; half-transparent ones have the result's."""
    pixels, result = RNG.random((2, 3, 3), np.float32), np.zeros((2, 3, 3), np.float32)
    alpha = np.array([[0, 128, 255], [0, 0, 1]], np.uint8)
    kept = keep_hidden(result, pixels, alpha)
    np.testing.assert_array_equal(kept[alpha == 0], pixels[alpha == 0])
    assert not kept[alpha > 0].any()
