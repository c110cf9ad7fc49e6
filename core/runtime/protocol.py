"""What every loaded session offers, whichever package computes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.names import IMAGE

Array = npt.NDArray[np.float32]


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
        """


def failed_on(feeds: Mapping[str, Array], reason: str) -> NetworkError:
    """The error for a model that failed on an image."""
    height, width = feeds[IMAGE].shape[2:]
    return NetworkError(f"the network failed on a tile of {width} × {height} pixels: {reason}")
