"""Takes out nodes that do nothing at inference."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from dreamlayer.core.graph.edit import rename
from dreamlayer.core.graph.inference import attributes, inferred

Weights = dict[str, onnx.TensorProto]

_OF_ONE = {"Concat", "Max", "Mean", "Min", "Sum"}


def remove_no_ops(model: onnx.ModelProto) -> None:
    """Take out Identity, Dropout, casts to the own type, empty pads and the like, in place.

    Nodes that make an output of the network stay, since it has their name.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    outputs = {info.name for info in graph.output}
    read = {name for node in graph.node for name in node.input} | outputs
    dtypes = inferred(model).dtypes
    names: dict[str, str] = {}
    kept = []
    for node in graph.node:
        idle = (
            len(node.input) > 0
            and node.output[0] not in outputs
            and not read.intersection(node.output[1:])
            and _is_idle(node, weights, dtypes)
        )
        if idle:
            names[node.output[0]] = names.get(node.input[0], node.input[0])
        else:
            kept.append(node)
    if names:
        del graph.node[:]
        graph.node.extend(kept)
        rename(graph.node, names)


def _is_idle(node: onnx.NodeProto, weights: Weights, dtypes: dict[str, int]) -> bool:
    op = node.op_type
    if op == "Identity" or (op in _OF_ONE and len(node.input) == 1):
        return True
    if op == "Dropout":
        # With a third input it may be in training, and still drop nothing.
        trains = len(node.input) > 2 and node.input[2]
        return not trains or any(_is_zero(name, weights) for name in node.input[1:3])
    if op == "Cast":
        return int(attributes(node)["to"]) == dtypes.get(node.input[0])
    if op == "Transpose":
        order = attributes(node).get("perm", [1, 0])
        return list(order) == sorted(order)
    if op == "Pad" and len(node.input) > 1:
        pads = _numbers(node.input[1], weights)
        return pads is not None and not any(pads)
    return False


def _is_zero(name: str, weights: Weights) -> bool:
    tensor = weights.get(name)
    return tensor is not None and not np.any(numpy_helper.to_array(tensor))


def _numbers(name: str, weights: Weights) -> list[int] | None:
    tensor = weights.get(name)
    if tensor is None:
        return None
    return [int(number) for number in np.asarray(numpy_helper.to_array(tensor)).reshape(-1)]
