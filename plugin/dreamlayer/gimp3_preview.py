"""Previews in the dialog: one worker, one request at a time, the newest setting wins."""

import threading

from worker_client import WorkerError

_PATIENCE = 10.0


class Previewer:
    """Dreams small pictures in the background and tells of each on the thread of `tell`.

    Parameters
    ----------
    start : callable
        Makes the `worker_client.Worker`.
    tell : callable
        Called with the kind of news (`preview`, `progress`, `done`, `error`, `described`) and
        what belongs to it, from a background thread.
    """

    def __init__(self, start, tell):
        self._start, self._tell = start, tell
        self._worker = None
        self._change = threading.Condition()
        self._wanted = []  # Requests that were not sent yet, as (header, payload).
        self._open = set()  # Numbers of requests that were sent and have no last answer yet.
        self._newest = self._count = 0
        self._ending = False
        self._reader = None
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()

    def preview(self, request, payload):
        """Dream on a small picture instead of whatever is being dreamt now."""
        with self._change:
            self._wanted = [w for w in self._wanted if w[0]["type"] != "dream"]
            self._newest = self._add("dream", request, payload)

    def describe(self, network):
        """Ask for the networks there are and the layers of one."""
        with self._change:
            self._add("describe", {"network": network}, ())

    def finish(self):
        """End the previews; the idle worker for the work itself, or None where there is none."""
        with self._change:
            self._ending = True
            self._wanted = []
            self._change.notify_all()
        self._sender.join(_PATIENCE)
        if self._reader is not None:
            self._reader.join(_PATIENCE)
        worker = self._worker
        if worker is None or self._sender.is_alive() or self._reader.is_alive() or self._open:
            self.abandon()
            return None
        return worker

    def abandon(self):
        """End the worker at once."""
        with self._change:
            self._ending = True
            self._wanted = []
            self._change.notify_all()
        if self._worker is not None:
            self._worker.kill()

    def _add(self, kind, request, payload):
        self._count += 1
        self._wanted.append((dict(request, type=kind, id=self._count), payload))
        self._change.notify_all()
        return self._count

    def _send(self):
        """Send what is wanted, each dream after a word to stop the one before."""
        try:
            self._worker = self._start()
        except WorkerError as error:
            self._tell("error", error)
            return
        self._reader = threading.Thread(target=self._receive, daemon=True)
        self._reader.start()
        try:
            while True:
                with self._change:
                    self._change.wait_for(lambda: self._wanted or self._ending)
                    busy = bool(self._open)
                    if self._ending:
                        break
                    header, payload = self._wanted.pop(0)
                    self._open.add(header["id"])
                    self._change.notify_all()
                if header["type"] == "dream" and busy:
                    self._worker.send({"type": "cancel"})
                self._worker.send(header, payload)
            if busy:
                self._worker.send({"type": "cancel"})
        except (WorkerError, OSError, ValueError) as error:
            self._tell("error", error)

    def _receive(self):
        """Pass on what the newest request brought; drop the rest."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._open or self._ending)
                if not self._open:
                    return
            try:
                header = self._worker.receive()
            except WorkerError as error:
                if error.id is None:
                    with self._change:
                        self._open.clear()
                        ending, self._ending = self._ending, True
                        self._worker = None
                    if not ending:
                        self._tell("error", error)
                    return
                self._close(error.id)
                if error.id >= self._newest and error.kind != "CancelledError":
                    self._tell("error", error)
                continue
            except (OSError, ValueError):
                return
            self._pass_on(header)

    def _pass_on(self, header):
        kind, number = header["type"], header.get("id")
        if kind == "preview":
            pixels = self._worker.read(header["bytes"])
            if number == self._newest:
                self._tell("preview", (header, pixels))
            return
        self._worker.skip(header)
        if kind == "progress":
            if number == self._newest:
                self._tell("progress", header)
            return
        self._close(number)
        if kind == "description":
            self._tell("described", header)
        elif number == self._newest:
            self._tell("done", header)

    def _close(self, number):
        with self._change:
            self._open.discard(number)
