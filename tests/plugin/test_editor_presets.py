"""The presets in GIMP 3's dialog: tiles, search, and the painter's own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plugin_modules import FOLDER, module

catalog = module("editor.dialog.catalog")
own_files = module("editor.dialog.own_files")
settings_module = module("editor.settings")


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    """The presets, and a folder for the painter's own."""
    made = settings_module.Settings(str(FOLDER))
    made.presets_folder = str(tmp_path / "presets")
    return made


def _tiles(settings: Any, **more: Any) -> dict[str, Any]:
    found = catalog.sections(settings, "/nowhere", **more)
    return {tile.name: tile for _, tiles in found for tile in tiles}


def _save(settings: Any, name: str, about: str = "") -> dict[str, Any]:
    recipe: dict[str, Any] = settings.recipe("custom", {"steps": 3})
    own_files.save(settings, name, recipe, about, lambda path: Path(path).write_bytes(b"jpg"))
    own_files.read_back(settings, name, recipe, about)
    return recipe


def test_each_preset_has_one_tile_with_a_name_for_people(settings: Any) -> None:
    """No preset is lost or shown twice, and none by its identifier."""
    found = catalog.sections(settings, "/nowhere")
    names = [tile.name for _, tiles in found for tile in tiles]
    assert sorted(names) == sorted(settings.presets)
    titles = [tile.title for tile in _tiles(settings).values()]
    assert len(set(titles)) == len(titles)
    assert all(title[0].isupper() for title in titles)


def test_missing_networks_are_marked_and_last(settings: Any) -> None:
    """What cannot be dreamt here stands at the end and names its network."""
    found = catalog.sections(settings, "/nowhere")
    missing = [bool(tile.missing) for _, tiles in found for tile in tiles]
    assert missing == sorted(missing)
    assert any(missing)
    assert not any(tile.missing for tile in _tiles(settings, networks=_networks(settings)).values())


def _networks(settings: Any) -> set[str]:
    return {preset["recipe"]["network"] for preset in settings.presets.values()}


def test_stored_recipe_has_a_tile(settings: Any) -> None:
    """A dreamt layer offers its own settings first."""
    found = catalog.sections(settings, "/nowhere", with_before=True)
    assert found[0][1][0].name == catalog.AS_BEFORE


@pytest.mark.parametrize(
    ("typed", "names"),
    [("flow", {"flowers"}), ("LEOP", {"spots"}), ("dogs deer", {"animals"}), ("xyzzy", set())],
)
def test_search_finds_by_beginnings_of_words(settings: Any, typed: str, names: set[str]) -> None:
    """Title, description and section are searched; each typed word must be found."""
    found = catalog.sections(settings, "/nowhere")
    hits = {
        tile.name for title, tiles in found for tile in tiles if catalog.finds(tile, title, typed)
    }
    assert hits == names


def test_search_finds_sections(settings: Any) -> None:
    """The name of a section finds all that is in it."""
    found = catalog.sections(settings, "/nowhere")
    plants = next(tiles for title, tiles in found if title == "Plants")
    assert all(catalog.finds(tile, "Plants", "plants") for tile in plants)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("動物", True), ("犬 色", True), ("猫", False), ("dre", True), ("ream", False)],
)
def test_search_finds_words_without_spaces_between(typed: str, found: bool) -> None:
    """In Chinese and Japanese a word may be anywhere in a sentence."""
    tile = catalog.Tile("default", "Dream", "画像の形から生まれる犬などの動物。", None, "", False)
    assert catalog.finds(tile, "色", typed) == found


@pytest.mark.parametrize("typed", ["image", "l’image", "canal", "«canal", "d'oeil", "oeil"])
def test_search_finds_words_behind_a_sign(typed: str) -> None:
    """After an apostrophe or a quotation mark, with or without it."""
    about = "Tout ce que l’image montre, comme «Canal» à coup d'oeil."
    tile = catalog.Tile("x", "Rêve", about, None, "", False)
    assert catalog.finds(tile, "", typed)


def test_saved_preset_is_a_recipe_with_a_picture(settings: Any) -> None:
    """A preset of one's own is a file that the command line reads, a tile, and a picture."""
    recipe = _save(settings, "My forest", "Dark and deep.")
    path = Path(settings.presets_folder) / "My forest.json"
    assert json.loads(path.read_text(encoding="utf-8")) == {
        **recipe,
        "description": "Dark and deep.",
    }
    tile = _tiles(settings)["My forest"]
    assert tile.mine
    assert Path(tile.picture).read_bytes() == b"jpg"
    assert settings.preset_values("My forest")["steps"] == 3


def test_renamed_and_deleted_with_its_picture(settings: Any) -> None:
    """Nothing of a former name is left, and nothing of a deleted preset."""
    _save(settings, "First")
    assert own_files.rename(settings, "First", " Second ") == "Second"
    folder = Path(settings.presets_folder)
    assert sorted(path.name for path in folder.iterdir()) == ["Second.jpg", "Second.json"]
    own_files.delete(settings, "Second")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("file", ["Old.json", "old.toml", "OLD.JSON"])
def test_no_other_file_is_replaced_or_hidden(settings: Any, file: str) -> None:
    """A name that a file has which is no preset of dreams is taken, and the file stays."""
    _save(settings, "First")
    other = Path(settings.presets_folder) / file
    other.write_text("nonsense", encoding="utf-8")
    with pytest.raises(settings_module.SettingError, match="already"):
        _save(settings, "Old")
    with pytest.raises(settings_module.SettingError, match="already"):
        own_files.rename(settings, "First", "Old")
    names = {path.name for path in Path(settings.presets_folder).iterdir()}
    assert names == {"First.json", "First.jpg", file}
    assert other.read_text(encoding="utf-8") == "nonsense"


def test_own_presets_are_replaced_and_renamed_by_letters(settings: Any) -> None:
    """A preset of one's own may be saved again, and may get capitals."""
    _save(settings, "first")
    _save(settings, "first")
    assert own_files.rename(settings, "first", "First") == "First"


@pytest.mark.parametrize("name", ["strokes", "style", "Like-Style", "fur"])
def test_no_name_of_a_shipped_preset(settings: Any, name: str) -> None:
    """Names of styles are taken too: the worker would refuse such a file."""
    with pytest.raises(settings_module.SettingError, match="comes with"):
        _save(settings, name)


@pytest.mark.parametrize("name", ["", "  ", "a/b", "default", "FLOWERS", ".x", "custom", "Other"])
def test_refuses_names_in_one_sentence(settings: Any, name: str) -> None:
    """A name that no file can have, or that is taken, is told of; nothing is changed."""
    _save(settings, "First")
    _save(settings, "Other")
    with pytest.raises(settings_module.SettingError, match=r"[.]$"):
        own_files.rename(settings, "First", name)
    assert (Path(settings.presets_folder) / "First.json").exists()
