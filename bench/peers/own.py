"""Our own gradient, exactly as `core` computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.errors import UnavailableError
from bench.peers.loops import NumpyLoop
from bench.peers.sources import NetworkSource
from bench.peers.table import FULL, HALF, Setting
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.errors import ProviderError
from dreamlayer.core.runtime import openvino_session
from dreamlayer.core.runtime.installed import runtime
from dreamlayer.core.runtime.providers import OPENVINO, Execution, provider_of

Array = npt.NDArray[np.float32]

PRECISIONS = {FULL: "full", HALF: "fast"}
"""Precision of a recipe, by the precision of a row."""


class OwnPeer:
    """The objective of `core`; its native form is a numpy tile.

    Raises
    ------
    UnavailableError
        The provider does not load on this machine, or does not have the row's precision.
    """

    def __init__(self, source: NetworkSource, setting: Setting, provider: str = "cpu") -> None:
        self._objective = objective(source, setting, provider)
        self.version = _version(provider)
        self.grid, self._threads = source.grid, setting.threads

    def prepare(self, tile: Array) -> Array:
        """Return the tile, and prepare the session for its size, as a dream does."""
        self._objective.specialize((tile.shape[1], tile.shape[2]))
        return tile

    def gradient(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient."""
        return self._objective(tile)

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient."""
        return self._objective(tile)

    def loop(self) -> NumpyLoop:
        """The loop of `core`."""
        return NumpyLoop(self._objective, self.grid, self._threads)


def objective(source: NetworkSource, setting: Setting, provider: str) -> Objective:
    """Load the objective with the settings of a row."""
    try:
        return Objective(
            source.network,
            source.subject.terms,
            execution=Execution(provider, setting.threads, PRECISIONS[setting.precision]),
        )
    except ProviderError as error:
        raise UnavailableError(str(error)) from error


def _version(provider: str) -> str:
    """The package that computes on a provider, and its version."""
    if provider_of(provider).engine == OPENVINO:
        return f"openvino {openvino_session.version()}"
    own = "" if provider == "cpu" else f" ({provider})"
    return f"onnxruntime {runtime().__version__}{own}"


def command_options(precision: str) -> list[str]:
    """The options of our command line for a row's precision."""
    return ["--precision", PRECISIONS[precision]]


def cpu(source: NetworkSource, setting: Setting) -> OwnPeer:
    """On ONNX Runtime's CPU provider."""
    return OwnPeer(source, setting, "cpu")


def openvino(source: NetworkSource, setting: Setting) -> OwnPeer:
    """On the OpenVINO provider."""
    return OwnPeer(source, setting, "openvino")


def cuda(source: NetworkSource, setting: Setting) -> OwnPeer:
    """On the CUDA provider."""
    return OwnPeer(source, setting, "cuda")
