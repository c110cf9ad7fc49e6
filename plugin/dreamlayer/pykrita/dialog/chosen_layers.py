"""The layers that are chosen: a picture, a weight and buttons for each."""

from ...editor.dialog.layer_terms import about
from ...editor.dialog.number_fields import (
    FARTHEST_WEIGHT,
    WEIGHT_DIGITS,
    WEIGHT_SLIDER,
    WEIGHT_STEP,
)
from ...editor.translation import _
from ..qt import QtCore, QtGui, QtWidgets
from .icons import icon
from .numbers import NumberField, Slider
from .parameter_rows import tooltip
from .short_text import ShortLabel
from .tab_order import follow
from .tile import draw_empty

_PICTURE = 44


class ChosenLayers(QtWidgets.QWidget):
    """Rows, one for each term.

    Parameters
    ----------
    weigh : callable
        Called with a row's number and another weight.
    open_channels, remove : callable
        Called with a row's number.
    """

    def __init__(self, weigh, open_channels, remove):
        super().__init__()
        self._weigh, self._open, self._remove = weigh, open_channels, remove
        self._rows = []
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def show_terms(self, terms):
        """Show these terms; rows of the same layers and channels stay, so that they can be held."""
        if [row.term._replace(weight=0) for row in self._rows] != [
            term._replace(weight=0) for term in terms
        ]:
            for row in self._rows:
                row.hide()
                self._column.removeWidget(row)
                row.deleteLater()
            self._rows = [self._row(number, term) for number, term in enumerate(terms)]
            for row in self._rows:
                self._column.addWidget(row)
            follow(self, [one for row in self._rows for one in row.fields])
            self.updateGeometry()
        for row, term in zip(self._rows, terms):
            row.show_weight(term)

    def show_pictures(self, find):
        """Show the pictures that `find` gives for terms: of the screen's kind, or None."""
        for row in self._rows:
            picture = find(row.term)
            if picture is not None:
                row.picture.show_picture(picture)

    def _row(self, number, term):
        return _Row(
            term,
            lambda weight: self._weigh(number, weight),
            lambda: self._open(number),
            lambda: self._remove(number),
        )


class _Row(QtWidgets.QWidget):
    def __init__(self, term, weigh, open_channels, remove):
        super().__init__()
        self.term, self._telling = term, True
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.picture = Picture(_PICTURE)
        row.addWidget(self.picture)
        # Names are long: each has a line of its own.
        column = QtWidgets.QVBoxLayout()
        column.setSpacing(0)
        name = ShortLabel(middle=True)
        name.set_text(about(term))
        name.setToolTip(tooltip(about(term, all_channels=True)))
        column.addWidget(name)
        column.addLayout(self._line(open_channels, remove))
        row.addLayout(column, 1)
        self._field.valueChanged.connect(lambda _: self._moved(weigh))

    def _line(self, open_channels, remove):
        """What a term's weight is changed with, and the buttons."""
        self._field = NumberField(-FARTHEST_WEIGHT, FARTHEST_WEIGHT, WEIGHT_STEP, WEIGHT_DIGITS)
        self._field.setValue(self.term.weight)
        slider = Slider(-WEIGHT_SLIDER, WEIGHT_SLIDER, WEIGHT_STEP)
        slider.tie(self._field)
        tip = tooltip(_("Weight; where it is negative, the dream avoids the layer"))
        slider.setToolTip(tip)
        self._field.setToolTip(tip)
        channels = QtWidgets.QToolButton()
        channels.setText(_("Channels…"))
        channels.setToolTip(tooltip(_("Choose channels by pictures")))
        channels.clicked.connect(lambda: open_channels())
        away = QtWidgets.QToolButton()
        away.setIcon(icon("edit-delete"))
        away.setAutoRaise(True)
        away.setToolTip(tooltip(_("Do not dream of this layer")))
        away.setAccessibleName(_("Do not dream of this layer"))
        away.clicked.connect(lambda: remove())
        line = QtWidgets.QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(slider, 1)
        for widget in (self._field, channels, away):
            line.addWidget(widget)
        self.fields = slider, self._field, channels, away
        return line

    def show_weight(self, term):
        """Show another weight, of which nobody needs to be told."""
        self._telling = False
        self._field.show_number(term.weight)
        self._telling = True
        self.term = term

    def _moved(self, weigh):
        if self._telling:
            weigh(self._field.number())


class Picture(QtWidgets.QWidget):
    """A small picture, or an empty place for one.

    Parameters
    ----------
    side : int
        Pixels of its longer side.
    """

    def __init__(self, side):
        super().__init__()
        self.setFixedSize(side, side)
        self._picture = None

    def show_picture(self, picture):
        """Show a `QImage`."""
        self._picture = picture
        self.update()

    def paintEvent(self, _event):  # noqa: N802  (Qt's own name)
        """Draw it as large as it fits."""
        painter = QtGui.QPainter(self)
        if self._picture is None or self._picture.isNull():
            color = self.palette().color(QtGui.QPalette.ColorRole.WindowText)
            draw_empty(painter, self.rect(), color)
            return
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        keep = QtCore.Qt.AspectRatioMode.KeepAspectRatio
        place = QtCore.QRect(QtCore.QPoint(0, 0), self._picture.size().scaled(self.size(), keep))
        place.moveCenter(self.rect().center())
        painter.drawImage(place, self._picture)
