"""The worker process: dreams for another program by the protocol of docs/worker.md.

One thread reads requests, so that a cancellation and the end of the input act at once; another
writes replies; the main thread handles requests.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import threading
import traceback
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from dreamlayer.core.errors import CancelledError, DreamlayerError, FramingError, RequestError
from dreamlayer.core.worker.leaving import leave
from dreamlayer.core.worker.parsing import id_of, parse_request
from dreamlayer.core.worker.protocol import PROTOCOL, payload_size, read_header, skip
from dreamlayer.core.worker.queue import Job, RequestQueue
from dreamlayer.core.worker.requests import (
    AnimateRequest,
    CancelRequest,
    Id,
    LongRequest,
    PixelRequest,
    StyleRequest,
)
from dreamlayer.core.worker.writer import ReplyWriter, log

if TYPE_CHECKING:
    from dreamlayer.core.worker.handlers import Handlers
    from dreamlayer.core.worker.wire_pixels import GivenPicture, Raster

_PRELOADED = (
    "numpy",
    # numpy imports it lazily; if another thread does so at the same time, that can recurse without
    # end.
    "numpy.random",
    "dreamlayer.core.worker.wire_pixels",
    "dreamlayer.core.worker.handlers",
)
_DRAIN_AT_END = 0.5
_DRAIN_AFTER_ERROR = 5.0
_MAX_ERROR_LENGTH = 2000


class Worker:
    """Reads requests from one stream and answers them on another, until the first ends.

    Parameters
    ----------
    requests : binary stream
        Nothing else may read from it.
    replies : ReplyWriter
        Sends the replies.
    protocol : int
        The version that is spoken.
    """

    def __init__(self, requests: BinaryIO, replies: ReplyWriter, protocol: int = PROTOCOL) -> None:
        self._requests, self._replies, self._protocol = requests, replies, protocol
        self._queue = RequestQueue()
        self._loaded = threading.Event()
        self._handlers: Handlers | None = None

    def run(self) -> NoReturn:
        """Run until the process ends: with code 0 at the end of input, 2 if input is unreadable."""
        threading.Thread(target=self._read_all, name="requests", daemon=True).start()
        # Import what a dream needs while the other program prepares its request.
        for name in _PRELOADED:
            # A failing import is tried again where it is needed, which reports the reason.
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        with contextlib.suppress(Exception):
            # Never by a plain import, which would leave its telemetry on.
            importlib.import_module("dreamlayer.core.runtime.installed").runtime()
        self._loaded.set()
        while True:
            self._handle(self._queue.take())

    def _handle(self, job: Job) -> None:
        try:
            if self._handlers is None:
                from dreamlayer.core.worker.handlers import Handlers

                self._handlers = Handlers(self._replies, self._protocol)
            self._handlers.handle(job)
        except Exception as error:
            self._send_error(job.request.id, error)
        finally:
            self._queue.finish()
            self._fill_cache()

    def _fill_cache(self) -> None:
        """Put the graphs of a request into the cache, now that it is answered."""
        with contextlib.suppress(Exception):
            from dreamlayer.core.runtime.graph_cache import fill

            fill()

    def _send_error(self, request_id: Id, error: Exception) -> None:
        """Reply with one sentence on what went wrong."""
        kind, sentence = type(error).__name__, str(error)
        if isinstance(error, MemoryError):
            kind = "MemoryError"
            sentence = "memory ran out; use a smaller tile or scale the picture down"
        elif not isinstance(error, DreamlayerError):
            log(traceback.format_exc())
            sentence = f"something went wrong inside dreamlayer ({kind}: {sentence})"
            kind = "InternalError"
        if len(sentence) > _MAX_ERROR_LENGTH:
            sentence = sentence[:_MAX_ERROR_LENGTH] + "..."
        self._replies.send({"type": "error", "id": request_id, "error": sentence, "kind": kind})

    def _read_all(self) -> None:
        try:
            while True:
                self._read_one()
        except EOFError:
            # Nobody waits for a result; the core should be free at once.
            self._queue.cancel(CancelRequest(None))
            # Earlier replies may go out, but a program that does not read is not waited for.
            self._replies.drain(_DRAIN_AT_END)
            leave(0, busy=self._queue.busy)
        except FramingError:
            self._replies.drain(_DRAIN_AFTER_ERROR)
            leave(2)
        except BaseException:
            log(traceback.format_exc())
            os._exit(2)

    def _read_one(self) -> None:
        """Read one message, and queue its request or cancel others."""
        request_id = None
        try:
            header = read_header(self._requests)
            request_id = id_of(header)
            size = payload_size(header)
        except RequestError as error:
            self._send_error(request_id, error)
            if isinstance(error, FramingError):
                raise
            return
        try:
            request = parse_request(header, size, self._protocol)
            if isinstance(request, CancelRequest):
                self._cancel(request)
                return
            pixels = isinstance(request, PixelRequest)
            self._queue.wait_for_room(pixels=pixels, gone=self._is_closed)
            job = Job(request)
            waiting = self._allocate(request, job) if isinstance(request, PixelRequest) else []
        except EOFError:
            raise
        except Exception as error:
            self._send_error(request_id, error)
            skip(self._requests, size)
            return
        if job.raster is not None:
            job.raster.read(self._requests)
        job.further = [self._given(raster) for raster in waiting]
        self._queue.put(job)

    def _cancel(self, request: CancelRequest) -> None:
        for job in self._queue.cancel(request):
            assert isinstance(job.request, LongRequest)
            sentence = f"the {job.request.what} was cancelled before it began"
            self._send_error(job.request.id, CancelledError(sentence))

    def _given(self, raster: Raster) -> GivenPicture:
        """Read a further picture."""
        from dreamlayer.core.worker.wire_pixels import GivenPicture

        return GivenPicture.read(self._requests, raster)

    def _allocate(self, request: PixelRequest, job: Job) -> list[Raster]:
        """Allocate memory for a request's pixels, if there is enough.

        Returns
        -------
        list of Raster
            For the further pictures.
        """
        self._loaded.wait()
        if isinstance(request, AnimateRequest):
            # It brings SciPy, whose BLAS waits for ever where memory is short.
            importlib.import_module("dreamlayer.core.worker.animating")
        from dreamlayer.core.dreaming.memory import check_memory
        from dreamlayer.core.worker.wire_pixels import Raster

        further = sum(one.width * one.height for one in request.further)
        what = "styling" if isinstance(request, StyleRequest) else "dreaming"
        check_memory(request.width, request.height, further=further, what=what)
        job.raster = Raster.empty(request.width, request.height, request.mask, request.pixels)
        return [
            Raster.empty(one.width, one.height, False, request.pixels) for one in request.further
        ]

    def _is_closed(self) -> bool:
        """Whether the other side closed our input, even if it has not been read to its end.

        Unknown on Windows, so False there.
        """
        if not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._requests.fileno(), 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))
