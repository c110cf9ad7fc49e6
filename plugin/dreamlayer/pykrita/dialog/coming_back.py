"""Tells when the painter comes back to a window, since layers may have come and gone meanwhile."""

from ..qt import QtCore


class ComingBack(QtCore.QObject):
    """Calls whenever a widget's window becomes the active one, and when the widget is shown.

    Parameters
    ----------
    widget : QWidget
        The widget; it may get its window later.
    call : callable
        What is called.
    """

    def __init__(self, widget, call):
        super().__init__(widget)
        self._widget, self._call, self._window = widget, call, None
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):  # noqa: N802  (Qt's own name)
        """Events of the widget and of its window."""
        if event.type() == event.Type.Show and watched is self._widget:
            self._watch()
            self._call()
        elif event.type() == event.Type.WindowActivate and watched is self._window:
            self._call()
        return False

    def _watch(self):
        window = self._widget.window()
        if window is not self._window:
            self._window = window
            window.installEventFilter(self)
