"""What the buttons for the painter's own presets ask, and what becomes of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plugin_modules import FOLDER, module

own_choice = module("editor.dialog.own_choice")
settings = module("editor.settings")


class Asked:
    """The painter's answers, in place of a dialog."""

    def __init__(self, *answers: tuple[str, str]) -> None:
        self.answers, self.asked, self.warned = list(answers), list[str](), list[str]()
        self.replaces, self.closed = True, False

    def answer(self) -> tuple[str, str] | None:
        """The next one; None at their end."""
        return self.answers.pop(0) if self.answers else None

    def agrees(self, text: str) -> bool:
        """Whether a preset is to be replaced."""
        self.asked.append(text)
        return self.replaces

    def warn(self, text: str) -> None:
        """Note it."""
        self.warned.append(text)

    def close(self) -> None:
        """Note it."""
        self.closed = True


class Buttons(own_choice.OwnChoice):  # type: ignore[misc, name-defined]
    """The buttons without a toolkit."""

    def __init__(self, folder: Path) -> None:
        known = settings.Settings(str(FOLDER))
        known.presets_folder = str(folder)
        self.settings, self.changes, self.told = known, list[Any](), list[str]()
        self.dialog, self.deletes, self.allowed = Asked(), True, (False, False)
        self.begin_with(known, lambda: known.recipe("custom", {}), None, self.note)

    def note(self, name: str | None, saved: bool = False) -> None:
        """What has changed."""
        self.changes.append((name, saved))

    def question(self, *_: Any, **__: Any) -> Asked:
        """The answers."""
        return self.dialog

    def agrees(self, _: str) -> bool:
        """As set."""
        return self.deletes

    def tell(self, text: str) -> None:
        """Note it."""
        self.told.append(text)

    def allow(self, saving: bool, changing: bool) -> None:
        """Note it."""
        self.allowed = saving, changing

    def answer(self, *answers: tuple[str, str]) -> Asked:
        """Answer the next dialog so."""
        self.dialog = Asked(*answers)
        return self.dialog


def names(folder: Path) -> list[str]:
    """The files in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_presets_are_saved_renamed_and_deleted(tmp_path: Path) -> None:
    """Each time the file, the settings and the dialog follow."""
    buttons = Buttons(tmp_path)
    buttons.show_preset(None)
    assert buttons.allowed == (True, False)
    asked = buttons.answer(("My forest", "green"))
    buttons.save()
    assert asked.closed
    assert names(tmp_path) == ["My forest.json"]
    assert buttons.settings.presets["My forest"]["description"] == "green"
    buttons.show_preset("My forest")
    assert buttons.allowed == (True, True)
    buttons.answer(("My wood", ""))
    buttons.rename()
    assert names(tmp_path) == ["My wood.json"]
    assert "My forest" not in buttons.settings.presets
    buttons.show_preset("My wood")
    buttons.delete()
    assert names(tmp_path) == []
    assert buttons.changes == [("My forest", True), ("My wood", False), (None, False)]


def test_names_are_asked_for_again(tmp_path: Path) -> None:
    """Where they are not allowed, and where the painter does not want to replace a preset."""
    buttons = Buttons(tmp_path)
    asked = buttons.answer(("a/b", ""), ("fine", ""))
    buttons.save()
    assert len(asked.warned) == 1
    assert names(tmp_path) == ["fine.json"]
    asked = buttons.answer(("Fine", ""))
    asked.replaces = False
    buttons.save()
    assert len(asked.asked) == 1
    assert asked.closed
    assert buttons.changes == [("fine", True)]


def test_nothing_happens_where_it_is_not_wanted(tmp_path: Path) -> None:
    """By Cancel."""
    buttons = Buttons(tmp_path)
    buttons.answer(("mine", ""))
    buttons.save()
    buttons.show_preset("mine")
    buttons.answer()
    buttons.save()
    buttons.rename()
    buttons.deletes = False
    buttons.delete()
    assert names(tmp_path) == ["mine.json"]
    assert buttons.changes == [("mine", True)]
