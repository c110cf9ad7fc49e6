"""A sentence in a window of its own, which does not keep the painter from working."""

from krita import Krita

from ..editor.messages import FAILED, shown
from ..editor.translation import _
from ..editor.wording import plain
from .qt import Qt, QtWidgets

_Icon = QtWidgets.QMessageBox.Icon


def show(sentence, title=None, warns=False):
    """Show a sentence above Krita's window.

    Parameters
    ----------
    sentence : str
        Without its full stop.
    title : str, optional
        The filter's; that of Deep Dream by default.
    warns : bool
        Whether something could not be done.
    """
    window = Krita.instance().activeWindow()
    box = QtWidgets.QMessageBox(window.qwindow() if window else None)
    box.setWindowTitle(title or _("Deep Dream"))
    box.setIcon(_Icon.Warning if warns else _Icon.Information)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(shown(plain(sentence)))
    box.setWindowModality(Qt.WindowModality.NonModal)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.show()


def show_failure(about):
    """Tell of a failure that nobody expected."""
    kind, _colon, error = about.partition(": ")
    show(FAILED.format(kind=kind, error=error), warns=True)
