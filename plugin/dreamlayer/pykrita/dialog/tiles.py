"""Tiles in sections: pictures with names, chosen by mouse or keys, as many in a row as fit."""

from ..qt import Qt, QtCore, QtWidgets
from .short_text import ShortLabel
from .tab_order import follow
from .tile import Tile

_GAP = 4


class _Flow(QtWidgets.QWidget):
    """Tiles in rows, all of one size."""

    def __init__(self, fewest):
        super().__init__()
        self._fewest, self.tiles = fewest, []

    def add(self, tile):
        """Put a tile at the end."""
        tile.setParent(self)
        self.tiles.append(tile)
        tile.show()

    def resizeEvent(self, _event):  # noqa: N802  (Qt's own name)
        """Place the tiles."""
        self.place()

    def place(self):
        """Place those that are shown, and be as high as they are."""
        shown = [tile for tile in self.tiles if not tile.isHidden()]
        if not shown or self.width() < 1:
            return
        wanted = shown[0].sizeHint().width()
        columns = max(self._fewest, (self.width() + _GAP) // (wanted + _GAP))
        width = (self.width() + _GAP) // columns - _GAP
        height = max(tile.height_of(width) for tile in shown)
        for number, tile in enumerate(shown):
            down, across = divmod(number, columns)
            left = across * (width + _GAP)
            if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
                left = self.width() - left - width
            tile.setGeometry(left, down * (height + _GAP), width, height)
        rows = -(-len(shown) // columns)
        self.setFixedHeight(rows * (height + _GAP))


def see_through(area):
    """Let a `QScrollArea` show the ground below it, which in tabs may be another than its own."""
    area.viewport().setAutoFillBackground(False)
    area.widget().setAutoFillBackground(False)


class TileBoard(QtWidgets.QScrollArea):
    """Sections of tiles, to be scrolled.

    Parameters
    ----------
    size : QSize
        The size of the pictures.
    clicked : callable
        Called with the key of the tile that is clicked.
    fewest : int
        Tiles in a row at least.
    """

    def __init__(self, size, clicked, fewest=3):
        super().__init__()
        self._size, self._clicked, self._fewest = size, clicked, fewest
        self._sections, self._current, self._last = [], None, None
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QtWidgets.QWidget()
        self.column = QtWidgets.QVBoxLayout(page)
        self.column.setContentsMargins(2, 2, 2, 2)
        self.column.setSpacing(6)
        self.column.addStretch(1)
        self.setWidget(page)
        see_through(self)

    def clear(self):
        """Remove all tiles."""
        for part, _flow in self._sections:
            part.hide()
            self.column.removeWidget(part)
            part.deleteLater()
        self._sections, self._current, self._last = [], None, None

    def add_section(self, title, note=""):
        """Begin a section; without a title or a note it has none. Its widget is returned."""
        part = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if title:
            label = ShortLabel()
            font = label.font()
            font.setBold(True)
            label.setFont(font)
            label.set_text(title)
            column.addWidget(label)
        if note:
            said = QtWidgets.QLabel(note)
            said.setWordWrap(True)
            column.addWidget(said)
        flow = _Flow(self._fewest)
        column.addWidget(flow)
        # Before the stretch at the end.
        self.column.insertWidget(self.column.count() - 1, part)
        self._sections.append((part, flow))
        return part

    def add_tile(self, key, title, tip, size=None):
        """Add a tile to the last section; it is returned."""
        tile = Tile(key, title, tip, size or self._size, self)
        tile.clicked.connect(lambda: self._clicked(key))
        self._sections[-1][1].add(tile)
        follow(self._last or self, [tile])
        self._last = tile
        if self._current is None:
            self.remember(tile)
        return tile

    def arrange(self):
        """Place the tiles, of which some were added, hidden or shown."""
        for _part, flow in self._sections:
            flow.place()

    def tiles(self):
        """All tiles, in order."""
        return [tile for _part, flow in self._sections for tile in flow.tiles]

    def seen_tiles(self):
        """Those within the page that is scrolled, but for hidden ones."""
        view = QtCore.QRect(0, self.verticalScrollBar().value(), 1, self.viewport().height())
        found = []
        for tile in self.tiles():
            top = tile.mapTo(self.widget(), QtCore.QPoint(0, 0)).y()
            if tile.isVisible() and top <= view.bottom() and top + tile.height() > view.top():
                found.append(tile)
        return found

    def remember(self, tile):
        """Let Tab lead to this tile, and to no other one."""
        if self._current is not None:
            self._current.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._current = tile
        tile.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def go(self, tile, across, down):
        """Give the focus to the next tile in a direction."""
        there = [one for one in self.tiles() if one.isVisible() and one.isEnabled()]
        if across:
            if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
                across = -across
            number = there.index(tile) + across
            found = there[number] if 0 <= number < len(there) else None
        else:
            found = self._closest(tile, there, down)
        if found is not None:
            found.setFocus(Qt.FocusReason.OtherFocusReason)
            self.ensureWidgetVisible(found, 0, 24)

    def _closest(self, tile, others, down):
        """The closest tile in the next row, or in the next section."""
        here = self._center(tile)

        def apart(other):
            there = self._center(other)
            return down * (there.y() - here.y()), abs(there.x() - here.x())

        ahead = [one for one in others if apart(one)[0] > 0]
        return min(ahead, key=apart, default=None)

    def _center(self, tile):
        return tile.mapTo(self.widget(), tile.rect().center())
