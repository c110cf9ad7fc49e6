"""Fold batch normalizations into the convolutions before them, ahead of differentiation.

This saves a node of the gradient, a product with a vector over channels, which would leave ONNX
Runtime's blocked layout.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.autodiff.passes.fold_affine import fold_affines
from dreamlayer.core.graph.inference import attributes, inferred, names_read


def fold_batch_norms(model: onnx.ModelProto, image: str, keep: Iterable[str]) -> onnx.ModelProto:
    """Replace each Conv that only a BatchNormalization reads, and that node, by one Conv.

    Then those that are written as products and sums; see `passes.fold_affine`.

    With slope = scale / sqrt(variance + epsilon) the pair is a convolution with kernels
    w * slope and bias (b - mean) * slope + offset. Both remain expressions of the stored weights,
    which ONNX Runtime evaluates once when it loads the model.

    Parameters
    ----------
    model : onnx.ModelProto
        A network for inference; it is not changed.
    image : str
        The input that all tensors but weights depend on.
    keep : iterable of str
        Tensors that must remain, such as the layers of an objective.

    Returns
    -------
    onnx.ModelProto
        The same function of the image, to rounding.
    """
    kept = {*keep, *(output.name for output in model.graph.output)}
    readers = Counter(name for node in model.graph.node for name in names_read(node))
    moving = _depending_on(model, image)
    types = _weight_types(model)
    convolutions: dict[str, onnx.NodeProto] = {}
    pairs: dict[str, onnx.NodeProto] = {}
    for node in model.graph.node:
        weights = [name for name in node.input[1:] if name]
        if moving.intersection(weights) or not all(name in types for name in weights):
            continue
        if node.op_type == "Conv" and node.output[0] not in kept:
            convolutions[node.output[0]] = node
        elif node.op_type == "BatchNormalization" and node.input[0] in convolutions:
            conv = convolutions[node.input[0]]
            kinds = {types[name][0] for name in [*weights, *conv.input[1:]] if name}
            training = attributes(node).get("training_mode", 0)
            if readers[node.input[0]] == 1 and len(kinds) == 1 and not training:
                pairs[node.output[0]] = conv
    folded = copy.deepcopy(model)
    del folded.graph.node[:]
    gone = {conv.output[0] for conv in pairs.values()}
    for node in model.graph.node:
        if node.output[0] in pairs:
            # At the normalization's place, where the inputs of both are available.
            conv = pairs[node.output[0]]
            folded.graph.node.extend(_folded(folded.graph, conv, node, *types[conv.input[1]]))
        elif node.output[0] not in gone:
            folded.graph.node.append(node)
    return fold_affines(folded, image, kept)


def _folded(
    graph: onnx.GraphProto, conv: onnx.NodeProto, norm: onnx.NodeProto, kind: int, axes: int
) -> list[onnx.NodeProto]:
    """The nodes of one folded pair, weights first; its constants are added to `graph`.

    `kind` is the element type of all weights, `axes` the number of axes of the kernel.
    """
    scale, offset, mean, variance = norm.input[1:5]
    stem = f"folded/{norm.output[0]}"
    epsilon = np.asarray(
        attributes(norm).get("epsilon", 1e-5), helper.tensor_dtype_to_np_dtype(kind)
    )
    per_kernel = np.array([-1] + [1] * (axes - 1), np.int64)
    for name, value in (("epsilon", epsilon), ("shape", per_kernel)):
        graph.initializer.append(numpy_helper.from_array(value, f"{stem}/{name}"))
    nodes: list[onnx.NodeProto] = []

    def emit(op: str, *inputs: str) -> str:
        name = f"{stem}/{op}_{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [name], name=name))
        return name

    deviation = emit("Sqrt", emit("Add", variance, f"{stem}/epsilon"))
    slope = emit("Div", scale, deviation)
    kernel = emit("Mul", conv.input[1], emit("Reshape", slope, f"{stem}/shape"))
    biased = len(conv.input) > 2 and conv.input[2]
    centered = emit("Sub", conv.input[2], mean) if biased else emit("Neg", mean)
    bias = emit("Add", emit("Mul", centered, slope), offset)
    joint = copy.deepcopy(conv)
    del joint.input[:], joint.output[:]
    joint.input.extend([conv.input[0], kernel, bias])
    joint.output.append(norm.output[0])
    return [*nodes, joint]


def _weight_types(model: onnx.ModelProto) -> dict[str, tuple[int, int]]:
    """Element type and number of axes of each tensor, if inference knows both."""
    known = inferred(model)
    return {
        name: (known.dtypes[name], len(dims))
        for name, dims in known.shapes.items()
        if name in known.dtypes
    }


def _depending_on(model: onnx.ModelProto, image: str) -> set[str]:
    moving = {image}
    for node in model.graph.node:
        if moving.intersection(names_read(node)):
            moving.update(node.output)
    return moving
