"""Random weights, in the whole networks of Keras."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from dreamlayer.export import verify
from dreamlayer.export.keras import networks as keras_networks
from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.networks import KINDS, Variant

INCEPTION, VGG16 = Variant(KINDS["inception_v3"]), Variant(KINDS["vgg16"])


@pytest.mark.parametrize(
    "variant",
    [INCEPTION, VGG16, Variant(KINDS["vgg19"], pooling="average", channels="rgb", mean="none")],
)
def test_random_weights_keep_activations_of_order_one(variant: Variant) -> None:
    """No layer explodes or dies, so that comparisons mean something."""
    source = keras_networks.network(keras_weights.load(variant, "random"), variant)
    found, _ = source.results(variant.kind.compared[:-1], verify.noise_image())
    for layer, values in found.items():
        assert 0.3 < np.sqrt((values**2).mean()) < 6, layer
