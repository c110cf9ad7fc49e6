"""The shipped InceptionV3: that it is what it says and agrees with Keras, and how it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph import sizes
from dreamlayer.export import network_file, verify
from dreamlayer.export.shipped import inception_v3, nsfwjs

PHOTO = Path(__file__).parents[1] / "data" / "coffee.jpg"
MIXED = [f"mixed{number}" for number in range(6)]
NO_TENSORFLOW = "needs TensorFlow: pip install 'dreamlayer[export]'"


@pytest.fixture(scope="module")
def shipped() -> onnx.ModelProto:
    return onnx.load(inception_v3.NETWORK.file)


def test_minimum_size_is_the_smallest_that_runs(shipped: onnx.ModelProto) -> None:
    """The recorded minimum is what the arithmetic over the graph finds, and it runs."""
    layers = network_file.layer_names(shipped)
    recorded = int(network_file.read_description(shipped)["minimum_size"])
    assert sizes.accepted_sizes(shipped, layers) == (recorded, 1)
    found = verify.activations(shipped, ["mixed5"], verify.noise_image(recorded))
    assert found["mixed5"].shape == (1, 768, 1, 1)


def test_a_photo_excites_every_block(shipped: onnx.ModelProto) -> None:
    """Trained weights give sparse activations of order one, whose channels differ."""
    with Image.open(PHOTO) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((224, 224)), np.float32) / 255
    found = verify.activations(shipped, MIXED, pixels.transpose(2, 0, 1)[None])
    for layer, values in found.items():
        assert 0.1 < values.std() < 3, layer
        assert 0.1 < (values > 0).mean() < 0.6, layer
        assert values.mean(axis=(0, 2, 3)).std() > 0.05, layer


def test_agrees_with_keras(shipped: onnx.ModelProto) -> None:
    """Keras with the decoded weights gives the same activations and gradients up to mixed5."""
    pytest.importorskip("tensorflow", reason=NO_TENSORFLOW)
    from dreamlayer.export.keras import networks as keras_networks
    from dreamlayer.export.keras import weights as keras_weights

    variant = keras_networks.Variant(keras_networks.KINDS["inception_v3"])
    model = keras_weights.load(variant, "random")
    values = {t.name: onnx.numpy_helper.to_array(t) for t in shipped.graph.initializer}
    for layer in network_file.layer_names(shipped):
        for weight in model.get_layer(layer).weights:
            name = f"{layer}/{weight.name}"
            if name in values:
                weight.assign(values[name])
                continue
            codes = values[f"{name}/codes"].astype(np.float32)
            decoded = codes * values[f"{name}/scale"] + values[f"{name}/minimum"]
            weight.assign(decoded.transpose(2, 3, 1, 0))
    rows = verify.compare(shipped, keras_networks.network(model, variant).results, MIXED)
    assert [row.layer for row in rows] == MIXED
    for row in rows:
        assert row.activation_error < 1e-4, verify.format_table(rows, "Keras")
        assert row.gradient_error < 1e-4, verify.format_table(rows, "Keras")
        assert row.cosine > 0.9999, verify.format_table(rows, "Keras")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (
            '{a:!0,b:[.5,-.25,1e-3,2],"c d":null}},{}]',
            {"a": True, "b": [0.5, -0.25, 1e-3, 2.0], "c d": None},
        ),
        (r'"a\"b}"tail', 'a"b}'),
        ("{a:{b:!1}}", {"a": {"b": False}}),
    ],
)
def test_javascript_literals_are_parsed(source: str, value: object) -> None:
    """Minified literals become what JSON would give, and what follows them is ignored."""
    assert nsfwjs.parse_literal(source) == value


def test_a_script_that_is_no_literal_is_refused() -> None:
    """Code where data is expected is an error of ours."""
    with pytest.raises(NetworkError, match="not plain data"):
        nsfwjs.parse_literal("{a:function(){return 1}}")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conv2d_1", "conv2d"),
        ("conv2d_86", "conv2d_85"),
        ("mixed9_0", "mixed9_0"),
        ("mixed3", "mixed3"),
    ],
)
def test_layers_get_todays_keras_names(name: str, expected: str) -> None:
    """Names that count from 1 become those of a fresh Keras session."""
    assert inception_v3.keras_name(name) == expected


def test_retrained_weights_are_refused() -> None:
    """A trainable layer before mixed5 means that its weights are not ImageNet's."""
    layers = [
        {
            "name": f"conv2d_{number + 1}" if number < 60 else "mixed5",
            "class_name": "Conv2D" if number < 60 else "Concatenate",
            "config": {"trainable": number in (7, 51) or number > 51},
            "inbound_nodes": [],
        }
        for number in range(61)
    ]
    with pytest.raises(NetworkError, match=r"retrained conv2d_8, mixed5"):
        inception_v3.check_frozen(layers)
