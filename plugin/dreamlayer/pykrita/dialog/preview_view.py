"""The preview's picture: zoomed by the wheel, moved by dragging, split before and after."""

from ...editor.dialog.viewport import Viewport
from ..qt import Qt, QtCore, QtGui, QtWidgets
from .picture import draw

_AROUND_DARK, _AROUND_LIGHT = QtGui.QColor(0x2B, 0x2B, 0x2B), QtGui.QColor(0xB4, 0xB4, 0xB4)
_GRIP = 6
"""Screen pixels around the split line where it can be taken."""

_MIDDLE = 128
"""Lightness below which a theme is dark."""

_Cursor = Qt.CursorShape


class PreviewView(QtWidgets.QWidget):
    """Shows the original and the dream through a `Viewport`, in the pixels of the screen.

    Parameters
    ----------
    width, height : int
        The size of the whole picture in pixels.
    moved : callable
        Called when another part is seen, or the same at another scale.

    Attributes
    ----------
    viewport : Viewport
        What is seen.
    """

    def __init__(self, width, height, moved):
        super().__init__()
        self.viewport = Viewport(width, height)
        self._moved = moved
        self._base = self._sharp = self._dream = None
        self._showing_original, self._split = False, None
        self._dragging = self._last = None
        policy = QtWidgets.QSizePolicy.Policy.Expanding
        self.setSizePolicy(policy, policy)
        self.setMinimumSize(360, 240)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_base(self, placed):
        """The whole original, at any size; it is seen wherever nothing sharper is there."""
        self._base, self._sharp, self._dream = placed, None, None
        self.update()

    def show_original(self, placed):
        """The part that is seen, as it was before the dream."""
        self._sharp = placed
        self.update()

    def show_dream(self, placed):
        """The dream of a part; None where there is none."""
        self._dream = placed
        self.update()

    def dream(self):
        """The dream that is shown, or None."""
        return self._dream

    def hold_original(self, held):
        """Show the original alone, as long as a key or button is held."""
        if held != self._showing_original:
            self._showing_original = held
            self.update()

    def set_split(self, wanted):
        """Show the original to the left of a line and the result to the right, or not."""
        self._split = 0.5 if wanted else None
        self.update()

    def zoom(self, how):
        """Change the viewport by a function of it, and tell."""
        before = self._seen()
        how(self.viewport)
        if self._seen() != before:
            self.update()
            self._moved()

    def paintEvent(self, event):  # noqa: N802
        """Draw all."""
        view, painter = self.viewport, QtGui.QPainter(self)
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        painter.fillRect(0, 0, view.view_width + 1, view.view_height + 1, self._around())
        if self._base is not None:
            draw(painter, self._base, view)
        if self._sharp is not None:
            draw(painter, self._sharp, view)
        if self._dream is not None and not self._showing_original:
            draw(painter, self._dream, view, 0 if self._split is None else self._split_column())
        if self._split is not None and not self._showing_original:
            self._draw_line(painter)
        painter.end()

    def resizeEvent(self, event):  # noqa: N802
        """See more or less of it."""
        self._fit_screen()

    def wheelEvent(self, event):  # noqa: N802
        """Zoom at the pointer."""
        turned = event.angleDelta().y()
        if turned:
            x, y = self._on_screen(event.position())
            up = turned > 0
            self.zoom(lambda view: view.zoom_in(x, y) if up else view.zoom_out(x, y))
        event.accept()

    def mousePressEvent(self, event):  # noqa: N802
        """Take the picture, or the split line."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        x, y = self._on_screen(event.pos())
        self._dragging = "split" if self._near_split(x) else "picture"
        self._last = x, y
        closed = _Cursor.SplitHCursor if self._dragging == "split" else _Cursor.ClosedHandCursor
        self.setCursor(closed)

    def mouseMoveEvent(self, event):  # noqa: N802
        """Move what was taken; else show by the pointer what can be."""
        x, y = self._on_screen(event.pos())
        if self._dragging == "split":
            self._split = min(max(x / self.viewport.view_width, 0.0), 1.0)
            self.update()
        elif self._dragging == "picture":
            self.viewport.pan(x - self._last[0], y - self._last[1])
            self.update()
        else:
            self._show_pointer(x)
        self._last = x, y

    def mouseReleaseEvent(self, event):  # noqa: N802
        """Let go."""
        if self._dragging == "picture":
            self._moved()
        self._dragging = None
        self._show_pointer(self._on_screen(event.pos())[0])

    def mouseDoubleClickEvent(self, event):  # noqa: N802
        """As two clicks: the second begins to drag, too."""
        self.mousePressEvent(event)

    def changeEvent(self, event):  # noqa: N802
        """Draw in the colors of another theme."""
        if event.type() == QtCore.QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    def _fit_screen(self):
        ratio = self.devicePixelRatioF()
        self.viewport.resize(round(self.width() * ratio), round(self.height() * ratio))
        self.update()
        self._moved()

    def _on_screen(self, point):
        """A point of the widget in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return point.x() * ratio, point.y() * ratio

    def _around(self):
        """The color beside the picture: that of the theme's darkness."""
        dark = self.palette().color(QtGui.QPalette.ColorRole.Window).lightness() < _MIDDLE
        return _AROUND_DARK if dark else _AROUND_LIGHT

    def _draw_line(self, painter):
        """An upright line of two pixels, light on dark."""
        column, height = self._split_column(), self.viewport.view_height
        painter.fillRect(column - 2, 0, 4, height, Qt.GlobalColor.black)
        painter.fillRect(column - 1, 0, 2, height, Qt.GlobalColor.white)

    def _split_column(self):
        return round(self._split * self.viewport.view_width)

    def _near_split(self, x):
        grip = _GRIP * self.devicePixelRatioF()
        return self._split is not None and abs(x - self._split_column()) <= grip

    def _show_pointer(self, x):
        if self._near_split(x):
            self.setCursor(_Cursor.SplitHCursor)
        else:
            whole = self.viewport.shows_all()
            self.setCursor(_Cursor.ArrowCursor if whole else _Cursor.OpenHandCursor)

    def _seen(self):
        return self.viewport.visible(), self.viewport.scale
