"""Previews in the dialog: one worker, one request at a time; the newest settings win."""

import itertools
import threading

from ..worker_client import WorkerError

_PATIENCE = 10.0
_PICTURES = ("dream", "style")
"""Requests of which only the newest counts."""
_START = "start"
"""What is wanted where the worker is only to be started; it is not sent."""


class PreviewMaker:
    """Dreams small pictures in the background; requests and the news of them are numbered.

    A worker that died is replaced at the next request.

    Parameters
    ----------
    start : callable
        Starts a `worker_client.Worker`, or gives one that is idle.
    numbers : iterator of int, optional
        Numbers the requests; that of the maker before, so that its late news are told apart.

    Attributes
    ----------
    numbers : iterator of int
        As above.
    tell : callable
        Called from a background thread with the kind of news, the number of the request, and what
        belongs to it: `preview` (header and pixels), `progress` (header), `done` (header),
        `described` (header) or `error` (a `WorkerError`). To be set before the first request.
    """

    def __init__(self, start, tell=None, numbers=None):
        self._start, self.tell = start, tell
        self.numbers = itertools.count(1) if numbers is None else numbers
        self._worker = self._reader = None
        self._change = threading.Condition()
        self._wanted = []  # Requests to be sent, as (header, payload).
        self._open = set()  # Numbers of requests without a final reply.
        self._ending = self._abandoned = False
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()

    def warm_up(self):
        """Start the worker before there is anything to ask."""
        with self._change:
            self._wanted.append(({"type": _START}, ()))
            self._change.notify_all()

    def preview(self, request, payload):
        """Dream on a small picture, cancelling the present dream; the number of the request."""
        return self._want(request.get("type", "dream"), request, payload)

    def describe(self, network):
        """Ask for all networks, and the layers of one or None; the number of the request."""
        return self._want("describe", {} if network is None else {"network": network}, ())

    def stop(self):
        """Cancel the present dream."""
        with self._change:
            self._wanted = [w for w in self._wanted if w[0]["type"] not in _PICTURES]
            self._wanted.insert(0, ({"type": "cancel"}, ()))
            self._change.notify_all()

    def finish(self):
        """End the previews; the idle worker for the dream itself, or None where none is idle."""
        self._end()
        self._sender.join(_PATIENCE)
        with self._change:
            worker, reader = self._worker, self._reader
        if reader is not None:
            reader.join(_PATIENCE)
        with self._change:
            clean = worker is not None and worker is self._worker and not self._open
        if clean and not self._sender.is_alive() and not reader.is_alive():
            return worker
        self.abandon()
        return None

    def abandon(self):
        """Kill the worker, also one that is being started."""
        with self._change:
            self._abandoned = True
        self._end()
        with self._change:
            worker, reader = self._worker, self._reader
        if worker is not None:
            worker.kill()
            reader.join(_PATIENCE)
            worker.close()

    def _end(self):
        with self._change:
            self._ending = True
            self._wanted = []
            self._change.notify_all()

    def _want(self, kind, request, payload):
        with self._change:
            number = next(self.numbers)
            # Requests that were not sent yet are out of date.
            self._wanted = [w for w in self._wanted if w[0]["type"] != kind]
            self._wanted.append((dict(request, type=kind, id=number), payload))
            self._change.notify_all()
            return number

    def _send(self):
        """Send requests, and before each dream a request to cancel the one before."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._wanted or self._ending)
                if self._ending:
                    break
                header, payload = self._wanted.pop(0)
            worker = self._running(header.get("id"))
            if worker is None or header["type"] == _START:
                continue
            with self._change:
                busy = bool(self._open)
                if "id" in header:
                    self._open.add(header["id"])
                self._change.notify_all()
            if header["type"] in _PICTURES and busy:
                self._deliver(worker, {"type": "cancel"}, ())
            self._deliver(worker, header, payload)
        with self._change:
            worker, busy = self._worker, bool(self._open)
        if worker is not None and busy:
            self._deliver(worker, {"type": "cancel"}, ())

    def _running(self, number):
        """The worker, started where none is running; None where it does not start."""
        with self._change:
            worker = self._worker
        if worker is not None:
            return worker
        try:
            worker = self._start()
        except WorkerError as error:
            if number is not None:
                self.tell("error", number, error)
            return None
        with self._change:
            self._worker = worker
            self._reader = threading.Thread(target=self._receive, args=(worker,), daemon=True)
            self._reader.start()
            if self._abandoned:
                worker.kill()
        return worker

    def _deliver(self, worker, header, payload):
        try:
            worker.send(header, payload)
        except WorkerError:
            # Its end wakes the reader, which reports why.
            worker.kill()

    def _receive(self, worker):
        """Pass on one worker's replies, until it ends or no request is open at the end."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._open or self._ending)
                if not self._open:
                    return
            try:
                header = worker.receive()
                pixels = None
                if header["type"] == "preview":
                    pixels = worker.read(header["bytes"])
                else:
                    worker.skip(header)
            except WorkerError as error:
                if error.id is None:
                    self._lose(worker, error)
                    return
                self._close(error.id)
                if error.kind != "CancelledError":
                    self.tell("error", error.id, error)
                continue
            except (OSError, ValueError):
                return
            self._pass_on(header, pixels)

    def _pass_on(self, header, pixels):
        kind, number = header["type"], header.get("id")
        if kind == "preview":
            self.tell("preview", number, (header, pixels))
        elif kind == "progress":
            self.tell("progress", number, header)
        else:
            self._close(number)
            self.tell("described" if kind == "description" else "done", number, header)

    def _lose(self, worker, error):
        """Report a worker's end to all open requests; the next one starts another."""
        worker.kill()
        worker.close()
        with self._change:
            waiting, ending = sorted(self._open), self._ending
            self._open.clear()
            if self._worker is worker:
                self._worker = None
        if not ending:
            for number in waiting:
                self.tell("error", number, error)

    def _close(self, number):
        with self._change:
            self._open.discard(number)
            self._change.notify_all()
