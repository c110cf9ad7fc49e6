"""Pictures of what layers and channels dream of, from a worker of their own.

They come one after another while previews are dreamt: on one core only, and where the system can
do it, with less right to it than the previews have.
"""

import os
import threading

from ..worker_client import WorkerError

SIDE = 96
"""The side of a picture in pixels; pictures of this size come with the shipped networks."""

_PATIENCE = 10.0
_LESS_RIGHT = 10


class GalleryMaker:
    """Asks for pictures in the background; what is wanted last counts.

    Parameters
    ----------
    start : callable
        Starts a `worker_client.Worker`.
    tell : callable
        Called from a background thread: with `thumbnail`, the request, and header and RGB rows;
        with `done`, the request, and None; or with `error`, the request, and a `WorkerError`.
    """

    def __init__(self, start, tell):
        self._start, self._tell = start, tell
        self._change = threading.Condition()
        self._wanted, self._running, self._number = [], None, 0
        self._cancelled = False  # Whether the running one was.
        self._worker = self._thread = None
        self._ending = False

    def want(self, requests):
        """Ask for these next, and no more for what was wanted before and has not begun.

        Parameters
        ----------
        requests : list of dict
            With the keys of `gallery` requests. One that is running goes on, unless its network is
            another.
        """
        with self._change:
            if self._ending:
                return
            # One that was cancelled must be made again.
            coming = None if self._cancelled else self._running
            self._wanted = [one for one in requests if one != coming]
            networks = {one.get("network") for one in requests}
            running, worker, number = self._running, self._worker, self._number
            outdated = running is not None and networks and running.get("network") not in networks
            outdated = outdated and worker is not None
            self._cancelled = self._cancelled or outdated
            if self._wanted and self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._change.notify_all()
        if outdated:
            _cancel(worker, number)

    def end(self):
        """Kill the worker."""
        with self._change:
            self._ending = True
            self._wanted = []
            worker, thread = self._worker, self._thread
            self._change.notify_all()
        if worker is not None:
            worker.kill()
        if thread is not None:
            thread.join(_PATIENCE)

    def _work(self):
        """Fulfil one request after another."""
        while True:
            with self._change:
                self._running, self._cancelled = None, False
                self._change.wait_for(lambda: self._wanted or self._ending)
                if self._ending:
                    break
                self._running = request = self._wanted.pop(0)
                self._number += 1
            try:
                self._fulfil(request)
            except WorkerError as error:
                if error.id is None:
                    self._lose()
                if error.kind != "CancelledError":
                    self._say("error", request, error)
            else:
                self._say("done", request, None)
        self._lose()

    def _fulfil(self, request):
        worker = self._worker or self._start_one()
        header = dict(request, side=SIDE, threads=1, id=self._number)
        worker.gallery(header, lambda *picture: self._say("thumbnail", request, picture))

    def _say(self, *news):
        if not self._ending:
            self._tell(*news)

    def _start_one(self):
        """A new worker; it is killed at once where the dialog was closed meanwhile."""
        worker = self._start()
        if hasattr(os, "setpriority"):
            try:
                os.setpriority(os.PRIO_PROCESS, worker.pid, _LESS_RIGHT)
            except OSError:
                # It has ended already, or may not be changed: it does without.
                pass
        with self._change:
            self._worker = worker
            ending = self._ending
        if ending:
            worker.kill()
        return worker

    def _lose(self):
        """End the worker; the next request starts another."""
        with self._change:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
            worker.close()


def _cancel(worker, number):
    try:
        worker.send({"type": "cancel", "id": number})
    except WorkerError:
        # It has ended, which the thread tells.
        pass
