"""Which image sizes a network takes."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.graph.sizes import (
    accepted_sizes,
    activation_bytes,
    minimum_size,
    shapes_at,
    stride,
)
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution


def test_stride_and_minimum_size_of_inception_v3() -> None:
    """mixed0 has one position each 8 pixels, mixed5 each 16; tiny images are too small."""
    network = Network("inception_v3_mixed5")
    assert stride(network.model, ["mixed0"]) == 8
    assert stride(network.model, ["mixed0", "mixed5"]) == 16
    assert minimum_size(network.model, ["conv2d"]) < minimum_size(network.model, ["mixed5"])


@pytest.mark.parametrize("layer", ["conv2d", "conv2d_4", "max_pooling2d", "mixed0", "mixed5"])
def test_gradient_runs_at_the_minimum_size(layer: str) -> None:
    """The smallest image that the layer has a position for can be dreamed."""
    network = Network("inception_v3_mixed5")
    session = GradientSession(network, [Term(layer)], Execution("cpu"))
    side = minimum_size(network.model, [layer])
    assert np.isfinite(session(np.zeros((3, side, side), np.float32))[1]).all()


def test_minimum_size_is_that_of_keras() -> None:
    """A side by which every window still fits, as Keras counts positions without padding."""
    network = Network("inception_v3_mixed5")
    sides = [minimum_size(network.model, [name]) for name in ("conv2d", "max_pooling2d", "mixed5")]
    assert sides == [3, 11, 43]


def test_shapes_are_those_that_run() -> None:
    """What inference says of every layer is what the session gives."""
    network = Network("inception_v3_mixed5")
    shapes = shapes_at(network.model, 101, ["mixed2"])
    assert shapes["mixed0"] == [1, 256, 10, 10]
    assert shapes["image"] == [1, 3, 101, 101]
    assert "mixed3" not in shapes


def test_activation_bytes_grow_with_depth() -> None:
    """Up to conv2d: preprocessing makes 3 channels twice, then come 32 at half the size."""
    model = Network("inception_v3_mixed5").model
    assert activation_bytes(model, ["conv2d"]) == pytest.approx(12 * 2 + 32, rel=0.02)
    assert activation_bytes(model, ["mixed5"]) > activation_bytes(model, ["mixed0"])


@pytest.mark.parametrize(
    ("name", "layer", "smallest"),
    [("default", "block_13_depthwise_relu", 31), ("inception_v3_mixed5", "mixed5", 43)],
)
def test_shipped_networks_take_every_size(name: str, layer: str, smallest: int) -> None:
    """Any side from the minimum on."""
    network = Network(name)
    assert accepted_sizes(network.model, [layer]) == (smallest, 1)
