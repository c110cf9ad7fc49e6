"""What GIMP 3's dialog asks of the worker for a preview."""

from __future__ import annotations

import math
from typing import Any

import pytest
from plugin_modules import FOLDER, module

from dreamlayer import Recipe
from dreamlayer.core.ascent.octaves import octave_sizes
from dreamlayer.core.recipe.recipe import Recipe as CoreRecipe

plan = module("editor.dialog.plan")
settings = module("editor.settings").Settings(str(FOLDER))


def _recipe(**changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = settings.recipe("custom", changed)
    return made


def test_draft_is_small_and_full_is_as_seen() -> None:
    """A draft has 256 pixels; the full preview has the pixels that are on the screen."""
    picture = (4000, 2000)
    draft = plan.part_for((0, 0, *picture), picture, 0.2, draft=True)
    assert draft == plan.Part(0, 0, 4000, 2000, 0.064)
    full = plan.part_for((0, 0, *picture), picture, 0.2, draft=False)
    assert full == plan.Part(0, 0, 4000, 2000, 0.2)


def test_preview_is_not_larger_than_a_slider_can_wait_for() -> None:
    """On a large screen the preview is dreamt smaller than it is seen."""
    part = plan.part_for((0, 0, 4000, 3000), (4000, 3000), 0.9, draft=False)
    assert part.width * part.height * part.scale**2 <= plan.MOST_PIXELS * 1.001


def test_nothing_is_dreamt_on_enlarged_pixels() -> None:
    """Zoomed in, the preview is dreamt at the picture's own pixels."""
    part = plan.part_for((100, 100, 50, 40), (600, 400), 16.0, draft=False)
    assert part.scale == 1.0


@pytest.mark.parametrize("corner", [(0, 0), (1000, 700), (3700, 1800)])
def test_part_has_context_within_the_picture(corner: tuple[int, int]) -> None:
    """Around what is seen, some more is sent, but nothing beyond the edges."""
    picture = (4000, 2000)
    left, top = corner
    part = plan.part_for((left, top, 300, 200), picture, 1.0, draft=False)
    assert part.left <= left
    assert part.top <= top
    assert part.left + part.width >= left + 300
    assert part.top + part.height >= top + 200
    assert part.left >= 0
    assert part.left + part.width <= 4000
    assert part.top + part.height <= 2000
    assert part.width > 300


def _smallest(recipe: dict[str, Any], width: int, height: int) -> float:
    known = {k: v for k, v in recipe.items() if k in Recipe().to_dict() and k != "layers"}
    sizes = octave_sizes(height, width, CoreRecipe.from_dict(known))
    return min(sizes[0])


def test_part_grows_from_the_same_size_as_the_whole() -> None:
    """Where octaves are chosen by size, shapes in a part are as large as in the whole dream."""
    picture = (3000, 2000)
    part = plan.part_for((1200, 800, 700, 500), picture, 1.0, draft=False)
    recipe = plan.recipe_for(_recipe(), part, picture, draft=False)
    # The coarsest octave of the part, as a share of the part, is that of the whole.
    share = _smallest(recipe, part.width, part.height) / min(part.width, part.height)
    whole = _smallest(_recipe(), *picture) / min(picture)
    assert share == pytest.approx(whole, rel=0.2)


def test_whole_picture_keeps_octaves_chosen_by_size() -> None:
    """The core chooses for the reduced picture as it does for the whole one."""
    part = plan.part_for((0, 0, 3000, 2000), (3000, 2000), 0.3, draft=False)
    assert plan.recipe_for(_recipe(), part, (3000, 2000), draft=False)["octaves"] == 0


@pytest.mark.parametrize(("scale", "octaves"), [(1.0, 8), (0.5, 6), (0.25, 4), (0.01, 1)])
def test_reduced_preview_leaves_out_the_finest_octaves(scale: float, octaves: int) -> None:
    """With eight octaves of √2, each halving of the preview leaves out two."""
    part = plan.Part(0, 0, 3000, 2000, scale)
    recipe = _recipe(octaves=8, octave_scale=math.sqrt(2))
    assert plan.recipe_for(recipe, part, (3000, 2000), draft=False)["octaves"] == octaves


def test_maximum_side_holds_for_the_part_that_is_seen() -> None:
    """A dream at a third of the picture's size is previewed at a third of the part's."""
    part = plan.Part(0, 0, 1000, 500, 1.0)
    made = plan.recipe_for(_recipe(max_side=1000), part, (3000, 2000), draft=False)
    assert made["max_side"] == 333
    reduced = plan.Part(0, 0, 3000, 2000, 0.2)
    made = plan.recipe_for(_recipe(max_side=1000), reduced, (3000, 2000), draft=False)
    assert made["max_side"] == 0


def test_draft_takes_fewer_and_longer_steps() -> None:
    """A draft is quick, and goes about as far."""
    part = plan.Part(0, 0, 600, 400, 0.4)
    made = plan.recipe_for(_recipe(steps=10, step_size=0.008), part, (600, 400), draft=True)
    assert made["steps"] < 10
    assert made["steps"] * made["step_size"] == pytest.approx(0.08)
    few = plan.recipe_for(_recipe(steps=2), part, (600, 400), draft=True)
    assert few["steps"] == 2


def test_strength_is_left_to_the_dialog() -> None:
    """The worker dreams at full strength, so that the slider shows its effect at once."""
    part = plan.Part(0, 0, 600, 400, 1.0)
    assert plan.recipe_for(_recipe(strength=0.0), part, (600, 400), draft=False)["strength"] == 1


def test_tells_where_shapes_will_be_finer() -> None:
    """Few octaves on a large picture do not show in a reduced preview as they will be."""
    assert plan.reduces(_recipe(octaves=2), 0.2)
    assert not plan.reduces(_recipe(octaves=2), 1.0)
    assert not plan.reduces(_recipe(octaves=0), 0.2)


def test_tells_where_a_guide_is_missing() -> None:
    """Presets that compare with a guide say so before a worker is asked."""
    guided = settings.preset_values("like-guided")
    assert plan.lacks_guide(_recipe(**guided))
    assert not plan.lacks_guide(_recipe(**{**guided, "guide": "/tmp/guide.png"}))
    assert not plan.lacks_guide(_recipe(**{**guided, "guide": "picture-12.png"}))
    stored = "picture-" + 64 * "a"
    assert plan.lacks_guide(_recipe(**{**guided, "guide": stored}))
    assert not plan.lacks_guide(_recipe(guide=stored))
    assert not plan.lacks_guide(_recipe())
