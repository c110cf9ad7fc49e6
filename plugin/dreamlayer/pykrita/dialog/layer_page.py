"""The page of the dialog where layers and channels are chosen by what they dream of."""

from ...editor.dialog.layer_choice import LayerChoice
from ..qt import Qt, QtWidgets
from . import screen
from .channel_page import ChannelPage
from .chosen_layers import ChosenLayers
from .layer_tiles import LayerTiles
from .tiles import see_through

_CHOSEN_HEIGHT = 108
"""Two rows: more would leave too little for the tiles on a small screen."""


class LayerPage(LayerChoice, QtWidgets.QStackedWidget):
    """The chosen layers, and tiles of all of them; or the channels of one.

    Parameters
    ----------
    config : editor.dialog.arguments.Arguments
        The arguments, of which `layers` is read and set.
    gallery : editor.dialog.galleries.GalleryMaker
        Makes the pictures.
    """

    def __init__(self, config, gallery):
        QtWidgets.QStackedWidget.__init__(self)
        self.begin_with(config, gallery, screen)
        self.chosen = ChosenLayers(self.weigh, self.open_channels, self.remove)
        self.tiles = LayerTiles(self.click_layer, self.ask)
        self._note = QtWidgets.QLabel()
        self._note.setWordWrap(True)
        self.channels = ChannelPage(self.click_channel, self.ask, self.close_channels)
        self._add_pages()
        config.connect("notify::layers", lambda *_: self.read())
        self.read()

    def is_seen(self):
        """Whether the page is on the screen."""
        return self.isVisible()

    def showEvent(self, event):  # noqa: N802  (Qt's own name)
        """The page is seen."""
        super().showEvent(event)
        self.begin()

    def show_page(self, name):
        """Turn to the page `layers` or `channels`."""
        self.setCurrentWidget(self.channels if name == "channels" else self._first)

    def show_last_chosen(self):
        """Scroll the chosen layers to the last one."""
        bar = self._scrolled.verticalScrollBar()
        bar.setValue(bar.maximum())

    def show_note(self, text):
        """Show a sentence above the tiles; none where it is empty."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _add_pages(self):
        self._first = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(self._first)
        column.setContentsMargins(6, 6, 6, 6)
        self._scrolled = _Low(self.chosen, _CHOSEN_HEIGHT)
        column.addWidget(self._scrolled)
        column.addWidget(self._note)
        column.addWidget(self.tiles, 1)
        self.addWidget(self._first)
        self.addWidget(self.channels)


class _Low(QtWidgets.QScrollArea):
    """A scroll bar for a widget, which is as high as that, up to a height in pixels."""

    def __init__(self, widget, highest):
        super().__init__()
        self._highest = highest
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(widget)
        see_through(self)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):  # noqa: N802  (Qt's own name)
        """Follow the widget's height."""
        if event.type() == event.Type.LayoutRequest:
            self._follow()
        return super().eventFilter(watched, event)

    def showEvent(self, event):  # noqa: N802  (Qt's own name)
        """Be as high as what there is by now."""
        super().showEvent(event)
        self._follow()

    def _follow(self):
        wanted = max(0, self.widget().sizeHint().height())
        self.setFixedHeight(min(wanted, self._highest))
