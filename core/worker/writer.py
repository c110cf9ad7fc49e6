"""Write the worker's replies in a separate thread.

The thread that reads requests must never wait for replies to be read: a program that writes a
large request before it reads would wait for the worker, and the worker for it.
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

from dreamlayer.core.worker.leaving import leave
from dreamlayer.core.worker.protocol import encode_header, write_message

_MAX_MESSAGES = 256
_MAX_BYTES = 2**26


class ReplyWriter:
    """Writes messages in the order in which they are sent.

    If the stream was closed, or cannot be written to, the process ends.

    Parameters
    ----------
    stream : binary stream
        Nothing else may write to it.
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
        """Whether messages were sent but not written yet."""
        return self._written < self._sent

    def send(
        self, header: dict[str, Any], payload: Iterable[memoryview] = (), *, wait: bool = False
    ) -> None:
        """Send one message, once there is room among those that wait to be written.

        Parameters
        ----------
        header : dict
            Its line; must have `bytes` if a payload follows.
        payload : iterable of memoryview
            The bytes that follow; iterated while they are written.
        wait : bool
            Return only once the message is written.
        """
        line, size = encode_header(header), header.get("bytes", 0)
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
        return len(self._waiting) < _MAX_MESSAGES and self._waiting_bytes < _MAX_BYTES

    def drain(self, seconds: float) -> None:
        """Wait until all messages are written, or for some seconds."""
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
            # Windows reports EINVAL instead of EPIPE.
            if not isinstance(error, BrokenPipeError) and error.errno != errno.EINVAL:
                log(f"replies cannot be written: {error.strerror or error}")
                os._exit(2)
            leave(0)
        except BaseException:
            # After an incomplete message, nothing more can be sent.
            log(traceback.format_exc())
            os._exit(2)


def log(text: str) -> None:
    """Write a line to standard error, if there is one."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
