"""Which settings are on which page of the dialogs, and how they are shown there."""

from __future__ import annotations

import pytest
from plugin_modules import FOLDER, module

choices = module("editor.choices")
fields = module("editor.dialog.number_fields")
leaves = module("editor.dialog.leaves")
mnemonics = module("pykrita.dialog.mnemonics")
pages = module("editor.dialog.pages")
settings = module("editor.settings")
terms = module("editor.dialog.layer_terms")

MAIN = {settings.DREAM: pages.DREAM_MAIN, settings.STYLE: choices.STYLE_MAIN}


@pytest.mark.parametrize("kind", [settings.DREAM, settings.STYLE])
def test_each_parameter_is_on_one_page(kind: str) -> None:
    """Above the pages, under Settings or under Advanced."""
    known = settings.Settings(str(FOLDER), kind)
    advanced = [one.name for one in pages.advanced(known, MAIN[kind])]
    main = [name for name in MAIN[kind] if name not in pages.ALWAYS]
    assert sorted([*pages.ALWAYS, *main, *advanced]) == sorted(known.parameters)


def test_lists_of_layers_offer_the_layers_of_the_network() -> None:
    """Of styles there are two such lists."""
    known = settings.Settings(str(FOLDER), settings.STYLE)
    offered = pages.names_for(known, ["default"], ["mixed3"])
    assert offered == {
        "network": ["default"],
        "content_layers": ["mixed3"],
        "style_layers": ["mixed3"],
    }


def test_preset_that_is_set_is_named() -> None:
    """With what is said of it; without one, it is said that there is none."""
    known = settings.Settings(str(FOLDER))
    title, about, source = pages.about_preset(known, "default")
    assert title == known.presets["default"]["title"]
    assert about == known.presets["default"]["description"]
    assert source == known.presets["default"]["source"]
    words = module("editor.dialog.words")
    assert pages.about_preset(known, choices.CUSTOM)[0] == words.CUSTOM
    assert pages.about_preset(known, "as before")[0] == words.BEFORE


def test_fields_show_numbers_whole() -> None:
    """With as many digits as they have, and a few at least."""
    shown = [fields.digits_of(value, 2) for value in (0.5, 0.125, 1e-9, -1.00001)]
    assert shown == [2, 3, 9, 5]
    known = settings.Settings(str(FOLDER)).parameters
    assert fields.fewest_digits(known["steps"]) == 0
    assert fields.fewest_digits(known["step_size"]) == 4


def test_channels_are_shown_leaf_by_leaf() -> None:
    """The leaf with the first chosen one comes first."""
    found = leaves.Leaves(100, (70, 50))
    assert found.shown() == range(48, 96)
    assert (found.has_earlier(), found.has_later()) == (True, True)
    assert found.text() == "48 to 95 of 100"
    found.turn(1)
    assert found.shown() == range(96, 100)
    assert not found.has_later()
    found.turn(-2)
    assert found.shown() == range(48)
    assert not found.has_earlier()


def test_layer_without_channels_has_an_empty_leaf() -> None:
    """As where the network has no such layer."""
    found = leaves.Leaves(0, (3,))
    assert list(found.shown()) == []
    assert (found.has_earlier(), found.has_later()) == (False, False)


def test_layers_are_named_with_their_channels() -> None:
    """Some of many, and all of them where that is asked."""
    assert terms.about(terms.Term("mixed3")) == "mixed3"
    assert terms.about(terms.Term("mixed3", 1.0, (7,))) == "mixed3, channel 7"
    many = terms.Term("mixed3", 1.0, tuple(range(7)))
    assert terms.about(many) == "mixed3, channels 0, 1, 2, 3, 4…"
    assert terms.about(many, all_channels=True) == "mixed3, channels 0, 1, 2, 3, 4, 5, 6"


def test_labels_have_the_mnemonics_of_qt() -> None:
    """The shared texts carry those of GTK."""
    assert mnemonics.label("S_trength") == "S&trength"
    assert mnemonics.label("Black & _white") == "Black && &white"
    assert mnemonics.label("snake__case") == "snake_case"
