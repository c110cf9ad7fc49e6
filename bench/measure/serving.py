"""A worker process: answers requests about one peer on its standard input and output.

It is started as `python -m bench.measure.serving`, by any interpreter that has the peer's framework
and the dependencies of `core`. A message is a pickle, preceded by its length in eight bytes.
"""

from __future__ import annotations

import gc
import os
import pickle
import statistics
import struct
import sys
import time
from collections.abc import Callable
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError, UnavailableError
from bench.peers.sources import NetworkSource
from bench.peers.subjects import Subject
from bench.peers.table import Peer, Setting, load
from dreamlayer.core.errors import DreamlayerError

Array = npt.NDArray[np.float32]

_SEED = 0
_WARM_UPS = 3
_LONGEST = 400
_LENGTH = struct.Struct("<Q")


def picture(side: int) -> Array:
    """The image that all peers get: seeded noise, float32 [3, side, side], 0..1."""
    return np.random.default_rng(_SEED).random((3, side, side), dtype=np.float32)


class Bench:
    """The requests that a worker process answers: each method is one, for `Worker.ask`.

    Parameters
    ----------
    make : str
        MODULE:NAME of the function that makes the peer.
    setting : Setting
        How it computes.
    """

    def __init__(self, make: str, setting: Setting) -> None:
        try:
            self._make = load(make)
        except ImportError as error:
            raise UnavailableError(f"not installed ({error})") from error
        self._setting = setting
        self._peer: Peer | None = None
        self._tile: Any = None

    def open(self, subject: Subject) -> str:
        """Make the peer for a network and an objective; return the framework's version."""
        # The memory of the one before first.
        self._peer = self._tile = None
        gc.collect()
        try:
            self._peer = self._make(NetworkSource(subject), self._setting)
        except ImportError as error:
            raise UnavailableError(f"not installed ({error})") from error
        return self._opened.version

    def gradient(self, side: int) -> tuple[float, Array]:
        """The objective and its gradient on one tile, not timed."""
        return self._opened(picture(side))

    def warm_gradient(self, side: int) -> float:
        """Let the framework trace, compile and allocate for one size of tile; seconds of the last.

        The tile is kept in the framework's form for `time_gradient`.
        """
        self._tile = self._opened.prepare(picture(side))
        return [_seconds(self._opened.gradient, self._tile) for _ in range(_WARM_UPS)][-1]

    def time_gradient(self, count: int) -> float:
        """Median seconds of `count` gradients of the tile that is warm."""
        # While the others worked, its threads slept and its caches were overwritten.
        self._opened.gradient(self._tile)
        return statistics.median(_seconds(self._opened.gradient, self._tile) for _ in range(count))

    @property
    def _opened(self) -> Peer:
        if self._peer is None:
            raise BenchError("no network is open")
        return self._peer

    def peak_memory(self) -> int | None:
        """Peak memory of this process in bytes, None where the system does not report it."""
        try:
            import resource
        except ImportError:
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def send(stream: IO[bytes], message: object) -> None:
    """Write one message."""
    data = pickle.dumps(message, protocol=4)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read one message; `EOFError` if the other side has ended."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Answer until the input closes; an error is an answer too."""
    requests = sys.stdin.buffer
    # Frameworks print; that must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    bench: Bench | None = None
    while True:
        try:
            request = receive(requests)
        except (EOFError, KeyboardInterrupt):
            # Ctrl-C reaches every process of the terminal; the parent reports it.
            return
        problem: tuple[bool, str] | None = None
        found: Any = None
        try:
            if bench is None:
                bench = Bench(*request)
            else:
                name, arguments = request
                found = getattr(bench, name)(*arguments)
        except KeyboardInterrupt:
            return
        except DreamlayerError as error:
            problem = isinstance(error, UnavailableError), str(error)
        except Exception as error:
            problem = False, f"{type(error).__name__}: {_first_line(error)}"
        send(answers, (problem, found))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:_LONGEST] if lines else "no message"


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
