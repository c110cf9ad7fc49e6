"""Queue of requests between the thread that reads them and the one that handles them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dreamlayer.core.worker.requests import CancelRequest, LongRequest, PixelRequest, Request

if TYPE_CHECKING:
    from dreamlayer.core.worker.wire_pixels import GivenPicture, Raster

_MAX_WAITING = 64
_POLL_SECONDS = 0.2


@dataclass(eq=False)
class Job:
    """A request with its pixels.

    Attributes
    ----------
    request : Request
        The request; none that cancels.
    raster : Raster or None
        The pixels of a dream or style.
    further : list of GivenPicture
        The guide, or the style pictures.
    cancelled : threading.Event
        Set once the request was cancelled.
    """

    request: Request
    raster: Raster | None = None
    further: list[GivenPicture] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)


class RequestQueue:
    """First in, first out; used by one thread that adds requests and one that takes them."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._changed = threading.Condition()

    def wait_for_room(self, *, pixels: bool, gone: Callable[[], bool]) -> None:
        """Wait until another request may be added: only one with pixels may wait.

        Parameters
        ----------
        pixels : bool
            Whether the request has pixels.
        gone : callable
            Called now and then; once it returns True, `EOFError` is raised.
        """
        with self._changed:
            while self._is_full(pixels):
                self._changed.wait(_POLL_SECONDS)
                if gone():
                    raise EOFError

    def _is_full(self, pixels: bool) -> bool:
        crowded = len(self._waiting) >= _MAX_WAITING
        return crowded or (
            pixels and any(isinstance(j.request, PixelRequest) for j in self._waiting)
        )

    def put(self, job: Job) -> None:
        """Append a request."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify_all()

    def take(self) -> Job:
        """Wait for the next request; it counts as running until `finish`."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            self._running = self._waiting.popleft()
            self._changed.notify_all()
            return self._running

    @property
    def busy(self) -> bool:
        """Whether a request is running."""
        return self._running is not None

    def finish(self) -> None:
        """Mark the running request as answered."""
        with self._changed:
            self._running = None

    def cancel(self, request: CancelRequest) -> list[Job]:
        """Cancel requests: signal the running one; remove those that wait, and return them."""
        with self._changed:
            if self._running is not None and _matches(self._running, request):
                self._running.cancelled.set()
            taken = [job for job in self._waiting if _matches(job, request)]
            for job in taken:
                self._waiting.remove(job)
            self._changed.notify_all()
            return taken


def _matches(job: Job, request: CancelRequest) -> bool:
    long = isinstance(job.request, LongRequest)
    return long and (request.id is None or job.request.id == request.id)
