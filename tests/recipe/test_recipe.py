"""The recipe: round trips, defaults, bounds and presets."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from dreamlayer.core.ascent.octaves import SCHEMES
from dreamlayer.core.ascent.tiles import TILINGS
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.images.resampling import METHODS
from dreamlayer.core.recipe.fields import former_names
from dreamlayer.core.recipe.networks import ships
from dreamlayer.core.recipe.presets import SECTIONS, load, parse, preset, presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

UNUSUAL = Recipe(
    network="other.onnx",
    layers=(
        Term("a", -0.5, (1, 2), "mean", border=2),
        Term("ü", kind="neuron", position=(3, 4)),
        Term("b", kind="caricature", factor=3.0),
        Term("image", kind="variation", exponent=1.5),
    ),
    octaves=2,
    octave_scale=2.0,
    steps=0,
    step_size=0.5,
    guide="g.png",
    octaves_above=1,
    min_octave_side=5,
    scheme="resize",
    resample="lanczos",
    blur=0.5,
    blend=0.5,
    max_side=640,
    normalize_tiles="std",
    epsilon=1e-7,
    epsilon_tiles=1e-5,
    min_divisor=1e-6,
    clip_gradient=3.0,
    pyramid=4,
    smoothing_growth=4.0,
    smoothing_cascade=True,
    smoothing_colors=True,
    tiling="fixed",
    gaps=True,
    weigh_tiles=False,
    start="noise",
    noise_low=0.1,
    noise_high=0.2,
    canvas=300,
    strength=0.25,
    colors="free",
    keep_colors=True,
    anchor=0.75,
    headroom=0.25,
    protect="flat",
    normalize="std",
    smoothing=0.5,
    jitter="-7..6",
    tile=300,
    overlap=10,
    max_loss=3.5,
    clip=False,
    precision="fast",
    seed=123,
)


@pytest.mark.parametrize("recipe", [Recipe(), UNUSUAL], ids=["default", "unusual"])
def test_recipe_survives_json_and_toml(recipe: Recipe) -> None:
    """What is stored comes back equal."""
    assert parse(recipe.to_json()) == recipe
    assert parse(recipe.to_toml()) == recipe


def test_unusual_recipe_differs_in_every_parameter() -> None:
    """The round trip test leaves no parameter at its default."""
    for parameter in dataclasses.fields(Recipe):
        assert getattr(UNUSUAL, parameter.name) != getattr(Recipe(), parameter.name), parameter.name


@pytest.mark.parametrize(
    "text",
    [
        "layers = 'mixed3, mixed4:-0.5:1+2:mean'",
        "layers = ['mixed3', 'mixed4:-0.5:1+2:mean']",
        "layers = [{ layer = 'mixed3' }, 'mixed4:-0.5:1+2:mean']",
    ],
)
def test_layers_may_be_text(text: str) -> None:
    """As on the command line, one by one or all in one."""
    assert parse(text).layers == (Term("mixed3"), Term("mixed4", -0.5, (1, 2), "mean"))


def test_idle_recipe_changes_nothing() -> None:
    """No steps, or no share of them."""
    assert Recipe(steps=0).idle
    assert Recipe(strength=0.0).idle
    assert not Recipe().idle


def test_absent_keys_mean_defaults() -> None:
    """An empty document is the default recipe."""
    assert parse("") == Recipe()
    assert parse("{}") == Recipe()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("octavs = 3", "unknown setting 'octavs'; did you mean octaves"),
        ("octaves = -1", "octaves must lie between 0 and 32, but is -1"),
        ("octaves = 2.5", "octaves must be a whole number, but is 2.5"),
        ("octaves = true", "octaves must be a whole number"),
        ("step_size = 'big'", "step_size must be a number"),
        ("step_size = nan", "step_size must be a finite number"),
        ("normalise = 'max'", "use one of mean, std, none"),
        ("layers = []", "names no layer"),
        ("layers = [3]", "must be text such as .* or a list"),
        ("layers = 3", "must be text such as .* or a list"),
        ("layers = ''", "write NAME"),
        ("layers = 'a,,b'", "write NAME"),
        ("layers = ['a:b:c']", "write NAME"),
        ('{"layers": ["\\ud800"]}', "no text can hold"),
        ("strength = 1.5", "strength must lie between 0.0 and 1.0"),
        ("layers = [{ weight = 1.0 }]", "needs 'layer'"),
        ("layers = [{ layer = 'a', weight = 'x' }]", "'weight' must be a number"),
        ("layers = [{ layer = 'a', weight = nan }]", "must be a number|finite"),
        ("layers = [{ layer = 'a', channels = 3 }]", "list of whole numbers"),
        ("layers = [{ layer = 'a', channels = [1.5] }]", "list of whole numbers"),
        ('{"layers": [{"layer": "a", "channels": "12"}]}', "list of whole numbers"),
        ('{"layers": [{"layer": null}]}', "'layer' must be text"),
        ('{"layers": [{"layer": "a", "weight": 1' + "0" * 400 + "}]}", "must be a number"),
        ('{"step_size": 1' + "0" * 400 + "}", "step_size must be a finite number"),
        ('{"network": "\\ud800"}', "no text can hold"),
        ('{"layers": ' + "[" * 50_000 + "}", "nested too deep|neither"),
        ("jitter = 'far'", "write any, none, a number"),
        ("jitter = '5..3'", "write any, none, a number"),
        ("jitter = '0..99999'", "write any, none, a number"),
        ("jitter = 5", "jitter must be text"),
        ("octaves_above = 2", "only the scheme 'resize'"),
        ("octaves = 2\noctaves_above = 2\nscheme = 'resize'", "less than the 2 octaves"),
        ("noise_low = 0.9", "above noise_high"),
        ("layers = [{ layer = 'a', border = 1, kind = 'guide' }]", "only squares and mean read"),
        ("layers = [{ layer = 'a', border = -1 }]", "must lie between 0 and"),
        ("layers = [{ layer = 'a', kind = 'neuron', position = [1] }]", "a row and a column"),
        ("layers = [{ layer = 'a', kind = 'variation', exponent = 9 }]", "between 1 and 4"),
        ("layers = [{ layer = 'a', factor = inf }]", "must be a number|finite"),
        ("octaves_above = 1", "less than the octaves, whose number is auto"),
        ("colors = 'vivid'", "use one of natural, free"),
        ("protect = 'sky'", "use one of nothing, dark, bright, flat"),
        ("this is no toml", "neither JSON nor TOML"),
        ("{not json", "neither JSON nor TOML"),
    ],
)
def test_bad_recipe_is_one_sentence(text: str, message: str) -> None:
    """Each mistake is named with what is allowed."""
    with pytest.raises(RecipeError, match=message):
        parse(text)


@pytest.mark.parametrize("layers", [("mixed3",), (3,), ()])
def test_layers_of_a_table_are_checked_as_a_tuple_too(layers: tuple[object, ...]) -> None:
    """Python's own lists may be tuples."""
    with pytest.raises(RecipeError):
        Recipe.from_dict({"layers": layers})


