"""VGG16 and VGG19 from Keras, in all their variants, against Keras itself.

Here they have an eighth of the channels, but every layer; the whole ones differ in nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from dreamlayer.core.network.network import Network

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from dreamlayer.export import verify
from dreamlayer.export.keras import export as keras_export
from dreamlayer.export.keras import networks as keras_networks
from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.networks import KINDS, Variant
from dreamlayer.export.tf.convert import convert

pytestmark = pytest.mark.usefixtures("narrow_keras")


def exported(variant: Variant, folder: Path) -> tuple[str, Network]:
    """Run the command; return what it prints, and its file, opened."""
    target = folder / f"{variant.name}.onnx"
    told = keras_export.run(variant, "random", target, 0)
    return told, Network(str(target))


@pytest.mark.parametrize(
    ("variant", "layers"),
    [
        (Variant(KINDS["vgg16"]), 13 + 5),
        (Variant(KINDS["vgg16"], pooling="average", channels="rgb", mean="none"), 13 + 5),
        (Variant(KINDS["vgg19"], channels="rgb"), 16 + 5),
    ],
)
def test_network_meets_the_contract(variant: Variant, layers: int, tmp_path: Path) -> None:
    """Every layer under its Keras name, agreeing with Keras, in standard operators."""
    told, network = exported(variant, tmp_path)
    for line in told.splitlines()[2:7]:
        layer, activation, gradient, cosine = line.split()
        assert layer.endswith("_pool"), told
        assert float(activation) <= 1e-4, told
        assert float(gradient) <= 1e-4, told
        assert float(cosine) >= 0.9999, told
    assert "Use it with: dreamlayer dream" in told
    onnx.checker.check_model(network.model, full_check=True)
    assert network.name == variant.name
    assert network.metadata["dreamlayer.minimum_size"] == "32"
    assert len(network.layer_names) == layers
    assert {"block1_conv1", "block5_conv2", "block5_pool"} < set(network.layer_names)
    operators = {node.op_type for node in network.model.graph.node}
    assert "Transpose" not in operators
    pools = {"MaxPool", "AveragePool"} & operators
    assert pools == {"AveragePool" if variant.pooling == "average" else "MaxPool"}
    assert all(layer.reason is None for layer in network.layers())


def test_classifier_is_that_of_keras(tmp_path: Path) -> None:
    """At 224 px the convolutions give what the dense layers give; a larger image gives a map."""
    import keras

    variant = Variant(KINDS["vgg16"], top=True)
    whole = keras.applications.VGG16(weights=None, include_top=True)
    whole.save_weights(tmp_path / "whole.weights.h5")
    model = keras_weights.load(variant, str(tmp_path / "whole.weights.h5"))
    source = keras_networks.network(model, variant)
    network = convert(source, variant.name)
    image = verify.noise_image(224)
    fed = variant.pixels.preprocess(image.transpose(0, 2, 3, 1)).astype(np.float32)
    layers = ["fc1", "fc2", "predictions"]
    expected = keras.Model(whole.inputs[0], [whole.get_layer(n).output for n in layers])(fed)
    found = verify.activations(network, [*layers, "logits"], image)
    for layer, values in zip(layers, expected, strict=True):
        error = verify.relative_error(found[layer], np.asarray(values)[:, :, None, None])
        assert error < 1e-4, layer
    logits = found["logits"].ravel().astype(np.float64)
    softmax = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    np.testing.assert_allclose(found["predictions"].ravel(), softmax, rtol=1e-3)
    larger = verify.activations(network, ["logits"], verify.noise_image(256))["logits"]
    assert larger.shape == (1, 125, 2, 2)


def test_classifier_dreams(tmp_path: Path) -> None:
    """With its classifier it agrees with Keras too, and every layer has a gradient."""
    told, network = exported(Variant(KINDS["vgg16"], pooling="average", top=True), tmp_path)
    layer, activation, _, cosine = told.splitlines()[7].split()
    assert layer == "logits"
    assert float(activation) <= 1e-4, told
    assert float(cosine) >= 0.9999, told
    assert network.metadata["dreamlayer.minimum_size"] == "224"
    assert network.layer_names[-5:] == ["block5_pool", "fc1", "fc2", "logits", "predictions"]
    assert all(layer.reason is None for layer in network.layers())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "vgg16"),
        ({"pooling": "max", "channels": "bgr", "mean": "imagenet"}, "vgg16"),
        ({"pooling": "average"}, "vgg16_average"),
        ({"channels": "rgb"}, "vgg16_rgb"),
        (
            {"pooling": "average", "channels": "rgb", "mean": "none"},
            "vgg16_average_rgb_no_mean",
        ),
        ({"mean": "none", "top": True}, "vgg16_no_mean_top"),
    ],
)
def test_variants_are_named(options: dict[str, Any], name: str) -> None:
    """The name has a word for each difference, in a fixed order."""
    assert Variant(KINDS["vgg16"], **options).name == name


def test_pixels_are_those_of_keras() -> None:
    """Without options the first layer sees what Keras's preprocessing gives."""
    import keras

    image = np.random.default_rng(0).random((1, 4, 4, 3))
    expected = keras.applications.vgg16.preprocess_input(image * 255)
    np.testing.assert_allclose(
        Variant(KINDS["vgg16"]).pixels.preprocess(image), expected, atol=1e-4
    )
    plain = Variant(KINDS["vgg16"], channels="rgb", mean="none")
    np.testing.assert_allclose(plain.pixels.preprocess(image), image * 255)
    swapped = Variant(KINDS["vgg16"], channels="rgb").pixels.preprocess(image)
    np.testing.assert_allclose(swapped[..., ::-1], expected, atol=1e-4)
