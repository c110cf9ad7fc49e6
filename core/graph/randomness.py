"""Which tensors of a network hold other numbers every time that it is run."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper

from dreamlayer.core.graph.inference import names_read, nodes_within

RANDOM_OPERATORS = frozenset(
    {
        *("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike"),
        *("RandomUniform", "RandomUniformLike"),
    }
)
"""Operators that draw random numbers; with a seed, each run continues where the last one ended."""

_SWITCHES = frozenset(
    {
        *(onnx.TensorProto.BOOL, onnx.TensorProto.FLOAT),
        *(onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE),
    }
)
"""Types of a Dropout's ratio and training mode."""

_MEASURES = frozenset({"EyeLike", "Shape", "Size"})
"""Operators whose output is the same whatever numbers they read."""


def random_tensors(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    """Tensors that depend on random numbers, each with the first node that draws some.

    Parameters
    ----------
    graph : onnx.GraphProto
        In topological order.

    Returns
    -------
    dict
        Nodes by the tensor's name. A Dropout draws unless its training mode is known to be off, or
        its ratio to be 0.
    """
    off = _zeros(graph)
    found: dict[str, onnx.NodeProto] = {}
    for node in graph.node:
        if node.op_type in _MEASURES:
            continue
        earlier = next((found[name] for name in names_read(node) if name in found), None)
        source = node if earlier is None and _draws(node, off) else earlier
        if source is not None:
            found.update((name, source) for name in node.output if name)
    return found


def _zeros(graph: onnx.GraphProto) -> set[str]:
    """Constants of a graph that are one false or 0, and copies of them."""
    found = {tensor.name for tensor in graph.initializer if _is_zero(tensor)}
    for node in graph.node:
        copied = node.op_type == "Identity" and node.input[0] in found
        if copied or (node.op_type == "Constant" and any(map(_is_zero_number, node.attribute))):
            found.update(node.output)
    return found


def _is_zero_number(attribute: onnx.AttributeProto) -> bool:
    """Whether an attribute of a Constant node gives one false or 0."""
    if attribute.name == "value":
        return _is_zero(attribute.t)
    return attribute.name == "value_float" and attribute.f == 0


def _is_zero(tensor: onnx.TensorProto) -> bool:
    is_one = tensor.data_type in _SWITCHES and math.prod(tensor.dims) == 1
    return is_one and not np.any(numpy_helper.to_array(tensor))


def _draws(node: onnx.NodeProto, off: set[str]) -> bool:
    """Whether a node draws random numbers, or one of its subgraphs does."""
    if node.op_type == "Dropout":
        trains = len(node.input) > 2 and bool(node.input[2]) and node.input[2] not in off
        return trains and node.input[1] not in off
    return node.op_type in RANDOM_OPERATORS or any(_draws(one, off) for one in nodes_within(node))
