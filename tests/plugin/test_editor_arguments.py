"""The arguments of a filter in editors that have no objects for them."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_modules import module

arguments = module("editor.dialog.arguments")


@pytest.fixture
def some() -> Any:
    """Arguments of each kind."""
    values = {"steps": 10, "step-size": 0.5, "network": "", "style-pictures": []}
    return arguments.Arguments(values)


def _told(some: Any, signal: str) -> list[tuple[str, Any]]:
    """The changes that are told from now on, as pairs of name and value."""
    told: list[tuple[str, Any]] = []
    some.connect(signal, lambda one, spec: told.append((spec.name, one.get_property(spec.name))))
    return told


def test_changes_are_told(some: Any) -> None:
    """Who listens to all arguments or to one hears of a change, and reads the new value."""
    told, of_steps = _told(some, "notify"), _told(some, "notify::steps")
    some.set_property("steps", 12)
    some.set_property("network", "vgg16")
    assert told == [("steps", 12), ("network", "vgg16")]
    assert of_steps == [("steps", 12)]


def test_what_stays_is_not_told(some: Any) -> None:
    """Setting the value that is set tells nobody, so that widgets may follow each other."""
    told = _told(some, "notify")
    some.set_property("steps", 10)
    some.set_property("style-pictures", [])
    assert told == []


def test_numbers_keep_their_kind(some: Any) -> None:
    """A whole number for a fraction is stored as a fraction."""
    some.set_property("step-size", 1)
    assert isinstance(some.get_property("step-size"), float)


def test_lists_are_copies(some: Any) -> None:
    """A list that somebody changes later changes no argument."""
    pictures = ["a.png"]
    some.set_property("style-pictures", pictures)
    pictures.append("b.png")
    some.get_property("style-pictures").append("c.png")
    assert some.values()["style-pictures"] == ["a.png"]


def test_unknown_names_fail(some: Any) -> None:
    """A mistyped name fails at once, for reading, setting and listening."""
    with pytest.raises(KeyError):
        some.get_property("step_size")
    with pytest.raises(KeyError):
        some.set_property("step_size", 1.0)
    for signal in ("notify::step_size", "changed"):
        with pytest.raises(ValueError, match="no signal"):
            some.connect(signal, print)
