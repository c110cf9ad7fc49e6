"""The list of style pictures: what is opened for it, what is closed, and what it says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from plugin_modules import module

picture_choice = module("editor.style.picture_choice")
messages = module("editor.messages")


class Pictures(picture_choice.PictureChoice):  # type: ignore[misc, name-defined]
    """The list without a toolkit; pictures whose names begin with `no` cannot be opened."""

    def __init__(self) -> None:
        self.open, self.shown, self.empty = list[str](), list[Any](), True
        self.changes, self.warned = 0, list[tuple[str, bool]]()
        self.begin_with(self.count, lambda *said: self.warned.append(said))

    def count(self) -> None:
        """One change more."""
        self.changes += 1

    def open_picture(self, text: str) -> Any:
        """It has a name and no pixels."""
        if text.startswith("no"):
            raise messages.RefusedError(f"{text} is not there")
        self.open.append(text)
        return SimpleNamespace(name=text, weight=1.0)

    def close_picture(self, style: Any) -> None:
        """Note it."""
        self.open.remove(style.name)

    def is_there(self, row: Any) -> bool:
        """But for those that left."""
        return not row.text.startswith("left")

    def make_row(self, text: str, style: Any, weight: float) -> Any:
        """It fails for some."""
        if text.startswith("odd"):
            raise ValueError(text)
        return SimpleNamespace(text=text, style=style, weight=weight)

    def put_in(self, row: Any) -> None:
        """At the end."""
        self.shown.append(row)

    def take_out(self, row: Any) -> None:
        """From where it is."""
        self.shown.remove(row)

    def weight_in(self, row: Any) -> float:
        """As it was given."""
        weight: float = row.weight
        return weight

    def show_empty(self, empty: bool) -> None:
        """Note it."""
        self.empty = empty


def test_those_that_are_there_are_added() -> None:
    """With their weights; of the first other one it is told why not."""
    pictures = Pictures()
    pictures.add_all(["a", "no b", "c", "no d"], "1, 2, 0.5, 1")
    assert pictures.texts() == ["a", "c"]
    assert [style.weight for style in pictures.styles()] == [1.0, 0.5]
    assert pictures.changes == 1
    assert pictures.warned == [("no b is not there", True)]
    assert not pictures.empty


def test_weights_that_do_not_fit_are_all_one() -> None:
    """The pictures are added all the same."""
    pictures = Pictures()
    pictures.add_all(["a", "b"], "3")
    assert [style.weight for style in pictures.styles()] == [1.0, 1.0]


def test_removed_and_replaced_ones_are_closed() -> None:
    """What is open is what is in the list."""
    pictures = Pictures()
    pictures.add_all(["a", "b"])
    pictures.remove_row(pictures.shown[0])
    assert pictures.open == pictures.texts() == ["b"]
    pictures.replace(["c", "d"], "")
    assert pictures.open == pictures.texts() == ["c", "d"]
    pictures.replace(["no e"], "")
    assert pictures.texts() == ["c", "d"]
    pictures.replace([], "")
    assert pictures.open == []
    assert pictures.empty


def test_all_are_closed_at_the_end_and_after_a_fault() -> None:
    """Nothing stays open in the editor."""
    pictures = Pictures()
    with pytest.raises(ValueError, match="odd"):
        pictures.add_all(["a", "odd"])
    assert pictures.open == []
    pictures.add_all(["a"])
    pictures.end()
    assert pictures.open == []


def test_those_that_left_are_known() -> None:
    """Their documents may be closed while they are in the list."""
    pictures = Pictures()
    pictures.add_all(["a", "left"])
    assert pictures.are_there() == [True, False]
