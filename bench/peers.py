"""Who is measured: one table, and how each is made inside its own process."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bench.errors import NotInstalledError
from core.network import Network
from core.term import Term

Array = npt.NDArray[np.float32]


class Peer(Protocol):
    """One way to compute the objective and its gradient."""

    version: str

    def prepare(self, tile: Array) -> Any:
        """A tile, float32 [3, height, width], in the form that the framework's users hold it in."""

    def gradient(self, native: Any) -> tuple[float, Any]:
        """The objective and its gradient, in the framework's own form; this is what is timed."""

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient for `core.ascent`, float32 [3, height, width]."""


Make = Callable[[Network, Sequence[Term], int], Peer]
"""Makes a peer from a network, an objective and a number of threads, 0 for the peer's choice."""


@dataclass(frozen=True)
class Entry:
    """One row of the tables.

    Attributes
    ----------
    label : str
        What the row is called.
    framework : str
        The module that must be there.
    make : callable
        Loads the framework, so it is called in the peer's own process only.
    """

    label: str
    framework: str
    make: Make

    def demand(self) -> None:
        """Raise `NotInstalledError` where the framework is missing."""
        if importlib.util.find_spec(self.framework) is None:
            raise NotInstalledError(f"{self.label}: {self.framework} is not installed")


def _own(network: Network, terms: Sequence[Term], threads: int) -> Peer:
    from bench.own_peer import OwnPeer

    return OwnPeer(network, terms, threads)


def _torch(network: Network, terms: Sequence[Term], threads: int) -> Peer:
    from bench.plan import plan_of
    from bench.torch_peer import TorchPeer

    return TorchPeer(plan_of(network.model, terms), threads)


def _torch_channels_last(network: Network, terms: Sequence[Term], threads: int) -> Peer:
    from bench.plan import plan_of
    from bench.torch_peer import TorchPeer

    return TorchPeer(plan_of(network.model, terms), threads, channels_last=True)


def _tensorflow(network: Network, terms: Sequence[Term], threads: int) -> Peer:
    from bench.plan import plan_of
    from bench.tensorflow_peer import TensorFlowPeer

    return TensorFlowPeer(plan_of(network.model, terms), threads)


OURS = Entry("dreamlayer", "onnxruntime", _own)
OTHERS = (
    Entry("PyTorch eager", "torch", _torch),
    Entry("PyTorch eager, channels_last", "torch", _torch_channels_last),
    Entry("TensorFlow tf.function", "tensorflow", _tensorflow),
)
