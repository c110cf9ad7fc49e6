"""Text of a few lines that ends in dots, instead of setting the size of the dialog."""

import re

from ..qt import Qt, QtCore, QtGui, QtWidgets

_BREAK = re.compile("([_./])")
"""Names of layers have no spaces; here they are broken first."""

_BELOW = 2
"""Pixels below the last line."""

_RIGHT, _MIDDLE = Qt.TextElideMode.ElideRight, Qt.TextElideMode.ElideMiddle


def breakable(name):
    """A name without spaces, with places where a line may end."""
    return _BREAK.sub("\\1\u200b", name)


def lines_of(text, font, width, most):
    """The lines of a text as they fit into a width in pixels; the last of too many ends in dots."""
    option = QtGui.QTextOption()
    option.setWrapMode(QtGui.QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout = QtGui.QTextLayout(text, font)
    layout.setTextOption(option)
    lines, end = [], 0
    layout.beginLayout()
    while len(lines) < most:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(max(1, width))
        start, end = line.textStart(), line.textStart() + line.textLength()
        lines.append(text[start:end].strip())
    layout.endLayout()
    if lines and end < len(text):
        rest = text[start:].replace("\u200b", "")
        lines[-1] = QtGui.QFontMetrics(font).elidedText(rest, _RIGHT, width)
    return lines


def draw_lines(painter, area, lines, align):
    """Draw lines from the top of a `QRect`, each aligned in its width."""
    height = painter.fontMetrics().lineSpacing()
    for number, line in enumerate(lines):
        top = area.top() + number * height
        # Underscores may lie below a line's own height, which would cut them off.
        place = QtCore.QRect(area.left(), top, area.width(), height + _BELOW)
        painter.drawText(place, align | Qt.AlignmentFlag.AlignTop, line)


class ShortLabel(QtWidgets.QWidget):
    """A label that is as wide as there is room.

    Parameters
    ----------
    lines : int
        Its height in lines, whatever the text.
    middle : bool
        Whether what does not fit is left out in the middle, in one line.
    dim : bool
        Whether it is less important than others.
    """

    def __init__(self, lines=1, middle=False, dim=False):
        super().__init__()
        self._lines, self._middle, self._dim, self._text = lines, middle, dim, ""
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)

    def set_text(self, text):
        """Show a text."""
        self._text = text
        self.setAccessibleName(text)
        self.update()

    def text(self):
        """The whole text."""
        return self._text

    def sizeHint(self):  # noqa: N802  (Qt's own name)
        """As high as its lines."""
        return QtCore.QSize(80, self._lines * self.fontMetrics().lineSpacing() + _BELOW)

    def minimumSizeHint(self):  # noqa: N802  (Qt's own name)
        """Narrower than any text."""
        return QtCore.QSize(20, self.sizeHint().height())

    def paintEvent(self, _event):  # noqa: N802  (Qt's own name)
        """Draw the text."""
        painter = QtGui.QPainter(self)
        color = self.palette().color(self.foregroundRole())
        color.setAlphaF(0.65 if self._dim else 1.0)
        painter.setPen(color)
        align = Qt.AlignmentFlag.AlignLeft
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            align = Qt.AlignmentFlag.AlignRight
        if self._middle:
            lines = [self.fontMetrics().elidedText(self._text, _MIDDLE, self.width())]
        else:
            lines = lines_of(self._text, self.font(), self.width(), self._lines)
        draw_lines(painter, self.rect(), lines, align)
