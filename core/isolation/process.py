"""Do some work in a process of its own: start it, watch it, and take its answer.

Native code that aborts, divides by zero or never returns then ends that process, not this one. It
is no prison for code: it protects from faults and from files that provoke them.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from dreamlayer.core import errors
from dreamlayer.core.errors import CancelledError, DreamlayerError
from dreamlayer.core.isolation import budget as budgets
from dreamlayer.core.isolation import windows
from dreamlayer.core.isolation.budget import Budget
from dreamlayer.core.isolation.cancellation import asked
from dreamlayer.core.isolation.child import READY
from dreamlayer.core.isolation.meter import Meter
from dreamlayer.core.isolation.place import possible

_BOOT = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from dreamlayer.core.isolation.child import serve; serve()"
)
_START = 60.0
"""Seconds within which a process must have loaded its libraries."""

_MOST = 1 << 28
"""Bytes of an answer."""

_WORDS = 1 << 16
"""Bytes that are kept of what it writes to standard error."""

_POLL, _MEASURE = 0.05, 0.5
"""Seconds between looks at whether to stop, and at what the process has taken."""


class UnexpectedError(Exception):
    """An error in the other process that is none of dreamlayer's own.

    Attributes
    ----------
    kind : str
        Its class.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class _RemoteError(Exception):
    """Where an error in the other process comes from, shown as its cause."""


def run(budget: Budget, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The result of a function, which is called in a process of its own where that is possible.

    Parameters
    ----------
    budget : Budget
        What it may take.
    function : callable
        A function of a module; its result is what JSON can hold.
    arguments, named
        Its arguments, which must be picklable.

    Raises
    ------
    DreamlayerError
        As the function raised it.
    StoppedError
        The process ended without an answer.
    UnexpectedError
        The function raised another error.
    """
    if possible():
        try:
            return _Process(budget, pickle.dumps((function, arguments, named))).answer()
        except _NotStartedError:
            pass
    # Without a process of its own it is as it was before there were any.
    try:
        return function(*arguments, **named)
    except (DreamlayerError, OSError, MemoryError):
        raise
    except Exception as error:
        raise UnexpectedError(type(error).__name__) from error


class _NotStartedError(Exception):
    """The system refuses a further process, or it cannot load this package."""


class _Process:
    """A process that was started for one piece of work."""

    def __init__(self, budget: Budget, work: bytes) -> None:
        self._budget = budget
        request = {
            "parent": os.getpid(),
            "processor": budget.processor,
            "memory": budget.memory,
            "work": base64.b64encode(work).decode(),
        }
        self._request = json.dumps(request).encode() + b"\n"
        self._ready, self._ended = threading.Event(), threading.Event()
        self._answer = self._errors = b""
        self._too_much = False

    def answer(self) -> Any:
        """Start it, wait for it, and give what it answered."""
        # Where this interpreter does not heed the environment or the user's folder, nor may that.
        flags = [("-E", sys.flags.ignore_environment), ("-s", sys.flags.no_user_site)]
        options = ["-P", *(option for option, given in flags if given), "-W", "ignore"]
        words = [sys.executable, *options, "-c", _BOOT, *map(str, sys.path)]
        group: dict[str, Any] = {"process_group": 0}
        if sys.platform == "win32":
            creation = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
            group = {"creationflags": creation}
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # Threads that nothing here needs reserve memory.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                **group,
            )
        except (OSError, ValueError) as error:
            raise _NotStartedError from error
        job = None
        readers = [
            threading.Thread(target=read, name="isolation", daemon=True)
            for read in (self._read_answer, self._read_errors)
        ]
        try:
            job = windows.contain(self._process.pid, self._budget)
            for reader in readers:
                reader.start()
            self._send()
            self._wait()
        finally:
            self._end()
            for reader in readers:
                if reader.ident is not None:
                    reader.join()
            for stream in (self._process.stdout, self._process.stderr):
                assert stream is not None
                stream.close()
            windows.release(job)
        return self._result()

    def _send(self) -> None:
        """Say what to do; its standard input stays open as long as it is wanted."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(self._request)
            self._process.stdin.flush()

    def _read_answer(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdout.readline(len(READY)) == READY:
                self._ready.set()
                self._answer = self._process.stdout.read(_MOST)
                self._too_much = bool(self._process.stdout.read(1))
        self._ended.set()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        number = self._process.stderr.fileno()
        with contextlib.suppress(OSError, ValueError):
            while part := os.read(number, _WORDS):
                self._errors = (self._errors + part)[-_WORDS:]

    def _wait(self) -> None:
        """Wait until it has answered or ended, or has taken too much."""
        begun = measured = time.monotonic()
        cancelled, meter = asked(), None
        while not self._ended.wait(_POLL):
            if cancelled():
                raise CancelledError("the dream was cancelled")
            now = time.monotonic()
            if not self._ready.is_set():
                if now - begun > _START:
                    raise _NotStartedError
                continue
            if now - measured < _MEASURE:
                continue
            meter = meter or Meter(self._process.pid, self._budget)
            meter.check(now - measured)
            measured = now

    def _end(self) -> None:
        """End it, unless it has ended, and let the system forget it."""
        assert self._process.stdin is not None
        if not self._ended.is_set() or self._too_much:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _result(self) -> Any:
        code = self._process.returncode
        if not self._ready.is_set():
            raise _NotStartedError
        try:
            reply = json.loads(self._answer)
        except (ValueError, RecursionError):
            errors_ = self._errors.decode(errors="replace")
            raise budgets.ended_by(code, errors_, self._budget) from None
        if "result" in reply:
            return reply["result"]
        if "memory" in reply:
            raise budgets.too_large(self._budget)
        trace = _RemoteError("\n" + str(reply.get("trace")))
        kind = getattr(errors, str(reply.get("kind")), None)
        if isinstance(kind, type) and issubclass(kind, DreamlayerError):
            raise kind(str(reply.get("sentence"))) from trace
        raise UnexpectedError(str(reply.get("unexpected"))) from trace
