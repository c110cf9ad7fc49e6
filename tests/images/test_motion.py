"""Pictures moved as the next frame of an animation has them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dreamlayer.core.images.motion import moved


def _smooth(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(1).random((height, width, 3))
    return gaussian_filter(noise, (2.0, 2.0, 0)).astype(np.float32)


def test_nothing_moves_without_motion() -> None:
    """The same bits, in memory of their own."""
    picture = _smooth(5, 7)
    found, opaque = moved(picture, 1.0, 0.0)
    np.testing.assert_array_equal(found, picture)
    assert not np.shares_memory(found, picture)
    assert opaque is None


@pytest.mark.parametrize(("degrees", "turns"), [(90, -1), (-90, 1), (180, 2)])
def test_quarter_turns_are_those_of_numpy(degrees: float, turns: int) -> None:
    """Clockwise is clockwise as it is seen, rows from above."""
    picture = _smooth(24, 24)
    found, _ = moved(picture, 1.0, degrees)
    np.testing.assert_allclose(found, np.rot90(picture, turns), atol=2e-6)


@pytest.mark.parametrize(
    ("zoom", "degrees"), [(1.02, 0.0), (1.3, 7.0), (0.7, -20.0), (2.0, 45.0), (0.5, 130.0)]
)
def test_motion_is_that_of_the_formula(zoom: float, degrees: float) -> None:
    """About the middle; waves that mirror at the edges go on beyond them."""
    height, width = 60, 90
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)

    def waves(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        down, across = np.pi * (y + 0.5) / height, np.pi * (x + 0.5) / width
        return 0.5 + 0.2 * np.cos(3 * down) + 0.3 * np.cos(5 * across) * np.cos(2 * down)

    picture = np.repeat(waves(y, x)[..., np.newaxis], 3, axis=2).astype(np.float32)
    found, _ = moved(picture, zoom, degrees)
    angle = np.radians(degrees)
    right, below = x - (width - 1) / 2, y - (height - 1) / 2
    from_x = (np.cos(angle) * right + np.sin(angle) * below) / zoom + (width - 1) / 2
    from_y = (np.cos(angle) * below - np.sin(angle) * right) / zoom + (height - 1) / 2
    # The result's values lie between the picture's.
    waved = np.clip(waves(from_y, from_x), picture.min(), picture.max())
    expected = np.repeat(waved[..., np.newaxis], 3, axis=2)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_hidden_colors_stay_hidden() -> None:
    """Colors of transparent pixels do not bleed into visible ones, and alpha moves along."""
    picture = np.zeros((30, 30, 3), np.float32)
    picture[:, :15] = 0.25
    picture[:, 15:] = 1000.0
    opaque = np.zeros((30, 30), np.float32)
    opaque[:, :15] = 1
    found, moving = moved(picture, 1.1, 15.0, opaque)
    assert moving is not None
    assert 0 <= moving.min() <= moving.max() <= 1
    seen = moving > 0.01
    assert seen.any()
    assert not seen.all()
    np.testing.assert_allclose(found[seen], 0.25, rtol=1e-3)


def test_hidden_colors_do_not_widen_the_range() -> None:
    """Colors that vary, and are visible in part, stay between the visible ones."""
    chance = np.random.default_rng(5)
    picture = chance.uniform(0.4, 0.6, (40, 40, 3)).astype(np.float32)
    opaque = (chance.random((40, 40)) ** 3).astype(np.float32)
    for place, color in (((3, 4), 1000.0), ((20, 30), -1000.0)):
        picture[place], opaque[place] = color, 0
    found, moving = moved(picture, 1.1, 20.0, opaque)
    assert moving is not None
    seen = moving > 0.01
    assert 0.39 < found[seen].min() <= found[seen].max() < 0.61


def test_edges_of_alpha_leave_no_outlines() -> None:
    """What was cut out stays so in every frame."""
    picture = np.full((80, 80, 3), 0.5, np.float32)
    opaque = np.zeros((80, 80), np.float32)
    opaque[20:60, 20:60] = 1
    for _ in range(20):
        picture, moving = moved(picture, 1.0, 4.5, opaque)
        assert moving is not None
        opaque = moving
    # It has turned by a quarter: linear interpolation blurs the edge, and no more.
    assert opaque[:10].max() < 1e-3
    assert opaque[32:48, 32:48].min() > 1 - 1e-3
    assert 0 <= opaque.min() <= opaque.max() <= 1


def test_check_ends_the_work() -> None:
    """It is called between the bands of a large picture."""
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        moved(np.zeros((1500, 1500, 3), np.float32), 1.1, 0.0, None, check)
    assert len(calls) == 4


def test_bands_make_no_difference() -> None:
    """A part of a large picture is as in a small one."""
    picture = np.zeros((1400, 1400, 3), np.float32)
    picture[650:750, 650:750] = _smooth(100, 100)
    found, _ = moved(picture, 1.5, 33.0)
    small, _ = moved(np.ascontiguousarray(picture[500:900, 500:900]), 1.5, 33.0)
    np.testing.assert_allclose(found[500:900, 500:900], small, atol=1e-6)


def test_nothing_visible_stays_so() -> None:
    """There is no color to go by."""
    picture = _smooth(6, 8)
    found, moving = moved(picture, 1.5, 10.0, np.zeros((6, 8), np.float32))
    assert moving is not None
    assert not moving.any()
    assert np.isfinite(found).all()


def test_values_stay_within_those_of_the_picture() -> None:
    """Filters overshoot at hard edges; over many frames that would grow."""
    picture = np.zeros((20, 20, 3), np.float32)
    picture[5:15, 5:15] = 3.0
    for _ in range(20):
        picture, _ = moved(picture, 1.03, 4.0)
    assert 0 <= picture.min() <= picture.max() <= 3.0
