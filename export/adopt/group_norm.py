"""Bring GroupNormalization of opset 18 to 20, which the standard withdrew, to that of opset 21."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 21
"""The first opset in which scale and bias have a value for each channel, not for each group."""


def has_group_norms(model: onnx.ModelProto) -> bool:
    """Whether a model uses the operator."""
    return any(node.op_type == "GroupNormalization" for node in model.graph.node)


def spread_weights(model: onnx.ModelProto) -> None:
    """Repeat scale and bias of each group for its channels, in place.

    onnx's own converter keeps them as they are. They may be computed; the number of channels need
    not be known.
    """
    graph = model.graph
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "GroupNormalization":
            stem = f"{node.output[0]}_by_channel"
            groups = next(a.i for a in node.attribute if a.name == "num_groups")
            for name, numbers in (("groups", [groups]), ("column", [groups, 1]), ("row", [-1])):
                constant = numpy_helper.from_array(np.array(numbers, np.int64), f"{stem}_{name}")
                graph.initializer.append(constant)
            nodes += _repeats(node.input[0], stem)
            for place in (1, 2):
                nodes += _spread(node.input[place], stem, place)
                node.input[place] = f"{stem}_{place}"
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def _repeats(x: str, stem: str) -> list[onnx.NodeProto]:
    """The shape [groups, channels of a group]."""
    return [
        helper.make_node("Shape", [x], [f"{stem}_channels"], start=1, end=2),
        helper.make_node("Div", [f"{stem}_channels", f"{stem}_groups"], [f"{stem}_each"]),
        helper.make_node("Concat", [f"{stem}_groups", f"{stem}_each"], [f"{stem}_shape"], axis=0),
    ]


def _spread(weights: str, stem: str, place: int) -> list[onnx.NodeProto]:
    own = f"{stem}_{place}"
    return [
        helper.make_node("Reshape", [weights, f"{stem}_column"], [f"{own}_column"]),
        helper.make_node("Expand", [f"{own}_column", f"{stem}_shape"], [f"{own}_table"]),
        helper.make_node("Reshape", [f"{own}_table", f"{stem}_row"], [own]),
    ]
