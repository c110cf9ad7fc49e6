"""GroupNormalization written as InstanceNormalization, whose sizes and gradient are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.errors import NetworkError, shown

_NAME = "GroupNormalization"


def expand_group_norms(model: onnx.ModelProto) -> None:
    """Replace each GroupNormalization of a graph, in place.

    Groups become the channels of `[batch, groups, values]`, which are normalized each (Wu, He,
    Group Normalization, 2018). In opset 18 to 20 scale and bias have a value for each group, from
    21 on one for each channel, where a BatchNormalization applies them.

    Raises
    ------
    NetworkError
        Scale, bias or groups are not constants that fit.
    """
    graph = model.graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for number, node in enumerate(graph.node):
        if node.op_type == _NAME and not node.domain:
            nodes += _expanded(node, f"{node.output[0]}_group_norm_{number}", graph, weights)
        else:
            nodes.append(node)
    if len(nodes) != len(graph.node):
        del graph.node[:]
        graph.node.extend(nodes)


def _expanded(
    node: onnx.NodeProto, prefix: str, graph: onnx.GraphProto, weights: dict[str, np.ndarray]
) -> list[onnx.NodeProto]:
    given = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    groups, epsilon = int(given.get("num_groups", 0)), float(given.get("epsilon", 1e-5))
    scale, bias = (weights.get(name) for name in node.input[1:3])
    if groups < 1 or scale is None or bias is None or scale.shape != bias.shape:
        raise NetworkError(
            f"the operator {_NAME} that makes {shown(node.output[0])} needs groups, and a scale "
            f"and a bias that are constants; export the network again, with constants folded"
        )

    def constant(name: str, value: np.ndarray) -> str:
        graph.initializer.append(numpy_helper.from_array(value, f"{prefix}_{name}"))
        return f"{prefix}_{name}"

    def made(kind: str, name: str, *inputs: str, **attributes: Any) -> onnx.NodeProto:
        return helper.make_node(kind, inputs, [f"{prefix}_{name}"], **attributes)

    kind = scale.dtype
    by_channel = scale.size != groups
    own = (np.ones(groups, kind), np.zeros(groups, kind)) if by_channel else (scale, bias)
    split = constant("split", np.array([0, groups, -1]))
    grouped = made("Reshape", "grouped", node.input[0], split)
    weighed = constant("scale", own[0]), constant("bias", own[1])
    normal = made("InstanceNormalization", "normal", grouped.output[0], *weighed, epsilon=epsilon)
    size = made("Shape", "size", node.input[0])
    back = made("Reshape", "back", normal.output[0], size.output[0])
    if not by_channel:
        back.output[0] = node.output[0]
        return [grouped, normal, size, back]
    affine = [
        constant(name, values)
        for name, values in (
            ("scales", scale),
            ("biases", bias),
            ("means", np.zeros(scale.size, kind)),
            ("variances", np.ones(scale.size, kind)),
        )
    ]
    # Per channel, a batch normalization that only scales and adds.
    last = helper.make_node(
        "BatchNormalization", [back.output[0], *affine], node.output, epsilon=0.0
    )
    return [grouped, normal, size, back, last]
