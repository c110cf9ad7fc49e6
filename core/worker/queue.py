"""Requests that wait their turn, and the one at work: handed over between threads, cancelled."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dreamlayer.core.worker.requests import CancelRequest, DescribeRequest, DreamRequest

if TYPE_CHECKING:
    from dreamlayer.core.worker.wire_pixels import Raster

_MOST = 64
_LOOK = 0.2


@dataclass(eq=False)
class Job:
    """A request, with the picture that came with it.

    Attributes
    ----------
    request : DreamRequest or DescribeRequest
        What is to be done.
    raster : Raster or None
        The pixels of a dream.
    cancelled : threading.Event
        Set once nobody wants the answer any more.
    """

    request: DreamRequest | DescribeRequest
    raster: Raster | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)


class RequestQueue:
    """First come, first served; one reads requests into it and one takes them out."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._changed = threading.Condition()

    def wait_for_room(self, *, pixels: bool, gone: Callable[[], bool]) -> None:
        """Wait until one more request may come in: of those with pixels, only one waits.

        Parameters
        ----------
        pixels : bool
            Whether the request brings any.
        gone : callable
            Asked now and then; once it returns True, `EOFError` is raised.
        """
        with self._changed:
            while self._is_full(pixels):
                self._changed.wait(_LOOK)
                if gone():
                    raise EOFError

    def _is_full(self, pixels: bool) -> bool:
        crowded = len(self._waiting) >= _MOST
        return crowded or (
            pixels and any(isinstance(j.request, DreamRequest) for j in self._waiting)
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

    def finish(self) -> None:
        """The request at work has been answered."""
        with self._changed:
            self._running = None

    def cancel(self, request: CancelRequest) -> list[Job]:
        """Cancel dreams; the one at work is told, those that waited are taken out and returned."""
        with self._changed:
            if self._running is not None and _meant(self._running, request):
                self._running.cancelled.set()
            taken = [job for job in self._waiting if _meant(job, request)]
            for job in taken:
                self._waiting.remove(job)
            self._changed.notify_all()
            return taken


def _meant(job: Job, request: CancelRequest) -> bool:
    dream = isinstance(job.request, DreamRequest)
    return dream and (request.id is None or job.request.id == request.id)
