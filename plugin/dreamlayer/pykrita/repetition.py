"""The work without the dialog: a small window tells how far it is, and stops it."""

from ..editor.dialog import words as dialog_words
from ..editor.dialog.patient_worker import PatientWorker
from ..editor.dialog.workers import kill_worker
from ..editor.messages import FAILED, RefusedError
from ..editor.translation import _
from ..editor.worker_client import Worker, WorkerError
from .dialog import screen
from .dialog.mnemonics import label
from .qt import Qt, QtWidgets

_PARTS = 1000


class Repetition:
    """One run of a filter, with a worker of its own.

    Parameters
    ----------
    folder : str
        Where the plug-in is installed.
    parent : QWidget
        Krita's window.
    title : str
        The filter's.

    Attributes
    ----------
    krita_window : QWidget
        The parent.

    Raises
    ------
    worker_client.WorkerError
        The worker does not start.
    """

    def __init__(self, folder, parent, title):
        self.krita_window = parent
        self._worker = Worker(folder)
        self._patient = PatientWorker(self._worker, _nothing, _nothing, screen)
        said, stop = dialog_words.LOADING, label(_("S_top"))
        self._window = QtWidgets.QProgressDialog(said, stop, 0, _PARTS, parent)
        self._window.setWindowTitle(title)
        self._window.setWindowModality(Qt.WindowModality.NonModal)
        self._window.setMinimumDuration(0)
        self._window.setAutoClose(False)
        self._window.setAutoReset(False)
        self._window.setMinimumWidth(420)
        self._window.canceled.connect(self.abandon)

    def run(self, work):
        """Work, while Krita is used; a sentence where it failed, else None."""
        self._window.show()
        try:
            work(self._patient)
        except (RefusedError, ValueError, WorkerError) as error:
            return None if self._patient.cancelled else str(error)
        except Exception as error:
            # Any other error is one sentence for the painter, too.
            return FAILED.format(kind=type(error).__name__, error=error)
        finally:
            kill_worker(self._worker)
            self._window.hide()
            self._window.setParent(None)
            # Then it is deleted with the last reference to it: not while its button is pressed.
            screen.call_soon(self._window.deleteLater)
        return None

    def report(self, text, fraction):
        """Show how far the work is: a text, and a fraction or None."""
        self._window.setLabelText(text)
        if fraction is not None:
            self._window.setValue(round(_PARTS * fraction))

    def abandon(self):
        """End it at once; its window must not be deleted with Krita's meanwhile."""
        self._window.hide()
        self._window.setParent(None)
        self._patient.cancel()
        self._worker.kill()


def _nothing(*_):
    """What the work tells goes to `report`."""
