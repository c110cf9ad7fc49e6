"""One tile: a picture with a name below it, which looks pressed while it is chosen."""

from ..qt import Qt, QtCore, QtGui, QtWidgets
from .short_text import draw_lines, lines_of

_PAD, _LINES, _ROUND = 4, 2, 4
_SMALLER = 0.92
"""How much smaller the names are than other texts: those of layers are long."""

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Tile(QtWidgets.QAbstractButton):
    """A picture and a name below it; looks pressed while it is checked.

    Parameters
    ----------
    key : object
        What it stands for.
    title, tip : str
        Its name and its tooltip.
    size : QSize
        The size of the picture.
    board : TileBoard
        Where it is.
    """

    def __init__(self, key, title, tip, size, board):
        super().__init__()
        self.key, self.picture = key, None
        self._size, self._board, self._title = size, board, title
        font = self.font()
        font.setPointSizeF(_SMALLER * font.pointSizeF())
        self.setFont(font)
        self.setToolTip(tip)
        self.setAccessibleName(title.replace("\u200b", ""))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def nextCheckState(self):  # noqa: N802  (Qt's own name)
        """A click does not check it: what it means is known later."""

    def show_picture(self, picture):
        """Show a `QPixmap` or `QImage`."""
        self.picture = picture
        self.update()

    def height_of(self, width):
        """How high it is where it is so wide."""
        lines = len(lines_of(self._title, self.font(), width - 2, _LINES))
        picture = self._size.height() + 2 if self._size.height() else 0
        return picture + 2 * _PAD + max(1, lines) * self.fontMetrics().lineSpacing()

    def sizeHint(self):  # noqa: N802  (Qt's own name)
        """As wide as its picture."""
        width = self._size.width() + 2 * _PAD
        return QtCore.QSize(width, self.height_of(width))

    def keyPressEvent(self, event):  # noqa: N802  (Qt's own name)
        """Arrows lead to other tiles; Enter is a click."""
        if event.key() in _ARROWS:
            self._board.go(self, *_ARROWS[event.key()])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event):  # noqa: N802  (Qt's own name)
        """Tab comes back to the tile that had the focus last."""
        self._board.remember(self)
        super().focusInEvent(event)

    def paintEvent(self, _event):  # noqa: N802  (Qt's own name)
        """Draw it in the colors of the theme."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        palette, role = self.palette(), QtGui.QPalette.ColorRole
        self._draw_ground(painter, palette.color(role.Highlight))
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        self._draw_picture(painter, palette.color(role.WindowText))
        painter.setOpacity(1.0)
        text = role.HighlightedText if self.isChecked() else role.WindowText
        painter.setPen(palette.color(text))
        below = self._size.height() + 2 if self._size.height() else 0
        area = self.rect().adjusted(1, _PAD + below, -1, 0)
        lines = lines_of(self._title, self.font(), area.width(), _LINES)
        draw_lines(painter, area, lines, Qt.AlignmentFlag.AlignHCenter)

    def _draw_ground(self, painter, color):
        """What tells of the pointer, the focus, and of being chosen."""
        ground = QtGui.QColor(color)
        if not self.isChecked():
            ground.setAlphaF(0.25 if self.underMouse() and self.isEnabled() else 0.0)
        area = QtCore.QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        painter.setBrush(ground)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.hasFocus():
            edge = self.palette().color(QtGui.QPalette.ColorRole.WindowText)
            painter.setPen(QtGui.QPen(edge if self.isChecked() else color, 1.5))
        painter.drawRoundedRect(area, _ROUND, _ROUND)

    def _draw_picture(self, painter, empty):
        if not self._size.height():
            return
        place = QtCore.QRect(QtCore.QPoint(0, _PAD), self._size)
        place.moveLeft((self.width() - self._size.width()) // 2)
        if self.picture is None:
            draw_empty(painter, place, empty)
            return
        shown = self.picture.size().scaled(self._size, Qt.AspectRatioMode.KeepAspectRatio)
        inner = QtCore.QRect(QtCore.QPoint(0, 0), shown)
        inner.moveCenter(place.center())
        if isinstance(self.picture, QtGui.QImage):
            painter.drawImage(inner, self.picture)
        else:
            painter.drawPixmap(inner, self.picture)


def draw_empty(painter, place, color):
    """Draw the place of a picture that is not there yet, in a color of texts."""
    faint = QtGui.QColor(color)
    faint.setAlphaF(0.1)
    painter.fillRect(place, faint)
