"""Saliency: the gradient of a class, beside TensorFlow's, and how its tensor is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from classifier import classifier
from onnx import TensorProto, helper

from dreamlayer.core.errors import LayerError
from dreamlayer.export.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.gradient.class_output import class_output
from dreamlayer.export.gradient.command import run
from dreamlayer.export.gradient.request import Request
from dreamlayer.export.verify import open_session

SIDE = 32


@pytest.mark.parametrize(
    ("end", "tensor", "told"),
    [
        ("probabilities = Softmax(logits)", "logits", "before Softmax 'probabilities'"),
        ("scores = LogSoftmax<axis=1>(logits)", "logits", "before LogSoftmax 'scores'"),
        ("scores = Sigmoid(logits)", "logits", "before Sigmoid 'scores'"),
        ("p = Softmax(logits) same = Identity(p)", "logits", "before Softmax 'p'"),
        ("odd = Softmax<axis=0>(logits)", "odd", "as the network gives it"),
        ("", "logits", "as the network gives it"),
    ],
)
def test_logits_go_first(end: str, tensor: str, told: str) -> None:
    """What goes into the last Softmax is taken; what is taken is told."""
    model = classifier(end=end)
    model.graph.output[0].name = model.graph.node[-1].output[0]
    found = class_output(model)
    assert (found.tensor, found.count) == (tensor, 1000)
    assert told in found.told()
    found.check(999)
    with pytest.raises(LayerError, match=r"class 1000 is out of range: .* classes 0 to 999"):
        found.check(1000)


def test_maps_of_scores_count_where_they_are_normalized() -> None:
    """A Softmax over channels makes classes of a feature map; nothing else does."""
    model = classifier(end="")
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("deep", TensorProto.FLOAT, None))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    with pytest.raises(LayerError, match=r"no output that may be classes .it gives deep \["):
        class_output(model)
    model.graph.node.append(helper.make_node("Softmax", ["deep"], ["map"], axis=1))
    model.graph.output[0].name = "map"
    assert class_output(model).tensor == "deep"
    model.graph.node[-1].attribute[0].i = 3
    with pytest.raises(LayerError, match="no output that may be classes"):
        class_output(model)


def test_several_heads_must_be_named() -> None:
    """Two classifiers in one network are told apart by --layer."""
    model = classifier(end="")
    model.graph.node.append(helper.make_node("Tanh", ["logits"], ["other"]))
    other = helper.make_tensor_value_info("other", TensorProto.FLOAT, None)
    other.type.tensor_type.ClearField("shape")
    model.graph.output.append(other)
    with pytest.raises(LayerError, match=r"several outputs .* logits .* other .* --layer NAME"):
        class_output(model)


@pytest.fixture(scope="module")
def keras_model() -> Any:
    """A classifier of 10 classes for 32 × 32 pixels, with a head that takes no other size."""
    pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")
    keras = pytest.importorskip("keras", reason="needs TensorFlow")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3), name="pixels"),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.BatchNormalization(),
            layers.Activation("relu6"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, name="scores"),
            layers.Softmax(name="shares"),
        ]
    )


@pytest.fixture(scope="module")
def adopted(keras_model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, converted by tf2onnx and adopted; it takes pixels of 0..255."""
    import tensorflow as tf
    import tf2onnx

    specification = (tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, "pixels"),)
    source, _ = tf2onnx.convert.from_function(
        tf.function(lambda pixels: keras_model(pixels)), specification, opset=18
    )
    network, _ = adopt.adopt(
        source, InputOptions(range="0..255"), name="tiny", origin="tiny", license_text="CC0"
    )
    path = tmp_path_factory.mktemp("adopted") / "tiny.onnx"
    onnx.save(network, path)
    return path


@pytest.mark.parametrize("index", [0, 3, 9])
@pytest.mark.parametrize("kind", ["logit", "probability", "two"])
def test_saliency_is_that_of_tensorflow(
    kind: str, index: int, keras_model: Any, adopted: Path, tmp_path: Path
) -> None:
    """The gradient of a logit, of a probability, and of the difference of two logits."""
    import tensorflow as tf

    image = np.random.default_rng(index).random((1, 3, SIDE, SIDE), dtype=np.float32)
    given = tf.constant(image)
    body = type(keras_model)(keras_model.layers[:-1])
    with tf.GradientTape() as tape:
        tape.watch(given)
        logits = body(tf.transpose(given, (0, 2, 3, 1)) * 255.0)[0]
        values = {
            "logit": logits[index],
            "probability": tf.nn.softmax(logits)[index],
            "two": logits[index] - 0.5 * logits[(index + 1) % 10],
        }
        value = values[kind]
    expected = tape.gradient(value, given).numpy()
    output = tmp_path / "saliency.onnx"
    layers: tuple[str, ...] = ()
    classes = {"logit": [(index, 1.0)], "two": [(index, 1.0), ((index + 1) % 10, -0.5)]}
    if kind == "probability":
        layers = (f"{onnx.load(adopted).graph.output[0].name}:1:{index}:mean",)
    chosen = tuple(classes.get(kind, ()))
    list(run(Request(str(adopted), layers, output, classes=chosen, size=(SIDE, SIDE))))
    loss, gradient = open_session(onnx.load(output)).run(["loss", "gradient"], {"image": image})
    assert loss == pytest.approx(float(value), rel=1e-4)
    assert np.abs(gradient - expected).max() <= 1e-5 * np.abs(expected).max()
