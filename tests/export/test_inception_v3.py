"""InceptionV3 from Keras: the converted network, with its classifier, against Keras itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from dreamlayer.core.errors import NetworkError, OutputError

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from dreamlayer.export import network_file, verify
from dreamlayer.export.keras import export as keras_export
from dreamlayer.export.keras import networks as keras_networks
from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.networks import KINDS, Variant
from dreamlayer.export.network_file import Description
from dreamlayer.export.tf import convert as conversion
from dreamlayer.export.tf.network import TensorFlowNetwork

SEED = 1
WITH_TOP = Variant(KINDS["inception_v3"], top=True)


@pytest.fixture(scope="module")
def source() -> TensorFlowNetwork:
    return keras_networks.network(keras_weights.load(WITH_TOP, "random", SEED), WITH_TOP)


@pytest.fixture(scope="module")
def network(source: TensorFlowNetwork) -> onnx.ModelProto:
    converted = conversion.convert(source, WITH_TOP.name)
    description = Description(WITH_TOP.name, "random", "none needed", "test")
    network_file.describe(converted, source.layers, source.pixels.record(), description)
    return converted


def test_network_meets_the_contract(network: onnx.ModelProto) -> None:
    """Every Keras layer is a tensor of rank 4 under its own name, in standard operators."""
    onnx.checker.check_model(network, full_check=True)
    layers = network_file.layer_names(network)
    assert len(layers) == 310 + 3
    assert {"conv2d", "conv2d_85", "batch_normalization_85", "average_pooling2d_3"} < set(layers)
    assert layers[-4:] == ["mixed10", "avg_pool", "logits", "predictions"]
    assert not [n for n in network.graph.node if n.domain or n.op_type == "Transpose"]
    assert [(entry.domain, entry.version) for entry in network.opset_import] == [("", 18)]
    dims = network.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in dims] == ["batch", 3, "height", "width"]
    assert network_file.read_description(network)["minimum_size"] == "75"


def test_gradients_agree_with_tensorflow(
    network: onnx.ModelProto, source: TensorFlowNetwork
) -> None:
    """Activations and gradients of every mixed layer and of the logits are those of Keras."""
    rows = verify.compare(network, source.results, WITH_TOP.kind.compared)
    assert [row.layer for row in rows] == [*(f"mixed{number}" for number in range(11)), "logits"]
    for row in rows:
        assert row.activation_error <= 1e-4, verify.format_table(rows, "Keras")
        assert row.gradient_error <= 1e-4, verify.format_table(rows, "Keras")
        assert row.cosine >= 0.9999, verify.format_table(rows, "Keras")
    assert verify.agrees(rows)


def test_convolution_and_batch_norm_are_apart(
    network: onnx.ModelProto, source: TensorFlowNetwork
) -> None:
    """A convolution's tensor holds the values before the batch norm, as in Keras."""
    layers = ["conv2d_85", "batch_normalization_85", "activation_85", "average_pooling2d_3"]
    image = verify.noise_image(80)
    expected, _ = source.results(layers, image)
    found = verify.activations(network, layers, image)
    for layer in layers:
        assert verify.relative_error(found[layer], expected[layer]) < 1e-4, layer


def test_classifier_is_that_of_keras(network: onnx.ModelProto, source: TensorFlowNetwork) -> None:
    """The probabilities are Keras's, one for each class, for an image of any size."""
    for side in (80, 120):
        image = verify.noise_image(side)
        expected, _ = source.results(["avg_pool", "predictions"], image)
        found = verify.activations(network, ["avg_pool", "predictions"], image)
        assert found["predictions"].shape == (1, 1000, 1, 1)
        assert found["predictions"].sum() == pytest.approx(1, abs=1e-5)
        for layer, values in found.items():
            assert verify.relative_error(values, expected[layer]) < 1e-4, layer


def test_disagreement_is_not_written(
    network: onnx.ModelProto,
    source: TensorFlowNetwork,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A network that does not agree with Keras is refused, and what stood there stays."""
    target = tmp_path / "network.onnx"
    target.write_text("old")
    wrong = [verify.Row("mixed0", 0.5, 0.5, 0.3)]

    def give(value: Any) -> Any:
        return lambda *_: value

    monkeypatch.setattr(keras_weights, "load", give(None))
    monkeypatch.setattr(keras_networks, "network", give(source))
    monkeypatch.setattr(conversion, "convert", give(network))
    monkeypatch.setattr(verify, "compare", give(wrong))
    with pytest.raises(NetworkError, match="does not agree with Keras"):
        keras_export.run(WITH_TOP, "random", target, SEED)
    assert target.read_text() == "old"
    with pytest.raises(OutputError, match="does not exist"):
        keras_export.run(WITH_TOP, "random", tmp_path / "none" / "network.onnx", SEED)
