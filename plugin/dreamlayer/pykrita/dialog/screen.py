"""Qt as the dialogs of all editors know it, see `editor.dialog`."""

import sys

from ..qt import Qt, QtCore, pyqtSignal
from .picture import mixed, picture

__all__ = ["Loop", "call_later", "call_soon", "forget", "mixed", "picture"]


class Loop(QtCore.QEventLoop):
    """Handles events until `quit`."""

    def run(self):
        """Handle events."""
        self.exec()


class _Later:
    """A call that is made once, unless it is forgotten; Qt keeps it until its time has come."""

    def __init__(self, milliseconds, call):
        self.call = call
        # Not `self.fire`: PyQt would hold a method's object weakly, and then nobody may hold it.
        QtCore.QTimer.singleShot(milliseconds, lambda: self.fire())

    def fire(self):
        """Make the call."""
        call, self.call = self.call, None
        if call is not None:
            _make(call)


def call_later(milliseconds, call):
    """Call once after that time; a timer, which need not be kept."""
    return _Later(milliseconds, call)


def forget(timer):
    """Do not call what a timer would call."""
    timer.call = None


def _make(call):
    """Make a call; what fails is one line in Krita's log, not a window of Krita's with its code."""
    try:
        call()
    except Exception as error:
        print("dreamlayer: {}: {}".format(type(error).__name__, error), file=sys.stderr)


class _Caller(QtCore.QObject):
    """Makes calls on the thread of the windows, whichever thread asks for them."""

    asked = pyqtSignal(object)

    def __init__(self):
        super().__init__()
        self.moveToThread(QtCore.QCoreApplication.instance().thread())
        self.asked.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def _call(self, call):
        _make(call)


_CALLER = _Caller()


def call_soon(call):
    """Call once on the thread of the windows; from any thread."""
    _CALLER.asked.emit(call)
