"""The layers to dream of as the page with their pictures reads, changes and writes them."""

from __future__ import annotations

import pytest
from plugin_modules import FOLDER, module

from dreamlayer.core.recipe.term import format_terms, parse_terms

terms = module("editor.dialog.layer_terms")
settings = module("editor.settings").Settings(str(FOLDER))

TEXTS = (
    "mixed3",
    "mixed3:0.5",
    "mixed4:-1.25:13",
    "mixed4:1:13+20+25:mean",
    "mixed3, mixed4:0.5, mixed3:2:7",
    "mixed2:0.2:::border=2",
    "mixed5:1:3:neuron:position=4x7",
    "mixed4:0.3333333333333333",
    "mixed3:1::guide, mixed4:-2",
    "a/b_c.d-e:1e-07",
)


@pytest.mark.parametrize("text", TEXTS)
def test_round_trip(text: str) -> None:
    """What is not changed is written as it was, and as the core writes it."""
    assert terms.write(terms.read(text)) == text == format_terms(parse_terms(text))


@pytest.mark.parametrize("name", settings.presets)
def test_round_trip_of_presets(name: str) -> None:
    """The text of each preset stays the same, so that it is still known as that preset."""
    text = settings.preset_values(name)["layers"]
    assert terms.write(terms.read(text)) == text


@pytest.mark.parametrize(
    "text",
    ["mixed3:1.0", "mixed4::5-8+20", " mixed3 ,mixed4:.5:", "mixed4:+2:::border=1", "M:-1E2::Mean"],
)
def test_other_spellings_mean_the_same(text: str) -> None:
    """Whatever the core reads is read, and means the same to it afterwards."""
    assert parse_terms(terms.write(terms.read(text))) == parse_terms(text)


@pytest.mark.parametrize(
    "text", ["mixed3:heavy", "mixed3,", "mixed3:1:9-5", "mixed3:1:x", ":1", "a:1:0-9999"]
)
def test_unreadable(text: str) -> None:
    """What cannot be read is told, not guessed at."""
    assert terms.read(text) is None


def test_nothing_is_no_layer() -> None:
    """An empty text has no layers."""
    assert terms.read(" ") == []
    assert terms.write([]) == ""


def test_weight_changes_nothing_else() -> None:
    """A slider keeps channels, kind and options."""
    (one,) = terms.read("mixed4:0.5:13+20:neuron:position=4x7")
    changed = one._replace(weight=-1.5)
    assert terms.write([changed]) == "mixed4:-1.5:13+20:neuron:position=4x7"


def test_click_adds_and_removes_a_layer() -> None:
    """A layer is added at the end; a further click removes it, however often it is there."""
    chosen = terms.read("mixed3:0.5:7, mixed4, mixed3")
    added = terms.with_layer(chosen, "mixed5")
    assert terms.write(added) == "mixed3:0.5:7, mixed4, mixed3, mixed5"
    assert terms.write(terms.with_layer(added, "mixed3")) == "mixed4, mixed5"


def test_click_adds_and_removes_a_channel() -> None:
    """Channels come in the order in which they were clicked; without any, all count."""
    (one,) = terms.read("mixed4:0.5::mean")
    two = terms.toggled(terms.toggled(one, 20), 3)
    assert terms.write([two]) == "mixed4:0.5:20+3:mean"
    assert terms.write([terms.toggled(two, 20)]) == "mixed4:0.5:3:mean"
    assert terms.toggled(terms.toggled(two, 20), 3) == one
