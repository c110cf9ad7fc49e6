"""Waits for the worker of the work itself, while the events of the windows are handled."""

import threading

from .workers import kill_worker


class Taking:
    """Ends the previews for a worker; that may take as long as a network is being loaded.

    Parameters
    ----------
    workers : editor.dialog.workers.Workers
        Where the worker comes from.
    screen : object
        The toolkit, see `editor.dialog`.

    Attributes
    ----------
    cancelled : bool
        Whether no worker is wanted any more.
    """

    def __init__(self, workers, screen):
        self._workers, self._screen = workers, screen
        self._loop, self._lock = screen.Loop(), threading.Lock()
        self._worker = self._error = None
        self.cancelled = False

    def run(self):
        """The worker; None where it was cancelled. Raises what `Workers.take` raises."""
        threading.Thread(target=self._take, daemon=True).start()
        self._loop.run()
        if self.cancelled:
            return None
        if self._error is not None:
            raise self._error
        return self._worker

    def cancel(self):
        """Wait no longer; `run` then returns None, and no worker is left."""
        with self._lock:
            self.cancelled = True
            worker = self._worker
        if worker is not None:
            kill_worker(worker)
        self._workers.maker.abandon()
        self._loop.quit()

    def _take(self):
        worker = error = None
        try:
            worker = self._workers.take(lambda: not self.cancelled)
        except Exception as failure:
            # Of whatever kind: `run` waits for an answer, and raises it.
            error = failure
        with self._lock:
            self._worker, self._error = worker, error
            unwanted = self.cancelled
        if unwanted and worker is not None:
            kill_worker(worker)
        self._screen.call_soon(self._loop.quit)
