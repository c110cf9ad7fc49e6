"""Tells when a document is closed, and when one of Krita's windows is, or Krita itself."""

from krita import Krita

from .dialog import screen
from .qt import QtCore

_SOON = 100
"""Milliseconds after which Krita has done what it announced."""


class Following(QtCore.QObject):
    """Watches Krita.

    Parameters
    ----------
    on_closed : callable
        Called after a document may have been closed.
    on_end : callable
        Called with a watched window that closes, or with None where Krita ends.
    """

    def __init__(self, on_closed, on_end):
        super().__init__()
        self._on_closed, self._on_end = on_closed, on_end
        self._watched = []  # The windows themselves: an address may become another window's.
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.imageClosed.connect(self._look_soon)
        notifier.viewClosed.connect(self._look_soon)
        notifier.applicationClosing.connect(lambda: self._on_end(None))

    def watch(self, window):
        """Watch a window of Krita's, until it closes."""
        if not any(window is one for one in self._watched):
            self._watched.append(window)
            window.installEventFilter(self)

    def eventFilter(self, window, event):  # noqa: N802
        """A window is hidden after it agreed to close, and before it is deleted."""
        if event.type() == QtCore.QEvent.Type.Hide and not event.spontaneous():
            self._watched = [one for one in self._watched if one is not window]
            window.removeEventFilter(self)
            self._on_end(window)
        return False

    def _look_soon(self, *_):
        screen.call_later(_SOON, self._on_closed)
