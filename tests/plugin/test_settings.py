"""What a painter can set, against the core's own recipe."""

from __future__ import annotations

import random
from typing import Any

import both
import pytest

from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.presets import preset, presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term, format_term, parse_term

CASES = "settings_cases.py"


@pytest.fixture(scope="module")
def settings() -> Any:
    """The plug-in's settings, read by this Python."""
    loaded: Any = both.cases(CASES)
    return loaded["Settings"](loaded["PLUGIN"])


def _some_term(chance: random.Random) -> Term:
    weights = (1.0, 2.0, -1.0, 0.1, 1 / 3, 1e-5, -2.5e20, chance.uniform(-3, 3))
    channels = tuple(chance.randrange(1000) for _ in range(chance.randrange(4)))
    layer = chance.choice(["mixed3", "block/conv", "schön", "a b"])
    return Term(layer, chance.choice(weights), channels, chance.choice(list(KINDS)))


def test_layers_are_written_as_the_core_reads_them(settings: Any) -> None:
    """Text made of a recipe's layers is read back as the same layers, as is the core's own text."""
    chance = random.Random(0)
    for _ in range(300):
        term = _some_term(chance)
        plain = Recipe(layers=(term,)).to_dict()
        text = settings.values_in(plain)["layers"]
        assert parse_term(text) == term == parse_term(format_term(term)), text


@pytest.mark.parametrize("name", [*presets(), "odd"])
def test_recipes_survive_the_editor(name: str, settings: Any) -> None:
    """A recipe whose values pass through an editor's arguments is the same recipe."""
    odd = Recipe(
        layers=(Term("mixed4", -0.5, (3, 7), "mean"), Term("mixed5")),
        max_loss=12.5,
        clip=False,
        normalize="std",
        seed=2**31 - 1,
        step_size=0.1 + 0.2,
    )
    before = odd if name == "odd" else preset(name)
    values = settings.values_in(before.to_dict())
    assert set(values) == set(settings.parameters)
    after = Recipe.from_dict(settings.recipe("custom", values))
    assert after == before.replace(step_size=round(before.step_size, 9))


def test_recipe_of_version_0_1_means_the_same_in_the_editor() -> None:
    """What the dialog makes of a recipe that version 0.1 stored is what the core reads in it."""
    loaded: Any = both.cases(CASES)
    settings, stored = loaded["Settings"](loaded["PLUGIN"]), loaded["STORED_BY_0_1"]
    sent = settings.recipe("custom", settings.values_in(stored))
    assert Recipe.from_dict(sent) == Recipe.from_dict(stored)
    assert Recipe.from_dict(stored).colors == "free"


@pytest.mark.parametrize("name", list(presets()))
def test_presets_are_the_core_s(name: str, settings: Any) -> None:
    """A preset with nothing changed gives the core's recipe of that name."""
    defaults = {parameter.name: parameter.default for parameter in settings.parameters.values()}
    assert Recipe.from_dict(settings.recipe(name, defaults)) == preset(name)
