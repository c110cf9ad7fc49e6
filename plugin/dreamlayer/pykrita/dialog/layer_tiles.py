"""Tiles with pictures of layers or channels; pictures are asked for as tiles come into view."""

from ..qt import QtCore
from .parameter_rows import tooltip
from .short_text import breakable
from .tiles import TileBoard

_SIZE = QtCore.QSize(84, 84)
"""Size of a picture in pixels."""

_DELAY = 60


class LayerTiles(TileBoard):
    """Tiles in sections.

    Parameters
    ----------
    clicked : callable
        Called with the key of the tile that is clicked.
    seen : callable
        Called, soon after something else is in view, with the keys of the tiles in view that have
        no picture.
    """

    def __init__(self, clicked, seen):
        super().__init__(_SIZE, clicked)
        self._seen, self._by_key = seen, {}
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        self.verticalScrollBar().valueChanged.connect(lambda _: self.look())
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self.look())

    def clear(self):
        """Remove all tiles."""
        super().clear()
        self._by_key = {}

    def add_tile(self, key, title, tip):
        """Add a tile to the last section."""
        self._by_key[key] = super().add_tile(key, breakable(title), tooltip(tip))
        self.look()

    def has(self, key):
        """Whether there is such a tile."""
        return key in self._by_key

    def show_picture(self, key, picture):
        """Give a tile its picture."""
        if key in self._by_key:
            self._by_key[key].show_picture(picture)

    def mark(self, keys):
        """Show which tiles are chosen."""
        for key, tile in self._by_key.items():
            tile.setChecked(key in keys)

    def set_sensitive(self, sensitive):
        """Let the painter click, or not."""
        self.widget().setEnabled(sensitive)

    def look(self):
        """Ask, after a while, for the pictures that are missing in view."""
        self._timer.start(_DELAY)

    def showEvent(self, event):  # noqa: N802  (Qt's own name)
        """Something else is in view."""
        super().showEvent(event)
        self.look()

    def resizeEvent(self, event):  # noqa: N802  (Qt's own name)
        """More or less is in view."""
        super().resizeEvent(event)
        self.look()

    def _look(self):
        self.arrange()
        if self.isVisible():
            self._seen([tile.key for tile in self.seen_tiles() if tile.picture is None])
