"""One worker for a dialog's previews and for its work, handed from one to the other."""

from ..worker_client import Worker
from .previews import PreviewMaker


class Workers:
    """The maker of previews, and the workers that it took over from or gave away.

    Parameters
    ----------
    folder : str
        Where the plug-in is installed.
    maker : editor.dialog.previews.PreviewMaker
        The first one; its worker may be starting.
    tell : callable
        As `PreviewMaker.tell`.

    Attributes
    ----------
    maker : editor.dialog.previews.PreviewMaker
        The present one.
    """

    def __init__(self, folder, maker, tell):
        self._folder, self.maker, self._tell = folder, maker, tell
        self._waiting = []
        maker.tell = tell

    def take(self):
        """End the previews; a worker for the work itself.

        Raises
        ------
        worker_client.WorkerError
            It does not start.
        """
        return self._idle() or Worker(self._folder)

    def preview_again(self, worker):
        """A new maker of previews, which begins with an idle worker or None."""
        if worker is not None:
            self._waiting.append(worker)
        waiting, folder, numbers = self._waiting, self._folder, self.maker.numbers
        self.maker = PreviewMaker(
            lambda: waiting.pop() if waiting else Worker(folder), self._tell, numbers
        )
        return self.maker

    def end(self, agreed):
        """End all; an idle worker for the work itself, or None."""
        worker = self._idle() if agreed else None
        if not agreed:
            self.maker.abandon()
        while self._waiting:
            kill_worker(self._waiting.pop())
        return worker

    def _idle(self):
        """End the previews; a worker that is idle, or None where none is."""
        worker = self.maker.finish()
        if worker is None and self._waiting:
            worker = self._waiting.pop()
        return worker


def kill_worker(worker):
    """End a worker that may be at work."""
    worker.kill()
    worker.close()
