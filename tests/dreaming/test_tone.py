"""Tone is measured, matched, and held over many frames."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.tone import Tone, finished, match_tone, tone_of
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe

RNG = np.random.default_rng(4)
PLANES = (0.25 + 0.5 * RNG.random((3, 40, 50))).astype(np.float32)


def values(tone: Tone) -> tuple[float, ...]:
    return dataclasses.astuple(tone)


def test_tone_of_plain_colors() -> None:
    """Gray has its own luminance, no contrast and no chroma; red has that of BT.601."""
    gray = np.full((3, 4, 4), 0.25, np.float32)
    assert values(tone_of(gray)) == pytest.approx((0.25, 0, 0), abs=1e-6)
    red = np.zeros((3, 4, 4), np.float32)
    red[0] = 1
    assert values(tone_of(red)) == pytest.approx((0.299, 0, np.hypot(0.701, 0.299)), abs=1e-6)


def test_weights_say_what_counts() -> None:
    """Half of a picture, measured alone."""
    weights = np.zeros((40, 50), np.float32)
    weights[:, :20] = 1
    assert values(tone_of(PLANES, weights)) == pytest.approx(
        values(tone_of(PLANES[:, :, :20])), rel=1e-5
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("headroom", [0.0, 0.1])
def test_tone_is_reached_by_its_share(share: float, headroom: float) -> None:
    """To a few thousandths, also where some of it is clipped."""
    wanted, before = Tone(0.4, 0.2, 0.3), tone_of(PLANES)
    matched = PLANES.copy()
    match_tone(matched, wanted, share, headroom=headroom)
    assert 0 <= matched.min() <= matched.max() <= 1
    expected = [a + share * (b - a) for a, b in zip(values(before), values(wanted), strict=True)]
    assert values(tone_of(matched)) == pytest.approx(expected, rel=0.02)


def test_picture_without_contrast_or_color_stays_so() -> None:
    """There is nothing to scale, and nothing that is not a number."""
    gray = np.full((3, 8, 8), 0.5, np.float32)
    match_tone(gray, Tone(0.3, 0.2, 0.2), 1.0)
    np.testing.assert_allclose(gray, 0.3, atol=1e-3)


def test_strength_scales_what_is_finished() -> None:
    """After colors and tone."""
    change = RNG.random((3, 40, 50)).astype(np.float32) * 0.1
    recipe = Recipe(keep_colors=True, anchor=0.0, strength=0.5)
    half = finished(change.copy(), PLANES, recipe, None, None)
    whole = finished(change.copy(), PLANES, recipe.replace(strength=1.0), None, None)
    np.testing.assert_allclose(half, whole / 2, atol=1e-7)
    assert np.ptp(whole, axis=0).max() < 1e-6


def test_anchor_holds_the_tone_over_frames(recipe: Recipe) -> None:
    """Each frame starts from the last; all are within 1 % of the first. Without it, none is."""
    start = PLANES.transpose(1, 2, 0).copy()
    first = tone_of(PLANES)

    def drift(anchor: float) -> float:
        frame, dreamer = start, Dreamer(network_of(recipe), "cpu")
        one = recipe.replace(anchor=anchor, step_size=0.02)
        for _ in range(12):
            frame = np.roll(dreamer.dream(frame, one, tone=first), 1, axis=1)
        now = tone_of(frame.transpose(2, 0, 1))
        return max(abs(a / b - 1) for a, b in zip(values(now), values(first), strict=True))

    assert drift(1.0) < 0.01
    assert drift(0.0) > 0.05
