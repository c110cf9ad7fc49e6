"""The recipe of a style: round trips, bounds, presets, and what tells it from a dream's."""

from __future__ import annotations

import dataclasses

import pytest

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.network.files import EXPORTS
from dreamlayer.core.recipe.presets import STYLES, parse, preset, presets, style_preset
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.style import StyleRecipe, parse_weights
from dreamlayer.core.recipe.term import Term

UNUSUAL = StyleRecipe(
    network="other.onnx",
    content_layers=(Term("a", 0.5, (1, 2)), Term("ü")),
    style_layers=(Term("b"),),
    measure="published",
    content_weight=1.0,
    style_weight=2.0,
    variation_weight=3.0,
    exponent=1.5,
    rounds=3,
    evaluations=7,
    taper=0.5,
    size=100,
    square=True,
    octaves=4,
    min_octave_side=20,
    tile=300,
    overlap=48,
    style_scale=0.5,
    start="noise",
    spectrum=0.0,
    jitter=3,
    keep_colors=True,
    resample="bilinear-8bit",
    enlarge="detail",
    strength=0.5,
    seed=9,
    styles=("one.png", "two ü.png"),
    style_weights=(2.0, 1.0),
)


@pytest.mark.parametrize("recipe", [StyleRecipe(), UNUSUAL], ids=["default", "unusual"])
def test_recipe_survives_json_and_toml(recipe: StyleRecipe) -> None:
    """What is stored comes back equal."""
    assert STYLES.parse(recipe.to_json()) == recipe
    assert STYLES.parse(recipe.to_toml()) == recipe


def test_unusual_recipe_differs_in_every_parameter() -> None:
    """The round trip test leaves no parameter at its default."""
    for parameter in dataclasses.fields(StyleRecipe):
        assert getattr(UNUSUAL, parameter.name) != getattr(StyleRecipe(), parameter.name), (
            parameter.name
        )


def test_neither_recipe_is_taken_for_the_other() -> None:
    """Each parser answers the other's recipe with the command that it is for."""
    with pytest.raises(RecipeError, match="is for `dreamlayer style`"):
        parse(StyleRecipe().to_json())
    with pytest.raises(RecipeError, match="is for `dreamlayer dream`"):
        STYLES.parse(Recipe().to_json())
    with pytest.raises(RecipeError, match="is for `dreamlayer style CONTENT STYLE`"):
        preset("style")
    with pytest.raises(RecipeError, match="'eyes' is for `dreamlayer dream PICTURE`"):
        style_preset("eyes")


def test_presets() -> None:
    """Presets are valid, the default first; names are shared with no dream's."""
    assert list(STYLES.presets()) == ["like-style", "strokes", "style"]
    assert style_preset("like-style") == StyleRecipe()
    assert not set(STYLES.presets()) & set(presets())
    for one in STYLES.presets().values():
        assert one.description.endswith(".")
    assert STYLES.presets()["style"].stand_in == "like-style"
    with pytest.raises(RecipeError, match="did you mean style"):
        style_preset("styel")


def test_style_is_as_published() -> None:
    """Every figure of the document and of the code behind it."""
    recipe = style_preset("style")
    assert recipe.network in EXPORTS
    assert [(t.layer, t.weight) for t in recipe.content_layers] == [("block5_conv2", 1)]
    assert [t.layer for t in recipe.style_layers] == [f"block{i}_conv1" for i in range(1, 6)]
    assert len({t.weight for t in recipe.style_layers}) == 1
    figures = recipe.content_weight, recipe.style_weight, recipe.variation_weight
    assert (*figures, recipe.exponent) == (0.025, 1.0, 1e-3, 1.25)
    assert (recipe.rounds, recipe.evaluations, recipe.size, recipe.square) == (10, 20, 512, True)
    assert (recipe.octaves, recipe.spectrum, recipe.jitter, recipe.start) == (1, 0, 0, "content")


def test_strokes_grow_from_coarse_to_fine() -> None:
    """At the picture's own size, on the network of the published style, with fewer evaluations."""
    recipe = style_preset("strokes")
    assert recipe.network == style_preset("style").network
    assert (recipe.size, recipe.octaves, recipe.measure) == (0, 8, "relative")
    evaluations = [recipe.evaluations_at(octave) for octave in range(5)]
    assert evaluations == [80, 48, 29, 17, 10]
    assert StyleRecipe(evaluations=1, taper=0.05).evaluations_at(7) == 1
    assert StyleRecipe().evaluations_at(3) == StyleRecipe().evaluations


def test_base_gives_what_a_file_leaves_out() -> None:
    """A recipe may change one parameter of a preset."""
    text = 'command = "style"\nbase = "style"\nrounds = 3'
    assert STYLES.parse(text) == style_preset("style").replace(rounds=3)
    with pytest.raises(RecipeError, match="'base' must be the name"):
        STYLES.parse('command = "style"\nbase = 3')


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"size": 1}, "1 pixel is too small; give 0 for the picture's own"),
        ({"size": -1}, "size must lie between 0 and 65536, but is -1"),
        ({"rounds": 0}, "rounds must lie between"),
        ({"start": "photo"}, "start 'photo' is not known; use one of content, noise, style"),
        ({"content_layers": (Term("a", kind="mean"),)}, "the measure decides the rest"),
        ({"style_layers": (Term("a", -1.0),)}, "weight -1; give one above 0"),
        ({"style_layers": ()}, "no layer with one; .*--style-weight 0"),
        ({"style_weight": 0, "content_weight": 0}, "all weights are 0"),
        ({"style_weights": (0.0, 0.0)}, "not all 0"),
        ({"style_weights": (-1.0, 2.0)}, "numbers from 0 on"),
        ({"styles": (1,)}, "list of file names"),
        ({"sice": 3}, "did you mean size"),
    ],
)
def test_values_out_of_bounds(changes: dict[str, object], pattern: str) -> None:
    """Each with what came and what is allowed."""
    with pytest.raises(RecipeError, match=pattern):
        StyleRecipe().replace(**changes)


def test_weights_are_read() -> None:
    """Numbers separated by commas."""
    assert parse_weights("2, 1.5") == (2, 1.5)
    with pytest.raises(RecipeError, match="such as 2,1"):
        parse_weights("2;1")


def test_stored_lists_are_checked() -> None:
    """A file may hold anything."""
    with pytest.raises(RecipeError, match="'styles' must be a list"):
        STYLES.parse('command = "style"\nstyles = "one.png"')
    with pytest.raises(RecipeError, match="'style_layers' must be text"):
        STYLES.parse('command = "style"\nstyle_layers = 3')


def test_a_name_that_no_text_can_hold_is_refused() -> None:
    """A file name may hold bytes that are no text, but the recipe is one."""
    with pytest.raises(RecipeError, match="rename it"):
        StyleRecipe(styles=("a\udcff.png",))
