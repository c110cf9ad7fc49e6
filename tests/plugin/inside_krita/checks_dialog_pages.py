"""Presets, layers, guides and style pictures in the dialogs, in Krita's own Python and Qt."""

import os
import shutil
import tempfile

from dialog_scene import FOLDER, Given, handle_events
from scene import picture

from dreamlayer.editor.settings import DREAM, STYLE, Settings
from dreamlayer.pykrita import guide
from dreamlayer.pykrita.dialog.guide_chooser import GuideChooser
from dreamlayer.pykrita.dialog.own_buttons import OwnButtons
from dreamlayer.pykrita.offered import OF_KRITA
from dreamlayer.pykrita.qt import Qt, QtCore, QtGui, QtWidgets
from dreamlayer.pykrita.style import pictures


def check_presets_are_found_and_chosen():
    """By words, by Enter and by a click; one that is chosen is marked."""
    given = Given()
    chooser = given.side.chooser
    entry = chooser.findChild(QtWidgets.QLineEdit)

    def shown():
        return [tile.key for tile in chooser._board.tiles() if not tile.isHidden()]

    assert shown() == [n for _title, names in given.settings.groups() for n in names]
    entry.setText("eyes")
    assert "eyes" in shown() and len(shown()) < 10, shown()
    for kind in (QtCore.QEvent.Type.KeyPress, QtCore.QEvent.Type.KeyRelease):
        event = QtGui.QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
        QtWidgets.QApplication.sendEvent(entry, event)
    assert given.chosen == shown()[:1], given.chosen
    entry.setText("no such preset")
    assert shown() == []
    entry.clear()
    tile = next(tile for tile in chooser._board.tiles() if tile.key == "flowers")
    tile.click()
    assert given.chosen[-1] == "flowers"
    given.side.show_preset("flowers")
    assert [one.key for one in chooser._board.tiles() if one.isChecked()] == ["flowers"]


def check_arrows_lead_from_preset_to_preset():
    """Also from one section to the next; Tab leads to one of them only."""
    given = Given()
    board = given.side.chooser._board
    tiles = [tile for tile in board.tiles() if tile.isEnabled()]
    assert sum(one.focusPolicy() == Qt.FocusPolicy.StrongFocus for one in tiles) == 1
    board.remember(tiles[0])
    board.go(tiles[0], 1, 0)
    board.remember(tiles[1])
    assert tiles[1].focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert tiles[0].focusPolicy() == Qt.FocusPolicy.ClickFocus
    below = board._closest(tiles[0], tiles, 1)
    assert below is not None and board._center(below).y() > board._center(tiles[0]).y()


def check_layers_are_chosen_by_pictures():
    """A click adds a layer, another removes it; weights and channels are written as text."""
    given = Given()
    page, pages = given.side.layers, given.side.findChild(QtWidgets.QTabWidget)
    given.config.set_property("layers", "mixed3")
    page.show_network("default", [{"name": n, "channels": 60} for n in ("mixed3", "mixed4")])
    pages.setCurrentWidget(page)
    handle_events()
    assert given.gallery.wanted and given.gallery.wanted[0]["layer"] == "mixed3"
    page.hear("done", {"network": "default"}, None)
    tiles = {tile.key[0]: tile for tile in page.tiles.tiles()}
    tiles["mixed4"].click()
    assert given.config.get_property("layers") == "mixed3, mixed4"
    assert tiles["mixed3"].isChecked() and tiles["mixed4"].isChecked()
    page.weigh(1, -0.5)
    assert given.config.get_property("layers") == "mixed3, mixed4:-0.5"
    page.open_channels(1)
    page.channels.tiles.tiles()[7].click()
    assert given.config.get_property("layers") == "mixed3, mixed4:-0.5:7"
    assert page.channels.tiles.tiles()[7].isChecked()
    page.close_channels()
    page.remove(0)
    handle_events()
    assert given.config.get_property("layers") == "mixed4:-0.5:7"
    rgb = bytes(3 * 96 * 96)
    header = {"layer": "mixed4", "channel": 7, "width": 96, "height": 96}
    page.hear("thumbnail", {"network": "default", "layer": "mixed4"}, (header, rgb))
    given.config.set_property("layers", "what:is:this:?")
    assert not page.tiles.widget().isEnabled()


