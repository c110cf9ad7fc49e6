"""Qt as the dialogs of all editors know it, see `editor.dialog`."""

from ..qt import Qt, QtCore, pyqtSignal
from .picture import mixed, picture

__all__ = ["Loop", "call_later", "call_soon", "forget", "mixed", "picture"]


class Loop(QtCore.QEventLoop):
    """Handles events until `quit`."""

    def run(self):
        """Handle events."""
        self.exec()


def call_later(milliseconds, call):
    """Call once after that time; a timer."""
    timer = QtCore.QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(lambda: call() and None)
    timer.start(milliseconds)
    return timer


def forget(timer):
    """Do not call what a timer would call."""
    timer.stop()


class _Caller(QtCore.QObject):
    """Makes calls on the thread of the windows, whichever thread asks for them."""

    asked = pyqtSignal(object)

    def __init__(self):
        super().__init__()
        self.moveToThread(QtCore.QCoreApplication.instance().thread())
        self.asked.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def _call(self, call):
        call()


_CALLER = _Caller()


def call_soon(call):
    """Call once on the thread of the windows; from any thread."""
    _CALLER.asked.emit(call)
