"""The channels of a layer as pictures, some at a time."""

from ...editor.dialog import words
from ...editor.dialog.leaves import Leaves
from ...editor.translation import _
from ..qt import QtWidgets
from .icons import icon
from .layer_tiles import LayerTiles
from .parameter_rows import tooltip
from .short_text import ShortLabel


class ChannelPage(QtWidgets.QWidget):
    """A button back, the leaves, and tiles.

    Parameters
    ----------
    clicked : callable
        Called with the number of the channel that is clicked.
    seen : callable
        As for `LayerTiles`.
    close : callable
        Called when the painter goes back.

    Attributes
    ----------
    number : int or None
        The number of the term whose channels are shown.
    layer : str
        Its layer.
    tiles : LayerTiles
        The channels.
    """

    def __init__(self, clicked, seen, close):
        super().__init__()
        self.number, self.layer = None, ""
        self._leaves, self._pictures, self._chosen = Leaves(0, ()), {}, ()
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        top = QtWidgets.QHBoxLayout()
        back = QtWidgets.QPushButton(icon("arrow-left"), _("Layers"))
        back.setAutoDefault(False)
        back.clicked.connect(lambda: close())
        top.addWidget(back)
        self._title = ShortLabel(middle=True)
        top.addWidget(self._title, 1)
        self._leaf = QtWidgets.QLabel()
        top.addWidget(self._leaf)
        self._turns = []
        for name, by, tip in (
            ("arrow-left", -1, _("Earlier channels")),
            ("arrow-right", 1, _("Later channels")),
        ):
            button = QtWidgets.QToolButton()
            button.setIcon(icon(name))
            button.setToolTip(tooltip(tip))
            button.setAccessibleName(tip)
            button.clicked.connect(lambda _=False, by=by: self._turn(by))
            top.addWidget(button)
            self._turns.append(button)
        column.addLayout(top)
        note = QtWidgets.QLabel(words.CLICK_CHANNELS)
        note.setWordWrap(True)
        column.addWidget(note)
        self.tiles = LayerTiles(lambda key: clicked(key[1]), seen)
        column.addWidget(self.tiles, 1)

    def open(self, number, term, count, pictures):
        """Show the channels of a term.

        Parameters
        ----------
        number : int
            Its number.
        term : editor.dialog.layer_terms.Term
            The term.
        count : int
            How many channels the layer has; 0 where the network has no such layer.
        pictures : dict
            The pictures that are there, by layer and channel.
        """
        self.number, self.layer, self._pictures = number, term.layer, pictures
        self._title.set_text(term.layer)
        self._title.setToolTip(tooltip(term.layer))
        self._leaves, self._chosen = Leaves(count, term.channels), term.channels
        self._fill()

    def mark(self, channels):
        """Show which channels are chosen."""
        self._chosen = channels
        self.tiles.mark({(self.layer, channel) for channel in channels})

    def _turn(self, by):
        self._leaves.turn(by)
        self._fill()

    def _fill(self):
        self.tiles.clear()
        self.tiles.add_section("")
        for channel in self._leaves.shown():
            key = self.layer, channel
            tip = _("Channel {channel} of {layer}").format(channel=channel, layer=self.layer)
            self.tiles.add_tile(key, str(channel), tip)
            if key in self._pictures:
                self.tiles.show_picture(key, self._pictures[key])
        self._leaf.setText(self._leaves.text())
        self._turns[0].setEnabled(self._leaves.has_earlier())
        self._turns[1].setEnabled(self._leaves.has_later())
        self.tiles.verticalScrollBar().setValue(0)
        self.mark(self._chosen)
        self.tiles.look()
