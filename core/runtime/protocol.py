"""What every loaded session offers, whichever package computes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import MemoryLimitError, NetworkError
from dreamlayer.core.graph.names import IMAGE

Array = npt.NDArray[np.float32]

_NO_MEMORY = re.compile(r"bad.?alloc|not? allocate|failed to alloc|out of memory", re.IGNORECASE)
"""What runtimes say where they get no memory."""


class Session(Protocol):
    """A model, loaded on one provider."""

    @property
    def provider(self) -> str:
        """Short name of the provider that loaded."""

    def run(self, names: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """Run the model.

        Parameters
        ----------
        names : sequence of str
            The outputs to return, in this order.
        feeds : mapping
            All inputs by name; one is `image`, float32 [1, 3, height, width].

        Raises
        ------
        NetworkError
            It failed on this image.
        MemoryLimitError
            There was no memory left.
        """


def failed_on(feeds: Mapping[str, Array], reason: str) -> NetworkError | MemoryLimitError:
    """The error for a model that failed on an image."""
    height, width = feeds[IMAGE].shape[2:]
    if is_shortage(reason):
        return MemoryLimitError(
            f"memory ran out on a tile of {width} × {height} pixels; use a smaller tile (--tile "
            "512), scale the picture down, or close other programs"
        )
    return NetworkError(f"the network failed on a tile of {width} × {height} pixels: {reason}")


def is_shortage(reason: str) -> bool:
    """Whether a runtime's reason is that there was no memory left."""
    return bool(_NO_MEMORY.search(reason))
