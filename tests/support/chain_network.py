"""A network of VGG16's shape with few channels and random weights: 13 convolutions, 5 pools."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

BLOCKS = ((8, 2), (16, 2), (32, 3), (64, 3), (64, 3))
"""Channels and convolutions of each block: an eighth of VGG16's channels."""


def kernels(seed: int = 0) -> list[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
    """Keras's layer name, kernel [outputs, inputs, 3, 3] and bias of each convolution."""
    rng = np.random.default_rng(seed)
    found, inputs = [], 3
    for block, (channels, count) in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            kernel = rng.normal(0, np.sqrt(2 / (9 * inputs)), (channels, inputs, 3, 3))
            bias = rng.normal(0, 0.1, channels)
            name = f"block{block}_conv{number}"
            found.append((name, kernel.astype(np.float32), bias.astype(np.float32)))
            inputs = channels
    return found


def chain_model(seed: int = 0, pool: str = "AveragePool") -> onnx.ModelProto:
    """A network file of it, with Keras's layer names; it sees pixels of 0..1."""
    nodes, weights, current = [], [], "image"
    layers = kernels(seed)
    for number, (name, kernel, bias) in enumerate(layers):
        weights.append(numpy_helper.from_array(kernel, f"{name}/kernel"))
        weights.append(numpy_helper.from_array(bias, f"{name}/bias"))
        inputs = [current, f"{name}/kernel", f"{name}/bias"]
        pads = {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
        nodes.append(helper.make_node("Conv", inputs, [f"{name}/linear"], **pads))
        nodes.append(helper.make_node("Relu", [f"{name}/linear"], [name]))
        current = name
        block = name.split("_")[0]
        if number + 1 == len(layers) or not layers[number + 1][0].startswith(block):
            window = {"kernel_shape": [2, 2], "strides": [2, 2]}
            nodes.append(helper.make_node(pool, [current], [f"{block}_pool"], **window))
            current = f"{block}_pool"
    image = helper.make_tensor_value_info(
        "image", TensorProto.FLOAT, ["batch", 3, "height", "width"]
    )
    output = helper.make_tensor_value_info(current, TensorProto.FLOAT, ["n", None, "h", "w"])
    graph = helper.make_graph(nodes, "chain", [image], [output], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
