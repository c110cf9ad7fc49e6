"""Fold batch normalisations into the convolutions before them, ahead of differentiation.

A folded pair has one node fewer on the way back, and that node, a product with a vector over
channels, would throw ONNX Runtime out of its blocked layout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper, numpy_helper

from core.graph import attributes


def fold_batch_norms(model: onnx.ModelProto, image: str, keep: Iterable[str]) -> onnx.ModelProto:
    """Replace each Conv that only a BatchNormalization reads, and it, by one Conv.

    With slope = scale / sqrt(variance + epsilon) the pair is a convolution with kernels
    w * slope and bias (b - mean) * slope + offset. Both stay expressions of the stored weights,
    which ONNX Runtime evaluates once when it loads the model.

    Parameters
    ----------
    model : onnx.ModelProto
        A network for inference; it is not changed.
    image : str
        The input that everything but weights depends on.
    keep : iterable of str
        Tensors that must stay, such as the layers of an objective.

    Returns
    -------
    onnx.ModelProto
        The same function of the image, up to rounding.
    """
    kept = {*keep, *(output.name for output in model.graph.output)}
    readers = Counter(name for node in model.graph.node for name in node.input)
    moving = _depending_on(model, image)
    convolutions: dict[str, onnx.NodeProto] = {}
    pairs: dict[str, onnx.NodeProto] = {}
    for node in model.graph.node:
        if node.op_type == "Conv" and not moving.intersection(node.input[1:]):
            convolutions[node.output[0]] = node
        elif node.op_type == "BatchNormalization" and node.input[0] in convolutions:
            source = node.input[0]
            alone = readers[source] == 1 and source not in kept and len(node.output) == 1
            training = attributes(node).get("training_mode", 0)
            if alone and not training and not moving.intersection(node.input[1:]):
                pairs[source] = node
    folded = onnx.ModelProto()
    folded.CopyFrom(model)
    del folded.graph.node[:]
    gone = {node.output[0] for node in pairs.values()}
    for node in model.graph.node:
        if node.op_type == "Conv" and node.output[0] in pairs:
            folded.graph.node.extend(_folded(folded.graph, node, pairs[node.output[0]]))
        elif not gone.intersection(node.output):
            folded.graph.node.append(node)
    return folded


def _folded(
    graph: onnx.GraphProto, conv: onnx.NodeProto, norm: onnx.NodeProto
) -> list[onnx.NodeProto]:
    """The nodes of one folded pair, weights first; its constants go into `graph`."""
    scale, offset, mean, variance = norm.input[1:5]
    stem = f"folded/{norm.output[0]}"
    kind = next((t.data_type for t in graph.initializer if t.name == scale), onnx.TensorProto.FLOAT)
    epsilon = np.asarray(
        attributes(norm).get("epsilon", 1e-5), helper.tensor_dtype_to_np_dtype(kind)
    )
    kernel_axes = [len(t.dims) for t in graph.initializer if t.name == conv.input[1]]
    kernel_axes += [2 + len(attributes(conv)["kernel_shape"])] if not kernel_axes else []
    outwards = np.array([-1] + [1] * (kernel_axes[0] - 1), np.int64)
    for name, value in (("epsilon", epsilon), ("outwards", outwards)):
        graph.initializer.append(numpy_helper.from_array(value, f"{stem}/{name}"))
    nodes: list[onnx.NodeProto] = []

    def emit(op: str, *inputs: str) -> str:
        name = f"{stem}/{op}_{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [name], name=name))
        return name

    deviation = emit("Sqrt", emit("Add", variance, f"{stem}/epsilon"))
    slope = emit("Div", scale, deviation)
    kernel = emit("Mul", conv.input[1], emit("Reshape", slope, f"{stem}/outwards"))
    centred = emit("Sub", conv.input[2], mean) if len(conv.input) > 2 else emit("Neg", mean)
    bias = emit("Add", emit("Mul", centred, slope), offset)
    joint = onnx.NodeProto()
    joint.CopyFrom(conv)
    del joint.input[:], joint.output[:]
    joint.input.extend([conv.input[0], kernel, bias])
    joint.output.append(norm.output[0])
    return [*nodes, joint]


def _depending_on(model: onnx.ModelProto, image: str) -> set[str]:
    moving = {image}
    for node in model.graph.node:
        if moving.intersection(node.input):
            moving.update(node.output)
    return moving
