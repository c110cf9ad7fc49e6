"""The worker: dreams for another program by the protocol of docs/worker.md.

One thread reads requests, so that a wish to cancel and the end of the input act at once; one
writes replies; the main one works.
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
from dreamlayer.core.worker.protocol import read_header, size_of, skip
from dreamlayer.core.worker.queue import Job, RequestQueue
from dreamlayer.core.worker.requests import CancelRequest, DreamRequest, Id, id_of, parse_request
from dreamlayer.core.worker.writer import ReplyWriter, say

if TYPE_CHECKING:
    from dreamlayer.core.worker.handlers import Handlers
    from dreamlayer.core.worker.wire_pixels import Raster

_HEAVY = (
    "numpy",
    # By now: numpy loads it when it is first asked for, and where another thread is at it, as with
    # the blur below, the asking may call itself without end.
    "numpy.random",
    "onnx",
    "onnxruntime",
    "dreamlayer.core.worker.wire_pixels",
    "dreamlayer.core.worker.handlers",
)
_LAST_WORDS = 0.5
_LAST_SENTENCE = 5.0
_LONGEST_SENTENCE = 2000


class Worker:
    """Reads requests from one stream and answers them on another, until the first one ends.

    Parameters
    ----------
    requests : binary stream
        Nobody else may read from it.
    replies : ReplyWriter
        Where the answers go.
    """

    def __init__(self, requests: BinaryIO, replies: ReplyWriter) -> None:
        self._requests, self._replies = requests, replies
        self._backlog = RequestQueue()
        self._loaded = threading.Event()
        self._answers: Handlers | None = None

    def run(self) -> NoReturn:
        """Work until the process ends: with code 0 where the input ends, 2 where it is unclear."""
        threading.Thread(target=self._read_all, name="requests", daemon=True).start()
        # What a dream needs is loaded while the other program still gets its request ready.
        for name in _HEAVY:
            # Whoever needs what does not load tries again, and answers with the reason.
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        self._loaded.set()
        # Needed after the first gradient only: it may come in while ONNX Runtime loads a network.
        threading.Thread(target=_load_blur, name="blur", daemon=True).start()
        while True:
            self._work(self._backlog.take())

    def _work(self, job: Job) -> None:
        try:
            if self._answers is None:
                from dreamlayer.core.worker.handlers import Handlers

                self._answers = Handlers(self._replies)
            self._answers.answer(job)
        except Exception as error:
            self._fail(job.request.id, error)
        finally:
            self._backlog.finish()

    def _fail(self, asker: Id, error: Exception) -> None:
        """Answer with a sentence on what went wrong."""
        kind, sentence = type(error).__name__, str(error)
        if isinstance(error, MemoryError):
            kind = "MemoryError"
            sentence = "memory ran out; use a smaller tile or scale the picture down"
        elif not isinstance(error, DreamlayerError):
            say(traceback.format_exc())
            sentence = f"something went wrong inside dreamlayer ({kind}: {sentence})"
            kind = "InternalError"
        if len(sentence) > _LONGEST_SENTENCE:
            sentence = sentence[:_LONGEST_SENTENCE] + "..."
        self._replies.send({"type": "error", "id": asker, "error": sentence, "kind": kind})

    def _read_all(self) -> None:
        try:
            while True:
                self._read_one()
        except EOFError:
            # What was said before may go out, but nobody who does not read is waited for.
            self._replies.drain(_LAST_WORDS)
            os._exit(0)
        except FramingError:
            self._replies.drain(_LAST_SENTENCE)
            os._exit(2)
        except BaseException:
            say(traceback.format_exc())
            os._exit(2)

    def _read_one(self) -> None:
        """Read one message, and do what is to be done at once."""
        asker = None
        try:
            header = read_header(self._requests)
            asker = id_of(header)
            size = size_of(header)
        except RequestError as error:
            self._fail(asker, error)
            if isinstance(error, FramingError):
                raise
            return
        try:
            request = parse_request(header, size)
            if isinstance(request, CancelRequest):
                self._cancel(request)
                return
            dream = isinstance(request, DreamRequest)
            self._backlog.wait_for_room(pixels=dream, gone=self._hung_up)
            raster = self._room_for(request) if isinstance(request, DreamRequest) else None
        except EOFError:
            raise
        except Exception as error:
            self._fail(asker, error)
            skip(self._requests, size)
            return
        if raster is not None:
            raster.read(self._requests)
        self._backlog.put(Job(request, raster))

    def _cancel(self, request: CancelRequest) -> None:
        for job in self._backlog.cancel(request):
            self._fail(job.request.id, CancelledError("the dream was cancelled before it began"))

    def _room_for(self, request: DreamRequest) -> Raster:
        """Memory for a request's pixels, if there is enough."""
        self._loaded.wait()
        from dreamlayer.core.dreaming.memory import check_room
        from dreamlayer.core.worker.wire_pixels import Raster

        check_room(request.width, request.height)
        return Raster.empty(request.width, request.height, request.mask, request.pixels)

    def _hung_up(self) -> bool:
        """Whether the other side closed our input, though not all of it has been read.

        Windows does not tell.
        """
        if not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._requests.fileno(), 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))


def _load_blur() -> None:
    with contextlib.suppress(Exception):
        importlib.import_module("scipy.ndimage")
