"""The values that are set in the dialogs, and the presets that have them."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_modules import FOLDER, module

kept_pictures = module("editor.style.kept_pictures")
values = module("editor.dialog.values")
settings = module("editor.settings")


class Config:
    """A procedure's arguments: it has properties, and tells nobody of changes."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.properties = {name.replace("_", "-"): value for name, value in given.items()}

    def get_property(self, name: str) -> Any:
        """The value of an argument; `KeyError` where it is not declared."""
        return self.properties[name]

    def set_property(self, name: str, value: Any) -> None:
        """Set an argument that is declared."""
        assert name in self.properties, name
        self.properties[name] = value


def made(kind: str) -> tuple[Any, Any, Config]:
    """Settings and values of dreams or styles, all at their defaults."""
    known = settings.Settings(str(FOLDER), kind)
    config = Config({name: one.default for name, one in known.parameters.items()})
    config.properties["preset"] = "custom"
    return known, values.Values(config, known, None), config


@pytest.mark.parametrize("kind", [settings.DREAM, settings.STYLE])
def test_each_preset_fits_once_it_is_chosen(kind: str) -> None:
    """In both dialogs; styles have no guide picture."""
    known, chosen, _ = made(kind)
    for name in known.presets:
        chosen.choose(name)
        same = known.preset_values(chosen.fitting())
        wanted = known.preset_values(name)
        kept = {"seed", "strength", "guide"}
        assert {k: v for k, v in same.items() if k not in kept} == {
            k: v for k, v in wanted.items() if k not in kept
        }


def test_guide_stays_where_a_preset_has_none() -> None:
    """What the painter chose is as good for the next preset."""
    _, chosen, config = made(settings.DREAM)
    config.set_property("guide", "/a picture.png")
    chosen.choose("eyes")
    assert config.get_property("guide") == "/a picture.png"
    assert chosen.fitting() == "eyes"


@pytest.mark.parametrize("kind", [settings.DREAM, settings.STYLE])
def test_other_values_fit_no_preset(kind: str) -> None:
    """A changed number leaves the preset, the seed does not."""
    known, chosen, config = made(kind)
    name = next(iter(known.presets))
    chosen.choose(name)
    config.set_property("seed", 77)
    assert chosen.fitting() == name
    config.set_property("octaves", 9)
    assert chosen.fitting() == settings.CUSTOM


@pytest.mark.parametrize("kind", [settings.DREAM, settings.STYLE])
def test_of_twins_the_chosen_one_is_meant(kind: str) -> None:
    """A preset of the painter's own may have the values of another one, but for the seed."""
    known, chosen, _ = made(kind)
    name = next(iter(known.presets))
    known.presets["twin"] = known.presets[name]
    for one in ("twin", name, "twin"):
        chosen.choose(one)
        assert chosen.fitting() == one


def test_of_twins_with_other_pictures_the_one_in_the_list_is_meant() -> None:
    """Also where another one was chosen before; with pictures of no preset, none is."""
    known, chosen, _ = made(settings.STYLE)
    for name, file in (("oil", "/oil.png"), ("ink", "/ink.png")):
        known.presets[name] = {**known.presets["style"], "styles": [file], "style_weights": []}
    del known.presets["style"]

    def fitting(*texts: str) -> Any:
        weights = [1.0] * len(texts)
        return chosen.fitting(lambda name: kept_pictures.fits(known.presets[name], texts, weights))

    chosen.choose("oil")
    assert fitting("/oil.png") == "oil"
    assert fitting("/ink.png") == "ink"
    assert fitting("/oil.png", "/ink.png") == settings.CUSTOM
    assert fitting() == settings.CUSTOM


def test_settings_of_a_layer_are_named_before_a_preset() -> None:
    """They are what the painter had, also where a preset has them too."""
    known = settings.Settings(str(FOLDER), settings.STYLE)
    stored = {**known.presets["like-style"]["recipe"], "styles": ["picture-" + 64 * "0"]}
    config = Config({name: one.default for name, one in known.parameters.items()})
    config.properties["preset"] = "custom"
    read = values.Values(config, known, stored)
    assert read.fitting() == values.AS_BEFORE
    read.choose("like-style")
    assert read.fitting() == "like-style"
