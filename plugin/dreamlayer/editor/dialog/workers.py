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

    def take(self, wanted):
        """End the previews; a worker for the work itself. It may be called on any thread.

        Parameters
        ----------
        wanted : callable
            Whether one is still wanted, where it has to be started; else there is None.

        Raises
        ------
        worker_client.WorkerError
            It does not start.
        """
        worker = self._idle()
        return Worker(self._folder) if worker is None and wanted() else worker

    def preview_again(self, worker):
        """A new maker of previews, which begins with an idle worker or None."""
        if worker is not None:
            self._waiting.append(worker)
        self.maker = PreviewMaker(
            lambda: self._spare() or Worker(self._folder), self._tell, self.maker.numbers
        )
        return self.maker

    def end(self, agreed):
        """End all; an idle worker for the work itself, or None."""
        worker = self._idle() if agreed else None
        if not agreed:
            self.maker.abandon()
        for spare in iter(self._spare, None):
            kill_worker(spare)
        return worker

    def _idle(self):
        """End the previews; a worker that is idle, or None where none is."""
        return self.maker.finish() or self._spare()

    def _spare(self):
        """A worker that waits, or None; several threads may ask."""
        try:
            return self._waiting.pop()
        except IndexError:
            return None


def kill_worker(worker):
    """End a worker that may be at work."""
    worker.kill()
    worker.close()
