"""The left side of the dialog: the preview, its tools, and how far it is."""

from krita import Krita

from ...editor.translation import _
from ..qt import Qt, QtCore, QtWidgets
from .mnemonics import label
from .preview_view import PreviewView

_SIGN = 16
"""Side of the sign of a warning, in pixels."""

_Key = Qt.Key


class PreviewPane(QtWidgets.QWidget):
    """The picture, buttons to look at it, a progress bar and a text.

    Parameters
    ----------
    width, height : int
        The size of the whole picture in pixels.
    about : str
        What is previewed, as a text.
    moved : callable
        Called when another part is seen.

    Attributes
    ----------
    view : PreviewView
        The picture.
    """

    def __init__(self, width, height, about, moved):
        super().__init__()
        self._told = moved
        self.view = PreviewView(width, height, self._moved)
        frame = QtWidgets.QFrame()
        frame.setFrameStyle(QtWidgets.QFrame.Shape.StyledPanel | QtWidgets.QFrame.Shadow.Sunken)
        _filled(QtWidgets.QVBoxLayout(frame), self.view)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(frame, 1)
        column.addLayout(self._tools())
        self._bar = QtWidgets.QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        column.addWidget(self._bar)
        column.addLayout(self._text(about))

    def say(self, text, fraction):
        """Set the text below the picture, and the progress, 0..1."""
        self._sign.hide()
        self._words.setText(text)
        self._words.setToolTip(text)
        self._bar.setValue(round(1000 * fraction))

    def warn(self, text):
        """Say why something cannot be done."""
        self.say(text, 0.0)
        self._sign.show()

    def press(self, key, pressed):
        """Do what a key, a `Qt.Key`, stands for; whether it stands for something."""
        view = self.view
        if key == _Key.Key_O:
            view.hold_original(pressed)
            return True
        actions = {
            _Key.Key_S: self._split.toggle,
            _Key.Key_Plus: lambda: view.zoom(lambda port: port.zoom_in()),
            _Key.Key_Equal: lambda: view.zoom(lambda port: port.zoom_in()),
            _Key.Key_Minus: lambda: view.zoom(lambda port: port.zoom_out()),
            _Key.Key_0: lambda: view.zoom(lambda port: port.fit()),
            _Key.Key_1: lambda: view.zoom(_one_to_one),
        }
        if key not in actions:
            return False
        if pressed:
            actions[key]()
        return True

    def _text(self, about):
        """The row with what is said, and what is previewed."""
        row = QtWidgets.QHBoxLayout()
        self._sign = QtWidgets.QLabel()
        warning = QtWidgets.QStyle.StandardPixmap.SP_MessageBoxWarning
        self._sign.setPixmap(self.style().standardIcon(warning).pixmap(_SIGN, _SIGN))
        self._sign.hide()
        self._words, told = QtWidgets.QLabel(), QtWidgets.QLabel(about)
        top, right = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignRight
        # Two lines, whatever is said, so that the preview keeps its size.
        height = 2 * self.fontMetrics().lineSpacing() + 2
        for text, where in ((self._words, top), (told, top | right)):
            text.setWordWrap(True)
            text.setAlignment(where)
            text.setFixedHeight(height)
            # Painters may name a layer `<b>`.
            text.setTextFormat(Qt.TextFormat.PlainText)
        told.setEnabled(False)
        told.setToolTip(about)
        row.addWidget(self._sign, 0, top)
        row.addWidget(self._words, 3)
        row.addWidget(told, 2)
        return row

    def _tools(self):
        row = QtWidgets.QHBoxLayout()
        zooms = QtWidgets.QHBoxLayout()
        zooms.setSpacing(0)
        for icon, tip, how in (
            ("zoom-fit", _("Show the whole picture (0)"), lambda port: port.fit()),
            (None, _("Show each pixel as one on the screen (1)"), _one_to_one),
            ("zoom-out", _("Zoom out (−, or the wheel)"), lambda port: port.zoom_out()),
            ("zoom-in", _("Zoom in (+, or the wheel)"), lambda port: port.zoom_in()),
        ):
            button = QtWidgets.QToolButton()
            button.setAutoRaise(True)
            if icon is None:
                button.setText("1:1")
            else:
                button.setIcon(Krita.instance().icon(icon))
                button.setIconSize(QtCore.QSize(18, 18))
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(lambda _, how=how: self.view.zoom(how))
            zooms.addWidget(button)
        row.addLayout(zooms)
        self._percent = QtWidgets.QLabel()
        row.addWidget(self._percent)
        row.addStretch(1)
        original = QtWidgets.QPushButton(label(_("Ori_ginal")))
        original.setToolTip(_("Shows the original as long as it is pressed (hold O)"))
        original.pressed.connect(lambda: self.view.hold_original(True))
        original.released.connect(lambda: self.view.hold_original(False))
        self._split = QtWidgets.QPushButton(label(_("Split _View")))
        self._split.setCheckable(True)
        self._split.setToolTip(
            _("The original at the left of a line that can be dragged, the result to the right (S)")
        )
        self._split.toggled.connect(self.view.set_split)
        for button in (original, self._split):
            # Enter is for the window's own button.
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    def _moved(self):
        self._percent.setText("{} %".format(self.view.viewport.percent()))
        self._told()


def _filled(layout, widget):
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(widget)


def _one_to_one(port):
    port.zoom_to(1.0)
