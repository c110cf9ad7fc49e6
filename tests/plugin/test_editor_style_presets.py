"""Presets of the painter's own for Style Transfer in GIMP 3, and the pictures that they keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plugin_modules import FOLDER, module

from dreamlayer.core.recipe import own_presets
from dreamlayer.core.recipe.presets import style_preset
from dreamlayer.core.worker.description import own_description

catalog = module("editor.dialog.catalog")
kept_pictures = module("editor.style.kept_pictures")
own_files = module("editor.dialog.own_files")
settings_module = module("editor.settings")

_THIRDS = {"styles": ["/a.png", "/b.png"], "style_weights": [1.0, 1 / 3]}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The presets of styles, and a folder for the painter's own that the core looks into too."""
    made = settings_module.Settings(str(FOLDER), "style")
    made.presets_folder = str(tmp_path / "presets")
    monkeypatch.setenv(own_presets.VARIABLE, made.presets_folder)
    return made


def _described() -> dict[str, Any]:
    """What the worker tells of the painter's own."""
    told = own_description()
    return {**told, "style": {"presets": told["style_presets"]}}


def _save(settings: Any, name: str, texts: list[str], weights: list[float]) -> dict[str, Any]:
    recipe: dict[str, Any] = settings.recipe("custom", {"rounds": 2, "seed": 5})
    recipe.update(kept_pictures.kept(texts, weights))
    own_files.save(settings, name, recipe, "Thick oil.", lambda path: Path(path).write_bytes(b"j"))
    own_files.read_back(settings, name, recipe, "Thick oil.")
    return recipe


@pytest.mark.parametrize(
    ("texts", "weights", "wanted"),
    [
        ([], [], {}),
        (["/a.png"], [2.0], {"styles": ["/a.png"]}),
        (["/a.png", "/b.png"], [1.0, 1.0], {"styles": ["/a.png", "/b.png"]}),
        (
            ["/a.png", "/b.png"],
            [2.0, 0.5],
            {"styles": ["/a.png", "/b.png"], "style_weights": [2.0, 0.5]},
        ),
        (["/a.png", "layer:3@x:name"], [1.0, 2.0], {}),
        (["image:1@x:name"], [1.0], {}),
    ],
)
def test_keeps_pictures_where_all_are_files(
    texts: list[str], weights: list[float], wanted: dict[str, Any]
) -> None:
    """Layers are not found again in another session, and a part would be another style."""
    assert kept_pictures.kept(texts, weights) == wanted


@pytest.mark.parametrize(
    ("preset", "texts", "weights", "fits"),
    [
        ({}, ["/a.png"], [2.0], True),
        ({"styles": []}, [], [], True),
        ({"styles": ["a.png"]}, ["/b.png"], [1.0], True),
        ({"styles": ["/a.png"]}, ["/a.png"], [3.0], True),
        ({"styles": ["/a.png"]}, ["/b.png"], [1.0], False),
        ({"styles": ["/a.png"]}, ["/a.png", "/b.png"], [1.0, 1.0], False),
        ({"styles": ["/a.png", "/b.png"]}, ["/a.png", "/b.png"], [1.0, 0.5], False),
        (_THIRDS, ["/a.png", "/b.png"], [1.0, 0.333], True),
        (_THIRDS, ["/b.png", "/a.png"], [1.0, 0.333], False),
        (_THIRDS, ["/a.png"], [1.0], False),
    ],
)
def test_fits_with_its_own_pictures_and_weights(
    preset: dict[str, Any], texts: list[str], weights: list[float], fits: bool
) -> None:
    """A preset that keeps pictures is not the one that is set where others are in the list."""
    assert kept_pictures.fits(preset, texts, weights) == fits


def test_core_reads_what_the_dialog_saves(settings: Any, tmp_path: Path) -> None:
    """The recipe with its pictures, by name, as the command line takes it."""
    files = [str(tmp_path / "one.png"), str(tmp_path / "two ü.png")]
    _save(settings, "My oil", files, [2.0, 0.5])
    read = style_preset("My oil")
    assert (read.rounds, read.seed) == (2, 5)
    assert (read.styles, read.style_weights) == (tuple(files), (2.0, 0.5))


def test_the_worker_tells_what_was_saved(settings: Any, tmp_path: Path) -> None:
    """What the dialog knows at once is what it learns from the worker the next time."""
    files = [str(tmp_path / "one.png"), str(tmp_path / "two.png")]
    _save(settings, "My oil", files, [2.0, 0.5])
    _save(settings, "Plain", ["layer:3"], [1.0])
    before = {name: dict(settings.presets[name]) for name in ("My oil", "Plain")}
    settings.take_own(_described())
    for name, known in before.items():
        told = settings.presets[name]
        keys = ("title", "group", "description", "styles", "style_weights")
        assert [told[key] for key in keys] == [known[key] for key in keys]
        assert settings.preset_values(name) == settings.values_in(known["recipe"])
        assert not {"styles", "style_weights"} & {*told["recipe"], *known["recipe"]}
    assert kept_pictures.of_preset(settings.presets["My oil"]) == (files, "2, 0.5")
    assert kept_pictures.of_preset(settings.presets["Plain"]) == ([], "")


def test_presets_that_ship_have_no_pictures(settings: Any) -> None:
    """They are used with the pictures that are chosen."""
    for preset in settings.presets.values():
        assert kept_pictures.of_preset(preset) == ([], "")


def test_pictures_of_an_unknown_folder_are_left() -> None:
    """A file that was written by hand may name them by a relative path."""
    assert kept_pictures.of_preset({"styles": ["oil.png"], "style_weights": []}) == ([], "")


def test_renamed_and_deleted(settings: Any) -> None:
    """As presets of dreams, with the pictures that are shown for them."""
    _save(settings, "First", [], [])
    assert own_files.rename(settings, "First", "Second") == "Second"
    folder = Path(settings.presets_folder)
    assert sorted(path.name for path in folder.iterdir()) == ["Second.jpg", "Second.json"]
    assert json.loads((folder / "Second.json").read_text(encoding="utf-8"))["command"] == "style"
    own_files.delete(settings, "Second")
    assert list(folder.iterdir()) == []


def test_a_dream_s_preset_is_not_replaced(settings: Any) -> None:
    """Both filters' presets are in one folder; a name is taken by either."""
    dreams = settings_module.Settings(str(FOLDER))
    dreams.presets_folder = settings.presets_folder
    own_files.save(dreams, "Both", dreams.recipe("custom", {}), "", None)
    with pytest.raises(settings_module.SettingError, match="already"):
        _save(settings, "Both", [], [])


def test_tiles_of_styles(settings: Any) -> None:
    """The painter's own come first, with their picture; those without their network last."""
    _save(settings, "My oil", [], [])
    found = catalog.sections(settings, str(FOLDER.parents[1] / "core" / "presets" / "thumbnails"))
    tiles = [tile for _, tiles in found for tile in tiles]
    assert [tile.name for tile in tiles][:2] == ["My oil", "like-style"]
    assert all(tile.picture for tile in tiles[:2])
    assert [bool(tile.missing) for tile in tiles] == [False, False, True, True]


def test_outputs_of_styles(settings: Any) -> None:
    """Each has a title, and only these are accepted."""
    assert list(settings.outputs) == list(module("editor.choices").OUTPUTS)
    for output in settings.outputs:
        settings.check("custom", "auto", output)
    with pytest.raises(settings_module.SettingError, match="output"):
        settings.check("custom", "auto", "somewhere")
