"""InceptionV3 up to ``mixed5``, from the 8-bit weights of the npm package nsfwjs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.network_file import Description
from dreamlayer.export.shipped import nsfwjs
from dreamlayer.export.shipped.layer_graph import PIXELS, LayerGraph
from dreamlayer.export.shipped.nsfwjs import Package
from dreamlayer.export.shipped.quantized import QuantizedTensor
from dreamlayer.export.shipped.shipped_network import Built, ShippedNetwork

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
    graph = LayerGraph()
    for layer in layers_to_mixed5(package.layers):
        _add(graph, layer, package.weights)
    return graph.model(LAST_LAYER, "inception_v3")


def _sources(layer: Layer) -> list[str]:
    """Return the names of the layers that feed `layer`."""
    return [inbound[0] for node in layer["inbound_nodes"] for inbound in node]


def _add(graph: LayerGraph, layer: Layer, weights: Mapping[str, QuantizedTensor]) -> None:
    """Append the nodes of one Keras layer."""
    name, config = keras_name(layer["name"]), layer["config"]
    sources = [keras_name(source) for source in _sources(layer)]
    sources = [PIXELS if source == "input" else source for source in sources]
    channels = sum(graph.channels[source] for source in sources)
    match layer["class_name"]:
        case "Conv2D":
            kernel = weights[f"{layer['name']}/kernel"].transpose(3, 2, 0, 1)  # HWIO to OIHW
            inputs = [*sources, graph.kernel(f"{name}/kernel", kernel)]
            window = _window(config, config["kernel_size"])
            graph.layer("Conv", name, config["filters"], inputs, **window)
        case "BatchNormalization":
            values = {
                key: weights[f"{layer['name']}/{key}"].dequantize()
                for key in ("beta", "moving_mean", "moving_variance")
            }
            graph.batch_norm(name, sources[0], values, config["epsilon"])
        case "Activation" if config["activation"] == "relu":
            graph.layer("Relu", name, channels, sources)
        case "MaxPooling2D":
            window = _window(config, config["pool_size"])
            graph.layer("MaxPool", name, channels, sources, **window)
        case "AveragePooling2D":
            # TensorFlow divides by the number of pixels inside the image, not by the window.
            window = _window(config, config["pool_size"])
            graph.layer("AveragePool", name, channels, sources, count_include_pad=0, **window)
        case "Concatenate":
            graph.layer("Concat", name, channels, sources, axis=1)
        case other:
            raise NetworkError(f"layer {layer['name']} is a {other}, which cannot be built")


def _window(config: Mapping[str, Any], kernel: Sequence[int]) -> dict[str, list[int]]:
    """Return kernel, strides and pads; the only "same" layers here have odd kernels, stride 1."""
    same = config["padding"] == "same"
    if same and (any(side % 2 == 0 for side in kernel) or max(config["strides"]) > 1):
        raise NetworkError(f"layer {config['name']} pads unevenly, which cannot be built")
    pads = [side // 2 if same else 0 for side in kernel]
    return {"kernel_shape": list(kernel), "strides": list(config["strides"]), "pads": pads * 2}


_LICENSES = (
    "MIT (nsfwjs, Copyright (c) 2019 Infinite Red, Inc.); the InceptionV3 ImageNet weights "
    "themselves: Apache License 2.0, as the Keras documentation states"
)
_NOTE = """

--------------------------------------------------------------------------------

The text above is the licence of the npm package nsfwjs, from which the file
inception_v3_mixed5.onnx is made. The weights in that file are those that
nsfwjs left as they were: the ones of Keras's InceptionV3, trained on ImageNet
(keras.applications, by François Chollet and the Keras contributors). The Keras
documentation says of them: "These weights are released under the Apache
License", and refers to the licence of github.com/tensorflow/models, which is
the Apache License, Version 2.0 (https://www.apache.org/licenses/LICENSE-2.0).

What dreamlayer changed: the network ends at the layer mixed5, kernels are
stored with their axes in another order, batch normalisation statistics are
decoded from 8 bits to float32, and the whole is an ONNX file.
"""


def _build(tarball: Path | None) -> Built:
    package = nsfwjs.read_package(tarball)
    names = [keras_name(layer["name"]) for layer in layers_to_mixed5(package.layers)]
    return Built(build(package), names, package.license.rstrip() + _NOTE)


NETWORK = ShippedNetwork(
    name="inception_v3_mixed5",
    command="inception_v3_mixed5",
    description=Description(
        name="inception_v3",
        source=f"npm package nsfwjs {nsfwjs.VERSION}, dist/models/inception_v3",
        license=_LICENSES,
        summary="InceptionV3, ImageNet, up to mixed5, kernels in 8 bits",
    ),
    release=nsfwjs.RELEASE,
    inside={"folder": nsfwjs.FOLDER.removeprefix("package/")},
    license_file="LICENSE-nsfwjs.txt",
    last_layer=LAST_LAYER,
    form="kernels uint8 with one scale and minimum each, statistics float32",
    evidence=(
        f"The package's topology marks the first {FROZEN_CONVOLUTIONS} convolutions and their "
        "batch normalisations, which include everything up to mixed5, as not trainable: its "
        "authors started from Keras's InceptionV3 with weights='imagenet' (their published "
        "training scripts, github.com/GantMan/nsfw_model) and retrained only what follows. What "
        "follows is not kept."
    ),
    build=_build,
)
