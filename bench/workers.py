"""One process a peer, so that thread pools and memory are its own; only one works at a time."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError, NotInstalledError
from bench.peers import Entry, Peer
from core.ascent import dream_planes
from core.network import Network
from core.recipe import Recipe
from core.term import Term

Array = npt.NDArray[np.float32]

STEP_SIDE, STEP_TILE = 1024, 512
"""The image of an ascent step, and its tiles: four whole ones, with none left over."""

_SEED = 0
_WARM_UPS = 3
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
"""All are measured on the CPU, and TensorFlow keeps most of its notes to itself."""


def picture(side: int) -> Array:
    """The image that all compute on: seeded noise, float32 [3, side, side], 0..1."""
    return np.random.default_rng(_SEED).random((3, side, side), dtype=np.float32)


class Bench:
    """What a worker process answers; each method is one request of `Worker.ask`."""

    def __init__(self, peer: Peer, network: Network, terms: Sequence[Term]) -> None:
        self._peer, self._terms = peer, tuple(terms)
        # No overlap: every pixel goes through the network once a step.
        self._grid = network.grid([term.layer for term in terms], STEP_TILE, overlap=0)
        self._prepared: dict[int, Any] = {}

    def version(self) -> str:
        """Name and version of what computes."""
        return self._peer.version

    def gradient(self, side: int) -> tuple[float, Array]:
        """The objective and its gradient on one tile, not timed."""
        return self._peer(picture(side))

    def warm_gradient(self, side: int) -> None:
        """Let the framework trace, compile and allocate for a size of tile."""
        self._prepared[side] = self._peer.prepare(picture(side))
        for _ in range(_WARM_UPS):
            self._peer.gradient(self._prepared[side])

    def time_gradient(self, side: int, count: int) -> float:
        """Median seconds of `count` gradients of a tile that is in the framework's form already."""
        tile = self._prepared[side]
        # While the others worked, this one's threads slept and its caches were taken.
        self._peer.gradient(tile)
        return statistics.median(_seconds(self._peer.gradient, tile) for _ in range(count))

    def time_steps(self, steps: int) -> float:
        """Seconds of one ascent step per megapixel, over some steps after one that is not timed."""
        base = picture(STEP_SIDE)
        self._climb(base, 1)
        return _seconds(self._climb, base, steps) / (steps * STEP_SIDE**2 / 1e6)

    def peak_memory(self) -> int | None:
        """The most bytes that this process ever held, None where the system does not tell."""
        try:
            import resource
        except ImportError:
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    def _climb(self, base: Array, steps: int) -> Array:
        recipe = Recipe(layers=self._terms, octaves=1, steps=steps)
        rng = np.random.default_rng(_SEED)
        return dream_planes(base, recipe, self._peer, grid=self._grid, rng=rng)


class Worker:
    """A process of its own for one peer, kept until the end of the `with` block.

    Parameters
    ----------
    entry : Entry
        Whom to run.
    terms : sequence of Term
        The objective, on the default network.
    threads : int
        Threads of the peer, 0 for its own choice.

    Raises
    ------
    NotInstalledError
        Where the peer's framework is missing.
    BenchError
        Where the peer cannot carry out the network, or its process ends.
    """

    def __init__(self, entry: Entry, terms: Sequence[Term], threads: int = 0) -> None:
        entry.demand()
        self.entry = entry
        # A fresh interpreter: a forked one would share this one's memory and threads.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        arguments = (theirs, entry, tuple(terms), threads)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._receive()
        except BaseException:
            self.close()
            raise

    def ask(self, request: str, *arguments: Any) -> Any:
        """Have the process run one method of `Bench`, and wait for what it returns."""
        return self._receive((request, arguments))

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _receive(self, question: object = None) -> Any:
        """What the process says, after a question or, at first, by itself."""
        try:
            if question is not None:
                self._connection.send(question)
            error, value = self._connection.recv()
        except (EOFError, ConnectionError) as gone:
            self._process.join(timeout=5)
            raise BenchError(
                f"the process of {self.entry.label} ended by itself (exit code "
                f"{self._process.exitcode}); -9 means that memory ran out"
            ) from gone
        if error is not None:
            raise error
        return value


def _serve(connection: Connection, entry: Entry, terms: Sequence[Term], threads: int) -> None:
    """The life of a worker process: make the peer, then answer until the pipe closes."""
    os.environ.update(_ENVIRONMENT)
    try:
        try:
            network = Network()
            bench = Bench(entry.make(network, terms, threads), network, terms)
        except ImportError as error:
            connection.send((NotInstalledError(f"{entry.label} does not load: {error}"), None))
            return
        connection.send((None, None))
        while True:
            request, arguments = connection.recv()
            connection.send((None, getattr(bench, request)(*arguments)))
    except EOFError:
        return
    except KeyboardInterrupt:
        # Ctrl-C reaches every process of the terminal; the parent says what there is to say.
        return
    except Exception as error:
        connection.send((BenchError(f"{entry.label}: {type(error).__name__}: {error}"), None))


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start
