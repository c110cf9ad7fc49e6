"""Activations of a network's layers for a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import open_session

if TYPE_CHECKING:
    from dreamlayer.core.network.network import Network

Array = npt.NDArray[np.float32]


class Activations:
    """A session that computes some layers of a network, in full precision.

    Parameters
    ----------
    network : Network
        The network with the layers.
    layers : sequence of str
        Names of layers; `image` is the picture itself.
    execution : Execution
        The provider and threads.

    Raises
    ------
    LayerError
        The network has no such layer.
    """

    def __init__(
        self, network: Network, layers: Sequence[str], execution: Execution = Execution()
    ) -> None:
        network.check_layers(layers)
        self._layers = list(dict.fromkeys(layers))
        self._tensors = {name: network.tensor(name) for name in self._layers}
        self._tapped = list(dict.fromkeys(t for t in self._tensors.values() if t != IMAGE))
        self._session = None
        if self._tapped:
            source = network.activation_source(self._tapped)
            self._session = open_session(source, execution.in_full())

    def __call__(self, image: Array) -> dict[str, Array]:
        """Run the network.

        Parameters
        ----------
        image : array
            float32 [3, height, width], 0..1, not smaller than the network's minimum.

        Returns
        -------
        dict
            float32 [1, channels, h, w] by layer.
        """
        found = {IMAGE: image[np.newaxis]}
        if self._session is not None:
            results = self._session.run(self._tapped, {IMAGE: found[IMAGE]})
            found.update(zip(self._tapped, results, strict=True))
        return {name: found[tensor] for name, tensor in self._tensors.items()}
