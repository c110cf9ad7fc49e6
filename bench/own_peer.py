"""Our own gradient, exactly as `core` runs it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.network import Network
from core.sessions import GradientSession, runtime
from core.term import Term

Array = npt.NDArray[np.float32]


class OwnPeer:
    """The gradient session of `core`, on the CPU; its native form is a numpy tile."""

    def __init__(self, network: Network, terms: Sequence[Term], threads: int = 0) -> None:
        self.version = f"onnxruntime {runtime().__version__}"
        self._session = GradientSession(network, terms, "cpu", threads)

    def prepare(self, tile: Array) -> Array:
        """Nothing to do."""
        return tile

    def gradient(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient."""
        return self._session(tile)

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient, as `core.ascent` wants them."""
        return self._session(tile)
