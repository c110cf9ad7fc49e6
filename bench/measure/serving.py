"""A worker process: makes one peer, then answers requests on its standard input and output.

It is started as `python -m bench.measure.serving`, by any interpreter that has the peer's framework
and the dependencies of `core`. A message is a pickle, preceded by its length in eight bytes.
"""

from __future__ import annotations

import os
import pickle
import statistics
import struct
import sys
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from bench.errors import UnavailableError
from bench.peers.loops import Loop, NumpyLoop
from bench.peers.sources import NetworkSource, default_recipe
from bench.peers.table import Peer, Setting, load
from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.recipe.term import Term

Array = npt.NDArray[np.float32]

STEP_SIDE = 1024
"""Side of the image of an octave step: exactly four tiles."""

_SEED = 0
_WARM_UPS = 3
_LENGTH = struct.Struct("<Q")


def picture(side: int) -> Array:
    """The image that all peers get: seeded noise, float32 [3, side, side], 0..1."""
    return np.random.default_rng(_SEED).random((3, side, side), dtype=np.float32)


class Bench:
    """The requests that a worker process answers: each method is one, for `Worker.ask`."""

    def __init__(self, peer: Peer, terms: Sequence[Term]) -> None:
        self._peer, self._terms = peer, tuple(terms)
        self._loop = peer.loop()
        self._prepared: dict[int, Any] = {}
        self._overhead: float | None = None

    def version(self) -> str:
        """Name and version of the framework."""
        return self._peer.version

    def gradient(self, side: int) -> tuple[float, Array]:
        """The objective and its gradient on one tile, not timed."""
        return self._peer(picture(side))

    def warm_gradient(self, side: int) -> None:
        """Let the framework trace, compile and allocate for one size of tile."""
        self._prepared[side] = self._peer.prepare(picture(side))
        for _ in range(_WARM_UPS):
            self._peer.gradient(self._prepared[side])

    def time_gradient(self, side: int, count: int) -> float:
        """Median seconds of `count` gradients of a tile already in the framework's form."""
        tile = self._prepared[side]
        # While the others worked, its threads slept and its caches were overwritten.
        self._peer.gradient(tile)
        return statistics.median(_seconds(self._peer.gradient, tile) for _ in range(count))

    def time_steps(self, steps: int) -> float:
        """Seconds of an octave step per megapixel, over `steps` after one that is not timed."""
        base = picture(STEP_SIDE)
        self._loop.dream(base, default_recipe(self._terms, octaves=1, steps=1))
        before = _network_seconds(self._loop)
        recipe = default_recipe(self._terms, octaves=1, steps=steps)
        seconds = _seconds(self._loop.dream, base, recipe)
        if before is not None:
            self._overhead = 1 - ((_network_seconds(self._loop) or 0.0) - before) / seconds
        return seconds / (steps * STEP_SIDE**2 / 1e6)

    def overhead(self) -> float | None:
        """The share of the last timed steps outside the network, None where it is not known."""
        return self._overhead

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
    """Make the peer, then answer until the input closes."""
    requests = sys.stdin.buffer
    # Frameworks print; that must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        bench = _made(*receive(requests))
        send(answers, (None, None))
        while True:
            name, arguments = receive(requests)
            send(answers, (None, getattr(bench, name)(*arguments)))
    except (EOFError, KeyboardInterrupt):
        # Ctrl-C reaches every process of the terminal; the parent reports it.
        return
    except DreamlayerError as error:
        send(answers, ((isinstance(error, UnavailableError), str(error)), None))
    except Exception as error:
        send(answers, ((False, f"{type(error).__name__}: {error}"), None))


def _made(make: str, terms: Sequence[Term], setting: Setting) -> Bench:
    try:
        peer = load(make)(NetworkSource(terms), setting)
    except ImportError as error:
        raise UnavailableError(f"not installed ({error})") from error
    return Bench(peer, terms)


def _network_seconds(loop: Loop) -> float | None:
    return loop.network_seconds if isinstance(loop, NumpyLoop) else None


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
