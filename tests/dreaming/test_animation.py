"""Dreams as animations: frames that follow from one another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dreamlayer import Dreamer, Recipe, Term
from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.dreaming.animation import Frame, animate, further_recipe
from dreamlayer.core.dreaming.tone import tone_of
from dreamlayer.core.errors import CancelledError, ImageError
from dreamlayer.core.images.arrays import planar
from dreamlayer.core.images.motion import moved
from dreamlayer.core.recipe.animation import Animation

RECIPE = Recipe(layers=(Term("deep"),), octaves=2, steps=4, step_size=0.05)
PICTURE = np.random.default_rng(3).random((40, 56, 3), np.float32)


@pytest.fixture
def dreamer(small_network: Path) -> Dreamer:
    """With a network of two layers."""
    return Dreamer(str(small_network), provider="cpu")


def _frames(dreamer: Dreamer, recipe: Recipe, animation: Animation, **more: object) -> list[Frame]:
    return list(animate(dreamer, PICTURE, recipe, animation, **more))  # type: ignore[arg-type]


def test_frames_are_dreams_of_frames(dreamer: Dreamer) -> None:
    """The first is the picture's dream; each other that of the one before, with the next seed."""
    recipe, animation = RECIPE.replace(anchor=0.0), Animation(3, 1.1, 5.0, 1)
    first, second, third = _frames(dreamer, recipe, animation)
    assert [first.number, second.number, third.number] == [1, 2, 3]
    np.testing.assert_array_equal(first.pixels, dreamer.dream(PICTURE, recipe))
    for seed, one, following in ((1, first, second), (2, second, third)):
        there, _ = moved(one.pixels, 1.1, 5.0)
        further = recipe.replace(steps=1, seed=seed)
        np.testing.assert_array_equal(following.pixels, dreamer.dream(there, further))


def test_frames_are_the_same_again(dreamer: Dreamer) -> None:
    """Same recipe and seed, same bytes."""
    one, other = (_frames(dreamer, RECIPE, Animation(3, 0.9, -7.0, 2)) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)


def test_further_frames_need_few_octaves_and_steps(dreamer: Dreamer) -> None:
    """Large shapes are there already; what starts from noise goes on from its first frame."""
    recipe = RECIPE.replace(octaves=0, start="noise", steps=10)
    large = further_recipe(dreamer, recipe, Animation(steps=2), 1200, 800)
    assert (large.octaves, large.steps, large.start) == (3, 2, "image")
    small = further_recipe(dreamer, recipe, Animation(steps=20), 100, 100)
    assert (small.octaves, small.steps) == (0, 10)
    above = recipe.replace(scheme="resize", octaves=6, octaves_above=4)
    assert further_recipe(dreamer, above, Animation(), 1200, 800).octaves == 5


def test_anchor_keeps_the_tone_over_all_frames(dreamer: Dreamer) -> None:
    """What one frame changes does not add up in thirty."""
    picture = PICTURE * np.float32(0.5) + np.float32(0.2)
    tones = {}
    for anchor in (0.0, 1.0):
        recipe = RECIPE.replace(anchor=anchor, colors="free")
        for frame in animate(dreamer, picture, recipe, Animation(30, 1.03, 1.0, 4)):
            tones[anchor] = tone_of(planar(frame.pixels))
    own = tone_of(planar(picture))
    drift = {
        anchor: max(
            abs(tone.luminance / own.luminance - 1),
            abs(tone.contrast / own.contrast - 1),
            abs(tone.chroma / own.chroma - 1),
        )
        for anchor, tone in tones.items()
    }
    assert drift[1.0] < 0.02 < drift[0.0], drift


def test_noise_keeps_the_tone_of_its_first_frame(dreamer: Dreamer) -> None:
    """There is no other that is worth it."""
    recipe = RECIPE.replace(start="noise", anchor=1.0, step_size=0.01)
    frames = _frames(dreamer, recipe, Animation(30, 1.03, 1.0, 4))
    first, last = (tone_of(planar(one.pixels)) for one in (frames[0], frames[-1]))
    assert abs(last.luminance / first.luminance - 1) < 0.02
    assert abs(last.contrast / first.contrast - 1) < 0.02
    assert abs(last.chroma / first.chroma - 1) < 0.02


def test_tone_is_that_of_what_is_dreamt_on(dreamer: Dreamer) -> None:
    """What the mask leaves out, and what is hidden, does not count."""
    picture = PICTURE * np.float32(0.5) + np.float32(0.2)
    picture[:, 28:] = 0
    picture[:8] = 1
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[:, :28] = 1
    alpha = np.ones(picture.shape[:2], np.float32)
    alpha[:8] = 0
    recipe, still = RECIPE.replace(anchor=1.0), Animation(8, 1.0, 0.0, 4)
    *_, last = animate(dreamer, picture, recipe, still, mask=mask, alpha=alpha)
    own, reached = (tone_of(planar(np.array(one[8:, :28]))) for one in (picture, last.pixels))
    assert reached.luminance == pytest.approx(own.luminance, rel=0.02)
    assert reached.contrast == pytest.approx(own.contrast, rel=0.02)


