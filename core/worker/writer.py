"""ReplyWriter of the worker, written by a thread of their own.

Whoever reads requests must never wait for somebody to read replies: a program that writes a large
request before it reads would wait for the worker, and the worker for it.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterable
from typing import Any, BinaryIO

from dreamlayer.core.worker.protocol import line_of, write_message

_MOST = 256
_MOST_BYTES = 2**26


class ReplyWriter:
    """Messages on their way out, in the order in which they were sent.

    Where nobody reads them any more, or they cannot be written, the process ends.

    Parameters
    ----------
    stream : binary stream
        Nobody else may write to it.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[tuple[bytes, int, Iterable[memoryview]]] = deque()
        self._waiting_bytes = 0
        self._sent = self._written = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._write_all, name="replies", daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Whether something that was sent has not been written yet."""
        return self._written < self._sent

    def send(
        self, header: dict[str, Any], payload: Iterable[memoryview] = (), *, wait: bool = False
    ) -> None:
        """Send one message, once not too much waits to be written before it.

        Parameters
        ----------
        header : dict
            Its line; `bytes` must be in it where a payload follows.
        payload : iterable of memoryview
            What follows; asked for piece by piece while it is written.
        wait : bool
            Return only once all of it is written.
        """
        line, size = line_of(header), header.get("bytes", 0)
        with self._changed:
            self._changed.wait_for(self._has_room)
            self._waiting.append((line, size, payload))
            self._waiting_bytes += size
            self._sent += 1
            mine = self._sent
            self._changed.notify_all()
            if wait:
                self._changed.wait_for(lambda: self._written >= mine)

    def _has_room(self) -> bool:
        return len(self._waiting) < _MOST and self._waiting_bytes < _MOST_BYTES

    def drain(self, seconds: float) -> None:
        """Wait until all is written, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_busy, seconds)

    def _write_all(self) -> None:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting)
                    line, size, payload = self._waiting.popleft()
                    self._waiting_bytes -= size
                    self._changed.notify_all()
                write_message(self._stream, line, payload)
                del payload
                with self._changed:
                    self._written += 1
                    self._changed.notify_all()
        except OSError as error:
            # Windows gives EINVAL where others say EPIPE.
            if not isinstance(error, BrokenPipeError) and error.errno != errno.EINVAL:
                say(f"replies cannot be written: {error.strerror or error}")
                os._exit(2)
            os._exit(0)
        except BaseException:
            # A message that stopped in its middle leaves nothing that could be said after it.
            say(traceback.format_exc())
            os._exit(2)


def say(text: str) -> None:
    """Write to standard error, if there is one."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
