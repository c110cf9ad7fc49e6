"""InceptionV3 from Keras: the converted network against Keras itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from core.errors import NetworkError, OutputError

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from export import contract, inception, keras_inception, verify

SEED = 1


@pytest.fixture(scope="module")
def keras_model() -> Any:
    return keras_inception.load("random", SEED)


@pytest.fixture(scope="module")
def network(keras_model: Any) -> onnx.ModelProto:
    converted = inception.convert(keras_model)
    inception.describe(converted, keras_model, *inception.provenance("random", SEED))
    return converted


def test_network_meets_the_contract(network: onnx.ModelProto) -> None:
    """Every Keras layer is a tensor of rank 4 under its own name, in standard operators."""
    onnx.checker.check_model(network, full_check=True)
    layers = contract.layer_names(network)
    assert len(layers) == 310
    assert {"conv2d", "conv2d_85", "batch_normalization_85", "average_pooling2d_3"} < set(layers)
    assert layers[-1] == "mixed10"
    assert not [n for n in network.graph.node if n.domain or n.op_type == "Transpose"]
    assert [(entry.domain, entry.version) for entry in network.opset_import] == [("", 18)]
    dims = network.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in dims] == ["batch", 3, "height", "width"]
    assert contract.read_description(network)["minimum_size"] == "75"


def test_gradients_agree_with_tensorflow(network: onnx.ModelProto, keras_model: Any) -> None:
    """Activations and input gradients of every mixed layer are those of Keras and its tape."""
    rows = verify.compare(network, keras_model)
    assert [row.layer for row in rows] == [f"mixed{number}" for number in range(11)]
    for row in rows:
        assert row.activation_error <= 1e-4, verify.format_table(rows)
        assert row.gradient_error <= 1e-4, verify.format_table(rows)
        assert row.cosine >= 0.9999, verify.format_table(rows)
    assert verify.agrees(rows)


def test_convolution_and_batch_norm_are_apart(network: onnx.ModelProto, keras_model: Any) -> None:
    """A convolution's tensor holds the values before the batch norm, as in Keras."""
    layers = ["conv2d_85", "batch_normalization_85", "activation_85", "average_pooling2d_3"]
    image = verify.noise_image(80)
    expected, _ = verify.keras_results(keras_model, layers, image)
    found = verify.activations(network, layers, image)
    for layer in layers:
        assert verify.relative_error(found[layer], expected[layer]) < 1e-4, layer


@pytest.mark.parametrize("name", ["whole.keras", "only.weights.h5", "legacy.h5"])
def test_weights_files_are_read(keras_model: Any, tmp_path: Path, name: str) -> None:
    """What Keras wrote, whole or weights only, comes back in the same layers."""
    path = tmp_path / name
    if name == "only.weights.h5":
        keras_model.save_weights(path)
    else:
        keras_model.save(path)
    expected = [weight.copy() for weight in keras_model.get_weights()]
    names = [layer.name for layer in keras_model.layers]
    loaded = keras_inception.load(str(path))
    assert [layer.name for layer in loaded.layers] == names
    for found, value in zip(loaded.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(found, value)


def test_the_classifier_is_left_out(tmp_path: Path) -> None:
    """Weights of the network with its top load into the one without."""
    import keras

    keras.backend.clear_session()
    whole = keras.applications.InceptionV3(weights=None, include_top=True)
    whole.save_weights(tmp_path / "top.weights.h5")
    kernel = whole.get_layer("conv2d_93").get_weights()[0]
    loaded = keras_inception.load(str(tmp_path / "top.weights.h5"))
    assert loaded.layers[-1].name == "mixed10"
    np.testing.assert_array_equal(loaded.get_layer("conv2d_93").get_weights()[0], kernel)


def test_a_file_that_is_no_inception_is_refused(tmp_path: Path) -> None:
    """Text under the right name, another suffix, and a missing file each get a sentence."""
    (tmp_path / "text.h5").write_text("no weights")
    with pytest.raises(NetworkError, match="does not hold a Keras InceptionV3"):
        keras_inception.load(str(tmp_path / "text.h5"))
    (tmp_path / "weights.npz").write_text("")
    with pytest.raises(NetworkError, match=r"\.h5 or \.keras"):
        keras_inception.load(str(tmp_path / "weights.npz"))
    with pytest.raises(NetworkError, match="there is no weights file"):
        keras_inception.load(str(tmp_path / "none.h5"))


def test_no_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline, the error names the file's address and the option that takes the file."""
    import keras

    def fail(**_: object) -> None:
        raise Exception("URL fetch failure on https://example.org/weights.h5: None")

    address = keras_inception.download_address()
    monkeypatch.setattr(keras.applications, "InceptionV3", fail)
    monkeypatch.setattr(keras_inception, "download_address", lambda: address)
    with pytest.raises(NetworkError, match=r"inception_v3\S+\.h5 .*--weights FILE"):
        keras_inception.load("imagenet")


def test_disagreement_is_not_written(
    keras_model: Any,
    network: onnx.ModelProto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A network that does not agree with Keras is refused, and what stood there stays."""
    target = tmp_path / "network.onnx"
    target.write_text("old")
    wrong = [verify.Row("mixed0", 0.5, 0.5, 0.3)]
    monkeypatch.setattr(keras_inception, "load", lambda *_: keras_model)
    monkeypatch.setattr(inception, "convert", lambda _: network)
    monkeypatch.setattr(verify, "compare", lambda *_: wrong)
    with pytest.raises(NetworkError, match="does not agree with Keras"):
        inception.run("random", target, SEED)
    assert target.read_text() == "old"
    with pytest.raises(OutputError, match="does not exist"):
        inception.run("random", tmp_path / "none" / "network.onnx", SEED)