def test_mask_stays_and_alpha_moves(dreamer: Dreamer) -> None:
    """Outside the mask frames are only moved; alpha keeps its type."""
    mask = np.zeros(PICTURE.shape[:2], np.float32)
    mask[:, :28] = 1
    alpha = np.full(PICTURE.shape[:2], 65535, np.uint16)
    alpha[:20] = 0
    frames = _frames(dreamer, RECIPE, Animation(2, 1.2, 0.0), mask=mask, alpha=alpha)
    np.testing.assert_array_equal(frames[0].pixels[:, 28:], PICTURE[:, 28:])
    opaque = alpha / np.float32(65535)
    there, moving = moved(frames[0].pixels, 1.2, 0.0, opaque)
    np.testing.assert_array_equal(frames[1].pixels[:, 28:], there[:, 28:])
    assert moving is not None
    assert frames[1].alpha is not None
    assert frames[1].alpha.dtype == np.uint16
    np.testing.assert_allclose(frames[1].alpha / 65535, moving, atol=1e-5)
    assert not np.array_equal(frames[1].alpha, alpha)


def test_progress_is_that_of_all_frames(dreamer: Dreamer) -> None:
    """The fraction grows from frame to frame, to 1 at the end."""
    fractions: list[float] = []

    def tell(progress: Progress) -> None:
        fractions.append(progress.fraction)

    _frames(dreamer, RECIPE, Animation(3, steps=2), callbacks=Callbacks(on_progress=tell))
    assert fractions == sorted(fractions)
    # The first has twice the steps of each other one, and does not move.
    octaves = 40 * 56 + 30 * 43
    first, other = 4 * octaves, 2 * octaves + 40 * 56
    for done in (first, first + other, first + 2 * other):
        assert any(abs(one - done / (first + 2 * other)) < 0.01 for one in fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_progress_is_told_of_frames_that_only_move(dreamer: Dreamer) -> None:
    """Without a step there is still something to wait for."""
    fractions: list[float] = []

    def tell(progress: Progress) -> None:
        fractions.append(progress.fraction)

    animation, callbacks = Animation(5, steps=0), Callbacks(on_progress=tell)
    _frames(dreamer, RECIPE.replace(steps=0), animation, callbacks=callbacks)
    assert fractions == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_highlights_may_grow(dreamer: Dreamer) -> None:
    """A frame that zooms into what is far beyond white is no picture of 0..255."""
    picture = np.array(PICTURE)
    picture[14:26, 20:36] *= 12
    frames = list(animate(dreamer, picture, RECIPE, Animation(12, 1.3)))
    assert (frames[-1].pixels > 1.5).mean() > 0.6
    beyond = np.full_like(picture, 200.0)
    with pytest.raises(ImageError, match="200"):
        list(animate(dreamer, beyond, RECIPE, Animation(2)))


def test_wrong_arrays_are_refused_at_once(dreamer: Dreamer) -> None:
    """Before the first frame is asked for."""
    for wrong in ({"mask": np.ones((3, 4), np.float32)}, {"alpha": np.ones((3, 4), np.float32)}):
        with pytest.raises(ImageError):
            animate(dreamer, PICTURE, RECIPE, Animation(2), **wrong)  # type: ignore[arg-type]


def test_small_pictures_are_enlarged_in_every_frame(dreamer: Dreamer) -> None:
    """Shapes would else change their size after the first."""
    recipe = RECIPE.replace(octaves=0, octave_scale=1.1)
    assert further_recipe(dreamer, recipe, Animation(), 60, 50).octaves == 0


def test_it_can_be_cancelled_in_any_frame(dreamer: Dreamer) -> None:
    """Those that are complete were given before."""
    got: list[int] = []
    stops = Callbacks(cancelled=lambda: len(got) == 2)
    frames = animate(dreamer, PICTURE, RECIPE, Animation(50), callbacks=stops)
    with pytest.raises(CancelledError, match="cancelled"):
        got.extend(frame.number for frame in frames)
    assert got == [1, 2]


def test_without_steps_it_only_moves(dreamer: Dreamer) -> None:
    """A recipe that changes nothing is no reason to fail."""
    frames = _frames(dreamer, RECIPE.replace(steps=0), Animation(2, 1.0, 90.0))
    np.testing.assert_array_equal(frames[0].pixels, PICTURE)
    np.testing.assert_array_equal(frames[1].pixels, moved(PICTURE, 1.0, 90.0)[0])
