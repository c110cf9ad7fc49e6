"""The gradient model of one tile of a style transfer, and the session that runs it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.graph.names import GRADIENT, IMAGE, LOSS
from dreamlayer.core.network.gradient_model import differentiated
from dreamlayer.core.network.network import Network
from dreamlayer.core.runtime.providers import Execution, provider_of
from dreamlayer.core.runtime.sessions import Source, open_session
from dreamlayer.core.style.tile_loss import TileLayers, tile_loss

Array = npt.NDArray[np.float32]


def tile_model(
    network: onnx.ModelProto,
    layers: TileLayers,
    provider: str = "",
    size: tuple[int, int] | None = None,
) -> onnx.ModelProto:
    """Make the model of a tile: `loss` and `gradient`, for tiles of any size, or of one only."""
    variant = VARIANTS[provider_of(provider).variant]
    return differentiated(
        network, layers.all, lambda graph: tile_loss(graph, layers), variant=variant, size=size
    )


class TileSession:
    """A loaded tile model.

    Parameters
    ----------
    network : Network
        Has the layers.
    layers : TileLayers
        What the loss is made of.
    execution : Execution
        The provider and threads.

    Attributes
    ----------
    provider : str
        Short name of the provider that loaded.
    """

    def __init__(self, network: Network, layers: TileLayers, execution: Execution) -> None:
        network.check_layers(sorted(layers.all))
        network.prepare(sorted(layers.all))
        source = Source(
            lambda provider: tile_model(network.model, layers, provider, network.image_size),
            ("style tile", network.digest, layers),
        )
        self._session = open_session(source, execution)
        self.provider = self._session.provider

    def __call__(self, tile: Array, inputs: Mapping[str, Array]) -> tuple[float, Array]:
        """The sum to be maximized, and its gradient, float32 [3, height, width]."""
        fed = {IMAGE: tile[np.newaxis], **inputs}
        loss, gradient = self._session.run((LOSS, GRADIENT), fed)
        return float(loss), gradient[0]