def test_what_a_recipe_of_version_0_1_lacks_has_its_meaning() -> None:
    """One with a former name, or with all that version's parameters; another is of today."""
    old = Recipe.from_dict({"roll": "32"})
    assert (old.octaves, old.overlap, old.colors, old.anchor) == (6, 0, "free", 0.0)
    assert [term.layer for term in old.layers] == ["mixed3", "mixed4", "mixed5"]
    later = ("colors", "keep_colors", "anchor", "headroom", "protect", "epsilon_tiles")
    complete = {**old.to_dict(), "steps": 3}
    stored = {name: value for name, value in complete.items() if name not in later}
    assert Recipe.from_dict(stored) == old.replace(steps=3)
    assert Recipe.from_dict({"jitter": "32"}) == Recipe(jitter="32")
    assert Recipe.from_dict(Recipe().to_dict()) == Recipe()


def test_missing_recipe_file_is_named(tmp_path: Path) -> None:
    """A file that is not there gives its name."""
    with pytest.raises(RecipeError, match=r"none\.toml"):
        load(tmp_path / "none.toml")


def test_binary_recipe_file_is_refused(tmp_path: Path) -> None:
    """A picture given as a recipe file is no text."""
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xd8\xff\xe0\x00")
    with pytest.raises(RecipeError, match="not text"):
        load(path)


def test_every_preset_loads_and_describes_itself() -> None:
    """Presets are valid recipes with a sentence each, the default first."""
    found = presets()
    assert next(iter(found)) == "default"
    for name, about in found.items():
        assert about.description.endswith(".")
        assert about.title[0].isupper()
        assert about.section in SECTIONS
        preset(name)
    assert len({about.title for about in found.values()}) == len(found)


def test_unknown_preset_suggests_the_nearest() -> None:
    """A typing mistake is answered with the name meant."""
    with pytest.raises(RecipeError, match="did you mean default"):
        preset("defualt")


def test_preset_name_is_no_path() -> None:
    """A preset cannot be reached through the file system."""
    with pytest.raises(RecipeError, match="no preset"):
        preset("../presets/default")


def test_default_preset_is_the_default_recipe() -> None:
    """The command line without options and the library without arguments do the same."""
    assert preset("default") == Recipe()


def test_every_choice_is_there() -> None:
    """What a recipe may name is what the modules that do it have, in order."""
    parameters = {
        parameter.name: parameter.metadata.get("choices")
        for parameter in dataclasses.fields(Recipe)
    }
    assert parameters["scheme"] == tuple(SCHEMES)
    assert parameters["resample"] == tuple(METHODS)
    assert parameters["tiling"] == tuple(TILINGS)


def test_every_published_preset_has_a_form_for_the_network_that_ships() -> None:
    """Who lacks the network is told of a preset that needs none."""
    for about in presets().values():
        if not ships(about.network):
            assert ships(presets()[about.stand_in].network)


def test_preset_takes_what_it_leaves_out_from_its_base() -> None:
    """Published form and repaired form differ in what they say alone."""
    published, repaired = preset("smooth-as-published"), preset("smooth")
    assert published.gaps
    assert published.replace(gaps=False) == repaired


def test_own_recipe_may_be_based_on_a_preset() -> None:
    """A file needs to say only what is different; an unknown base is an error."""
    assert parse("base = 'gentle'\nsteps = 3") == preset("gentle").replace(steps=3)
    with pytest.raises(RecipeError, match="did you mean gentle"):
        parse("base = 'gentel'")
    with pytest.raises(RecipeError, match="must be the name of a preset"):
        parse("base = 3")


@pytest.mark.parametrize(("name", "current"), sorted(former_names(Recipe).items()))
def test_former_names_replace_those_of_a_base(name: str, current: str) -> None:
    """A recipe of 0.1 that builds on a preset has its own values; both names are one too many."""
    value = getattr(UNUSUAL, current)
    stored = json.dumps({name: value, "base": "eyes"})
    for text in (f"base = 'default'\n{name} = {json.dumps(value)}", stored):
        assert getattr(parse(text), current) == value
    for table in ({current: value, name: value}, {name: value, current: value}):
        with pytest.raises(RecipeError, match=f"{current!r} is given twice, .* 0.1, {name!r}"):
            Recipe.from_dict(table)
