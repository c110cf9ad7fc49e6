"""The style pictures in the dialog: a thumbnail, a weight and a button to remove it for each."""

import os

from ...editor.style import words
from ...editor.style.picture_choice import PictureChoice
from ...editor.translation import _
from ..color import SCREEN
from ..dialog import mnemonics
from ..dialog.chosen_layers import Picture
from ..dialog.coming_back import ComingBack
from ..dialog.icons import icon
from ..dialog.numbers import NumberField, Slider
from ..dialog.parameter_rows import tooltip
from ..dialog.short_text import ShortLabel
from ..dialog.tab_order import follow
from ..qt import QtCore, QtGui, QtWidgets
from . import pictures
from .picture_menu import PictureMenu

_SIDE = 56
_HEAVIEST, _STEP = 5.0, 0.1


class PictureList(PictureChoice, QtWidgets.QWidget):
    """A list to add to, and to remove from.

    Parameters
    ----------
    changed, warn
        As for `editor.style.picture_choice.PictureChoice.begin_with`.
    """

    def __init__(self, changed, warn):
        QtWidgets.QWidget.__init__(self)
        self.begin_with(changed, warn)
        self._were_there = []
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        self._empty = QtWidgets.QLabel(words.ADD_ONE)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self._area = _boxed(self._list())
        column.addWidget(self._area, 1)
        buttons = QtWidgets.QHBoxLayout()
        tip = _("A layer of an open image, or the whole image as it is seen")
        self._open = _button(_("Add _Layer or Image…"), tip, self._show_menu)
        tip = _("Pictures of any format that Krita opens")
        files = _button(_("Add _Files…"), tip, self._ask_files)
        for button in (self._open, files):
            buttons.addWidget(button, 1)
        column.addLayout(buttons)
        self._coming_back = ComingBack(self, self._look)

    def open_picture(self, text):
        """In Krita, by the name that the painter knows it by."""
        return pictures.opened([text], "1")[0]

    def is_there(self, row):
        """Files were read; what else it is must still be open when the work begins."""
        return os.path.isabs(row.text) or pictures.found(row.text) is not None

    def weight_in(self, row):
        """As its field says."""
        return row.field.number()

    def put_in(self, row):
        """Below the others."""
        self._column.insertWidget(self._column.count() - 1, row)
        last = self._rows[-1].fields[-1] if self._rows else self._area
        follow(last, row.fields)

    def take_out(self, row):
        """From the column."""
        row.hide()
        self._column.removeWidget(row)
        row.deleteLater()

    def show_empty(self, empty):
        """With a label in the middle."""
        self._empty.setVisible(empty)

    def make_row(self, text, style, weight):
        """A thumbnail, a weight and a button."""
        row = QtWidgets.QWidget()
        row.text, row.style = text, style
        line = QtWidgets.QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        picture = Picture(_SIDE)
        width, height, rgba = style.rows("uint8", SCREEN, _SIDE)
        picture.show_picture(_image(width, height, rgba))
        line.addWidget(picture)
        middle = QtWidgets.QVBoxLayout()
        middle.setSpacing(0)
        name = ShortLabel(middle=True)
        name.set_text(style.name)
        name.setToolTip(tooltip(text if os.path.isabs(text) else style.name))
        middle.addWidget(name)
        row.field = NumberField(0, max(weight, _HEAVIEST), _STEP, 1)
        row.field.setValue(weight)
        slider = Slider(0, _HEAVIEST, _STEP)
        slider.tie(row.field)
        for field in (slider, row.field):
            field.setToolTip(tooltip(_("How much this picture counts beside the others")))
        row.field.valueChanged.connect(lambda _: self._changed())
        values = QtWidgets.QHBoxLayout()
        values.addWidget(slider, 1)
        values.addWidget(row.field)
        middle.addLayout(values)
        line.addLayout(middle, 1)
        remove = QtWidgets.QToolButton()
        remove.setIcon(icon("edit-delete"))
        remove.setAutoRaise(True)
        remove.setToolTip(tooltip(_("Remove this picture")))
        remove.setAccessibleName(_("Remove this picture"))
        # Not while the button is being pressed, which goes with the row.
        remove.clicked.connect(lambda: QtCore.QTimer.singleShot(0, lambda: self.remove_row(row)))
        line.addWidget(remove)
        row.fields = slider, row.field, remove
        return row

    def _list(self):
        """The page of the rows."""
        page = QtWidgets.QWidget()
        self._column = QtWidgets.QVBoxLayout(page)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._column.addWidget(self._empty, 1)
        self._column.addStretch(0)
        return page

    def _show_menu(self):
        """Offer what is open now."""
        menu = PictureMenu(self, lambda text: self.add_all([text]))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._open.mapToGlobal(QtCore.QPoint(0, self._open.height())))

    def _ask_files(self):
        paths, _kind = QtWidgets.QFileDialog.getOpenFileNames(self.window(), _("Style Pictures"))
        if paths:
            self.add_all([os.path.abspath(path) for path in paths])

    def _look(self):
        """Tell where pictures have gone or come back meanwhile."""
        there = self.are_there()
        if self._rows and len(there) == len(self._were_there) and there != self._were_there:
            self._changed()
        self._were_there = there


def _boxed(page):
    """A page that scrolls up and down, in a frame."""
    area = QtWidgets.QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area


def _button(title, tip, call):
    button = QtWidgets.QPushButton(mnemonics.label(title))
    button.setAutoDefault(False)
    button.setToolTip(tooltip(tip))
    button.clicked.connect(lambda: call())
    return button


def _image(width, height, rgba):
    """An image with pixels of its own: Qt does not keep the bytes that it is made of."""
    kind = QtGui.QImage.Format.Format_RGBA8888
    return QtGui.QImage(rgba, width, height, 4 * width, kind).copy()
