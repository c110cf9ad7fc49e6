"""The work itself while the dialog stays open: a worker that leaves the windows their time."""

import threading

from ..worker_client import WorkerError

PREVIEW_SIDE = 1024
"""Longer side of the pictures that are shown while it runs, in pixels."""


class PatientWorker:
    """Works like a `worker_client.Worker`, and lets the dialog live meanwhile.

    Parameters
    ----------
    worker : worker_client.Worker
        An idle one.
    progress : callable
        Called with the header of each progress message.
    preview : callable
        Called with width, height and RGB rows of each preview of the first request.
    screen : object
        The toolkit, see `editor.dialog`.
    """

    def __init__(self, worker, progress, preview, screen):
        self.worker, self._screen = worker, screen
        self._progress, self._preview = progress, preview
        self._loop, self._answer, self._dreams = None, None, 0
        self._left = 0  # Bytes of a result that are still to be read; None where that is not known.
        self.cancelled = False

    def is_idle(self):
        """Whether the worker waits for a request, and all that it replied was read."""
        return self._left == 0

    def dream(self, request, payload, progress):
        """As `worker_client.Worker.dream`, and `finish` here."""
        return self.finish(dict(request, type="dream"), payload, progress)

    def finish(self, request, payload, progress):
        """As `worker_client.Worker.finish`.

        Raises
        ------
        WorkerError
            Of the kind `CancelledError` after `cancel`.
        """
        header = self._ask(request, payload, progress)
        self._left = header["bytes"]
        return header

    def describe(self):
        """The worker's reply to `describe`, for which the windows wait: it takes no time."""
        return self.worker.describe()

    def animate(self, request, payload, progress, frame):
        """As `worker_client.Worker.animate`."""
        header = self._ask(dict(request, type="animate"), payload, progress, frame)
        self._left = 0
        return header

    def _ask(self, request, payload, progress, frame=None):
        """The last reply to a request; those before are passed on."""
        if self.cancelled:
            raise WorkerError("the dream was cancelled", "CancelledError")
        self._dreams += 1
        side = PREVIEW_SIDE if self._dreams == 1 else 0
        self._left = None
        # Numbered, so that an error tells whether it is of this request or the worker's end.
        self.worker.ask(dict(request, preview=side, id=self._dreams), payload)
        self._loop = self._screen.Loop()

        def tell(header):
            progress(header)
            self._progress(header)

        reader = threading.Thread(target=self._receive, args=(tell, frame), daemon=True)
        reader.start()
        self._loop.run()
        reader.join()
        self._loop = None
        header, error = self._answer
        if error is not None:
            if getattr(error, "id", None) is not None:
                self._left = 0
            raise error
        return header

    def read(self, count):
        """As `worker_client.Worker.read`."""
        data = self.worker.read(count)
        self._left -= len(data)
        return data

    def cancel(self):
        """End the work; `finish` then raises."""
        self.cancelled = True
        if self._loop is not None:
            try:
                self.worker.send({"type": "cancel"})
            except WorkerError:
                # It has ended, which the reader tells.
                pass

    def _receive(self, tell, frame):
        """Pass on the replies until the last one; what follows it is read by `read`."""
        try:
            while True:
                header = self.worker.receive()
                if header["type"] in ("result", "done"):
                    break
                if header["type"] == "frame":
                    self._on_main_now(frame, header, self.worker.read)
                elif header["type"] == "preview":
                    rgb = self.worker.read(header["bytes"])
                    self._on_main(self._preview, header["width"], header["height"], rgb)
                else:
                    self.worker.skip(header)
                    if header["type"] == "progress":
                        self._on_main(tell, header)
            self._answer = header, None
        except Exception as error:
            # Of whatever kind: `finish` waits for an answer, and raises it.
            self._answer = None, error
        finally:
            self._on_main(self._loop.quit)

    def _on_main(self, call, *words):
        self._screen.call_soon(lambda: call(*words))

    def _on_main_now(self, call, *words):
        """The same, and wait until it is done; raises what it raises."""
        done, failed = threading.Event(), []

        def once():
            try:
                call(*words)
            except Exception as error:
                failed.append(error)
            finally:
                done.set()

        self._on_main(once)
        done.wait()
        if failed:
            raise failed[0]
