"""A painter's own presets, saved by an editor and read by the core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import both
import pytest

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe import own_presets
from dreamlayer.core.recipe.presets import DREAMS, preset, shipped_names, style_preset
from dreamlayer.core.worker.description import description, own_description

CASES = "own_presets_cases.py"


def test_names_are_the_core_s() -> None:
    """The core allows and refuses the same names, but for spaces around them."""
    loaded: Any = both.cases(CASES)
    for name in loaded["ALLOWED"]:
        own_presets.check_name(name, shipped_names())
    for name in loaded["REFUSED"]:
        with pytest.raises(RecipeError):
            own_presets.check_name(name, shipped_names())


def test_core_reads_what_an_editor_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker lists it, and it is the recipe that was saved."""
    monkeypatch.setenv(own_presets.VARIABLE, str(tmp_path))
    loaded: Any = both.cases(CASES)
    wanted = preset("fur").replace(steps=3)
    told = own_description()
    assert told == {
        "presets": {},
        "style_presets": {},
        "presets_folder": str(tmp_path),
        "preset_problems": [],
    }
    loaded["save"](told["presets_folder"], "Mein Fell", wanted.to_dict(), shipped_names())
    assert preset("Mein Fell") == wanted
    assert own_description()["presets"]["Mein Fell"]["title"] == "Mein Fell"
    assert list(DREAMS.own().found) == ["Mein Fell"]


def test_core_reads_a_style_that_an_editor_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one of the styles, not of the dreams."""
    monkeypatch.setenv(own_presets.VARIABLE, str(tmp_path))
    loaded: Any = both.cases(CASES)
    recipe = description()["style"]["presets"]["strokes"]["recipe"]
    loaded["save"](str(tmp_path), "Pinsel", recipe, shipped_names(), "style")
    assert style_preset("Pinsel") == style_preset("strokes")
    told = own_description()
    assert (list(told["presets"]), list(told["style_presets"])) == ([], ["Pinsel"])
