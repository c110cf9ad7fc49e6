"""Signals by flags: what asks the program to stop is noted, and raised where nothing is lost by it.

Python runs signal handlers in the main thread, between two of its own instructions: not while C
code opens a session or waits for a disk. So a second thread reads the signals as they come. It sets
the flag that `dreamlayer.core.interruption` shows to all threads, and ends the process at once by
the second signal, or where the main thread does not come back from C for some seconds.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, NoReturn

from dreamlayer.core import interruption
from dreamlayer.core.interruption import Interruption

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_AGAIN = 0.1
"""Seconds after which a signal counts as the second: `timeout` sends the first one twice."""

_PATIENCE = 3.0
"""Seconds that C code may take to return after the first signal."""

_REMINDER = 0.02
"""Seconds between reminders of a signal that came at a time when nothing could be raised."""

_END = 0
"""No signal has this number; it ends the thread."""


def code_of(number: int) -> int:
    """The exit code after a signal, as shells have it."""
    return 128 + number


class Signals:
    """Handles signals as long as its `with` block lasts, in the main thread only.

    Parameters
    ----------
    farewell : callable
        Gives the last line of a process that is ended at once.
    forever : bool
        Whether the process ends after the block: as its work is done, signals are ignored then.
    """

    def __init__(self, farewell: Callable[[], str], *, forever: bool = False) -> None:
        self._farewell, self._forever = farewell, forever
        self._noted = Interruption()
        self._before: dict[int, Any] = {}
        self._reminders = 0
        # Nothing is raised before `listen`.
        self._noted.enter(1, writing=False)

    @property
    def code(self) -> int:
        """The exit code by the signal that came; that of Ctrl-C where none was noted."""
        number = self._noted.number
        return code_of(signal.SIGINT if number is None else number)

    @property
    def written(self) -> int:
        """How many outputs were written whole."""
        return self._noted.written

    def __enter__(self) -> Signals:
        if threading.current_thread() is not threading.main_thread():
            return self
        numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        # What `nohup` or a shell's background ignores stays ignored.
        heard = [n for n in numbers if signal.getsignal(n) not in (signal.SIG_IGN, None)]
        self._open(heard)
        interruption.watch(self._noted)
        for number in heard:
            self._before[number] = signal.signal(number, self._handle)
        self._hook, sys.unraisablehook = sys.unraisablehook, self._unraisable
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release(forever=self._forever)

    def listen(self) -> None:
        """Raise KeyboardInterrupt from now on, also for what came before."""
        self._noted.enter(-1, writing=False)
        interruption.check()

    def settle(self) -> None:
        """Raise it no more: what is left to do must not be interrupted."""
        self._noted.raised = True

    def release(self, *, forever: bool) -> None:
        """Handle signals no longer."""
        if interruption.watched(self._noted):
            for number, before in self._before.items():
                signal.signal(number, signal.SIG_IGN if forever else before)
            interruption.watch(None)
            sys.unraisablehook = self._hook
            self._close()

    def _open(self, heard: list[int]) -> None:
        self._channel = _Channel()
        self._wakeup = signal.set_wakeup_fd(self._channel.inlet, warn_on_full_buffer=False)
        self._watcher = threading.Thread(
            target=self._watch, args=(frozenset(heard),), name="signals", daemon=True
        )
        self._watcher.start()

    def _close(self) -> None:
        signal.set_wakeup_fd(self._wakeup)
        self._channel.send(_END)
        self._watcher.join(1)
        self._channel.close()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Python's handler, in the main thread."""
        self._noted.request(number)
        # Once: what is done about the first must not be interrupted by the next.
        if self._noted.deferred or self._noted.raised or _is_importing(frame):
            return
        self._noted.raised = True
        raise KeyboardInterrupt

    def _watch(self, heard: frozenset[int]) -> None:
        """Read the signals as they come, in a thread of its own."""
        first: float | None = None
        while True:
            try:
                came = self._channel.receive()
            except OSError:
                return
            for number in came or bytes([_END]):
                if number == _END:
                    return
                if self._reminders:
                    self._reminders -= 1
                    continue
                if number not in heard:
                    continue
                self._noted.request(number)
                if first is None:
                    first = time.monotonic()
                    threading.Thread(target=self._wait, name="patience", daemon=True).start()
                elif time.monotonic() - first >= _AGAIN:
                    self._end()

    def _wait(self) -> None:
        """Remind the main thread of the signal, and end the process if it does not learn of it."""
        first = time.monotonic()
        while interruption.watched(self._noted) and not self._noted.raised:
            if time.monotonic() - first > _PATIENCE and not self._noted.writing:
                self._end()
            time.sleep(_REMINDER)
            if self._noted.number is not None and not self._noted.deferred:
                # The handler did not raise within an import; the channel hears of this too.
                self._reminders += 1
                _thread.interrupt_main(signal.Signals(self._noted.number))

    def _end(self) -> NoReturn:
        """End the process at once, whatever the main thread does."""
        with contextlib.suppress(OSError, ValueError):
            os.write(2, self._farewell().encode(errors="backslashreplace"))
        os._exit(self.code)

    def _unraisable(self, args: Any) -> None:
        """An interruption where Python has to drop exceptions is no news: it was noted."""
        if not isinstance(args.exc_value, KeyboardInterrupt):
            self._hook(args)


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported, as the frames of Python's own machinery tell.

    Modules in C cannot be interrupted in their initialization and tried again: some end the
    process.
    """
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


class _Channel:
    """Carries the numbers of signals from C's handler to a thread: a pipe, on Windows sockets.

    Attributes
    ----------
    inlet : int
        The descriptor to write to, which never blocks.
    """

    def __init__(self, *, sockets: bool = os.name == "nt") -> None:
        self._sockets: list[Any] = []
        if sockets:
            import socket

            inlet, outlet = socket.socketpair()
            inlet.setblocking(False)
            self._sockets = [inlet, outlet]
            self.inlet = inlet.fileno()
        else:
            self._outlet, self.inlet = os.pipe()
            os.set_blocking(self.inlet, False)

    def send(self, number: int) -> None:
        """Send one number; what does not fit is dropped."""
        with contextlib.suppress(OSError):
            if self._sockets:
                self._sockets[0].send(bytes([number]))
            else:
                os.write(self.inlet, bytes([number]))

    def receive(self) -> bytes:
        """Wait for numbers."""
        if self._sockets:
            return bytes(self._sockets[1].recv(64))
        return os.read(self._outlet, 64)

    def close(self) -> None:
        """Close both ends."""
        for one in self._sockets:
            one.close()
        if not self._sockets:
            os.close(self.inlet)
            os.close(self._outlet)