class _Asked:
    """The painter's answers, in place of dialogs."""

    def __init__(self, *answers):
        self.answers, self.said = list(answers), []
        self.answer = lambda: self.answers.pop(0) if self.answers else None

    def agrees(self, text):
        """They do."""
        self.said.append(text)
        return True

    def warn(self, text):
        """Note it."""
        self.said.append(text)

    def close(self):
        """Nothing is open."""


def check_own_presets_are_saved_renamed_and_deleted():
    """In a folder of the painter's; a name that is not allowed is told, and asked for again."""
    settings = Settings(FOLDER, DREAM, OF_KRITA)
    settings.presets_folder = tempfile.mkdtemp()
    changes = []
    buttons = OwnButtons(
        settings,
        lambda: settings.recipe("custom", {}),
        lambda path: None,
        lambda name, saved=False: changes.append((name, saved)),
    )
    buttons.agrees = lambda text: True
    try:
        asked = _Asked(("a/b", ""), ("My forest", "green"))
        buttons.question = lambda *_, **__: asked
        buttons.save()
        assert len(asked.said) == 1 and changes == [("My forest", True)], (asked.said, changes)
        assert os.listdir(settings.presets_folder) == ["My forest.json"]
        buttons.show_preset("My forest")
        buttons.question = lambda *_, **__: _Asked(("My wood", ""))
        buttons.rename()
        assert os.listdir(settings.presets_folder) == ["My wood.json"]
        buttons.show_preset("My wood")
        buttons.delete()
        assert os.listdir(settings.presets_folder) == []
        assert changes[1:] == [("My wood", False), (None, False)], changes
    finally:
        shutil.rmtree(settings.presets_folder)


def check_style_pictures_are_added_weighed_and_removed():
    """Layers, documents and files; one that is not there is told, and left out."""
    made, node = picture()
    given = Given(STYLE)
    found = given.side.pictures
    texts = [pictures.text_of(made, node), pictures.text_of(made)]
    found.add_all([*texts, "/no/such.png"], "1, 0.5, 2")
    assert found.texts() == texts
    assert [style.weight for style in found.styles()] == [1.0, 0.5]
    assert "changed" in given.changes and any("/no/such.png" in one for one in given.changes)
    found._rows[1].field.setValue(1.5)
    assert found.styles()[1].weight == 1.5
    assert found.are_there() == [True, True]
    found.remove_row(found._rows[0])
    assert found.texts() == texts[1:]
    found.replace([], "")
    assert found.texts() == []
    del node
    made.close()


def check_guides_are_layers_of_open_documents():
    """Each with its picture; what is chosen is set, and shown as chosen."""
    made, node = picture()
    given = Given()
    chooser = given.side.findChild(GuideChooser)
    chooser._fill(with_pictures=True)
    text = guide.text_for(node)
    place = chooser._texts.index(text)
    chooser.setCurrentIndex(place)
    chooser.activated.emit(place)
    assert given.config.get_property("guide") == text
    assert chooser.currentIndex() == place
    given.config.set_property("guide", "/a/picture.png")
    assert chooser.currentText() == "picture.png"
    given.config.set_property("guide", "")
    assert chooser.currentIndex() == 0
    del node
    made.close()


def check_tab_leads_to_what_is_seen_next():
    """From the search to a preset; from a chosen layer's weight to the tiles."""
    given = Given()
    given.config.set_property("layers", "mixed3, mixed4")
    page, pages = given.side.layers, given.side.findChild(QtWidgets.QTabWidget)
    page.show_network("default", [{"name": n, "channels": 60} for n in ("mixed3", "mixed4")])
    page.hear("done", {"network": "default"}, None)
    found = {}
    for number, title in enumerate(("presets", "layers")):
        pages.setCurrentIndex(number)
        handle_events()
        found[title] = [type(one).__name__ for one in _tabbed(given.side, pages)]
    assert found["presets"][-1] == "Tile", found
    assert found["layers"] == ["Slider", "NumberField", "QToolButton", "QToolButton"] * 2 + ["Tile"]


def _tabbed(side, pages):
    """The widgets on the open page to which Tab leads, in order."""
    found, one = [], side.nextInFocusChain()
    while one is not side:
        leads = one.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus
        inside = pages.currentWidget().isAncestorOf(one)
        if leads and inside and one.isVisible() and one.isEnabled() and one.focusProxy() is None:
            found.append(one)
        one = one.nextInFocusChain()
    return found
