"""The page of the dialog where presets are chosen by their pictures."""

from ...editor.dialog import words
from ...editor.dialog.catalog import finds
from ...editor.translation import _
from ..qt import Qt, QtCore, QtGui, QtWidgets
from .parameter_rows import tooltip
from .tiles import TileBoard

_PICTURE, _NO_PICTURE = QtCore.QSize(102, 68), QtCore.QSize(102, 0)
"""Size of a preset's picture, in pixels."""

_FEW = 12
"""As many presets need no search."""


class PresetChooser(QtWidgets.QWidget):
    """A field to search, and tiles in sections.

    Parameters
    ----------
    chosen : callable
        Called with the name of the preset that the painter chooses.
    buttons : QWidget
        What is beside the field.
    """

    def __init__(self, chosen, buttons):
        super().__init__()
        self._chosen, self._name, self._sections, self._pictures = chosen, None, [], {}
        self._waiting = []
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        top = QtWidgets.QHBoxLayout()
        self._entry = _SearchField(self._choose_first)
        self._entry.setPlaceholderText(_("Search presets"))
        self._entry.textChanged.connect(lambda _: self._search())
        top.addWidget(self._entry, 1)
        self._room = QtWidgets.QWidget()
        top.addWidget(self._room, 1)
        top.addWidget(buttons)
        column.addLayout(top)
        self._problems, self._nothing = _note(), _note()
        self._nothing.setText(words.NOTHING_FOUND)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._problems)
        column.addWidget(self._nothing)
        self._board = TileBoard(_PICTURE, chosen)
        column.addWidget(self._board, 1)
        self._loading = QtCore.QTimer(self)
        self._loading.timeout.connect(self._load_one)

    def fill(self, sections, problems=()):
        """Show these sections, see `editor.dialog.catalog.sections`.

        `problems` are sentences on files that should be presets of the painter's own.
        """
        said = ["{}.".format(words.sentence(one)) for one in problems]
        self._problems.setText(" ".join(said))
        self._problems.setToolTip(tooltip("\n".join(said)))
        self._problems.setVisible(bool(said))
        many = sum(len(tiles) for _title, tiles in sections) > _FEW
        if not many:
            # What was typed into it would go on to hide tiles.
            self._entry.clear()
        self._entry.setVisible(many)
        self._room.setVisible(not many)
        place = self._board.verticalScrollBar().value()
        self._board.clear()
        self._sections = [(title, *self._section(title, tiles)) for title, tiles in sections]
        self._search()
        self.show_preset(self._name)
        self._waiting = [
            (tile, one.picture)
            for _title, _part, shown in self._sections
            for one, tile in shown
            if one.picture
        ]
        self._waiting.reverse()
        self._loading.start(0)
        QtCore.QTimer.singleShot(0, lambda: self._board.verticalScrollBar().setValue(place))

    def show_preset(self, name):
        """Mark a preset; None marks none of them."""
        self._name = name
        for tile in self._board.tiles():
            tile.setChecked(tile.key == name)
            if tile.isChecked():
                self._board.remember(tile)

    def search(self):
        """Put the cursor into the field to search, or onto the presets where they are few."""
        if not self._entry.isHidden():
            self._entry.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._entry.selectAll()
        elif self._board.tiles():
            self._board.tiles()[0].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _section(self, title, tiles):
        """A section's widget, and its presets with their tiles."""
        missing = bool(tiles) and all(tile.missing for tile in tiles)
        part = self._board.add_section(title, words.NETWORKS_MISSING if missing else "")
        return part, [(one, self._tile(one)) for one in tiles]

    def _tile(self, one):
        tip = one.about or one.title
        if one.missing:
            tip = words.NETWORK_MISSING.format(network=one.missing)
        size = _PICTURE if one.picture else _NO_PICTURE
        tile = self._board.add_tile(one.name, one.title, tooltip(tip), size)
        tile.setEnabled(not one.missing)
        return tile

    def _choose_first(self):
        """Choose what the search found first."""
        for _title, _part, shown in self._sections:
            for one, tile in shown:
                if not tile.isHidden() and tile.isEnabled():
                    self._chosen(one.name)
                    return

    def _search(self):
        """Show the tiles that the typed words find."""
        typed, any_found = self._entry.text(), False
        for title, part, shown in self._sections:
            found = False
            for one, tile in shown:
                fits = finds(one, title, typed)
                tile.setVisible(fits)
                found = found or fits
            part.setVisible(found)
            any_found = any_found or found
        self._nothing.setVisible(not any_found)
        self._board.arrange()

    def _load_one(self):
        """Load one picture after another while nothing else is to be done."""
        if not self._waiting:
            self._loading.stop()
            return
        tile, path = self._waiting.pop()
        if path not in self._pictures:
            self._pictures[path] = self._load(path)
        if self._pictures[path] is not None:
            tile.show_picture(self._pictures[path])

    def _load(self, path):
        """A picture in the screen's own pixels; None where it is damaged."""
        picture = QtGui.QPixmap(path)
        if picture.isNull():
            return None
        keep, smooth = (
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        return picture.scaled(_PICTURE * self.devicePixelRatioF(), keep, smooth)


class _SearchField(QtWidgets.QLineEdit):
    """A line; Enter chooses what was found, Escape shows all again, and later leaves the dialog."""

    def __init__(self, chosen):
        super().__init__()
        self._chosen = chosen
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event):  # noqa: N802  (Qt's own name)
        """Before the dialog takes these keys."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._chosen()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


def _note():
    """A sentence that is hidden at first."""
    note = QtWidgets.QLabel()
    note.setWordWrap(True)
    note.setVisible(False)
    return note
