"""Division of integers: what no processor can divide, and ONNX Runtime does not look for.

The smallest integer that there is, divided by -1, ends the process by a signal. It may come to that
at one size of images only, or for one picture, which no trial meets.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.graph.names import IMAGE

PREFIX = "dreamlayer/dividend/"
"""How tensors that are added here are called; no layers."""

_WIDE: dict[int, int] = {TensorProto.INT32: 31, TensorProto.INT64: 63}
_UNKNOWN = int(TensorProto.UNDEFINED)

_COMPUTED = {
    **dict.fromkeys(
        ("ArgMax", "ArgMin", "NonMaxSuppression", "NonZero", "SequenceLength", "Shape", "Size"),
        TensorProto.INT64,
    ),
    **dict.fromkeys(("ConvInteger", "MatMulInteger"), TensorProto.INT32),
    **dict.fromkeys(
        ("BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix", "TfIdfVectorizer"),
        TensorProto.FLOAT,
    ),
    **dict.fromkeys(
        ("ConstantOfShape", "RandomNormal", "RandomUniform", "SequenceEmpty"), TensorProto.FLOAT
    ),
    "Multinomial": TensorProto.INT32,
    **dict.fromkeys(("DynamicQuantizeLinear", "QuantizeLinear"), TensorProto.UINT8),
    "OptionalHasElement": TensorProto.BOOL,
}
"""What operators compute, where their attributes do not say it."""

_SAID_BY = ("dtype", "output_datatype", "to", "value")
"""Attributes that say it."""

_AS_INPUT = {"CastLike": 1, "DequantizeLinear": 1, "OneHot": 2, "Where": 1}
"""The input that has the type of what is computed, where it is not the first."""

_PLACES = ("MaxPool", "StringSplit", "TopK", "Unique")
"""Operators that compute places behind their first output."""


def guard_divisions(model: onnx.ModelProto, path: Path) -> None:
    """Keep dividends from the smallest integer there is, in place; nothing else changes.

    Raises
    ------
    NetworkError
        What is divided, perhaps integers, is of a type that cannot be told.
    """
    _guard(model.graph, {IMAGE: int(TensorProto.FLOAT)}, path)


def _guard(graph: onnx.GraphProto, outer: Mapping[str, int], path: Path) -> dict[str, int]:
    """The same for one graph; the types of its tensors."""
    types = dict(outer)
    for info in graph.input:
        types[info.name] = info.type.tensor_type.elem_type
    types |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    types |= {one.values.name: one.values.data_type for one in graph.sparse_initializer}
    constant = {tensor.name for tensor in graph.initializer}
    fixed = {tensor.name for tensor in graph.initializer if _has_no_minus_one(tensor)}
    nodes, added = [], False
    for node in graph.node:
        inner = [_inner(body, types, path) for one in node.attribute for body in _bodies(one)]
        # What is the same for all images ends the trial.
        same = constant.issuperset(node.input)
        if node.op_type == "Div" and not same and node.input[1] not in fixed:
            kind = types.get(node.input[0], _UNKNOWN)
            before = _guarded(node, kind, path)
            types |= {name: kind for one in before for name in one.output}
            nodes += before
            added |= bool(before)
        nodes.append(node)
        for place, name in enumerate(node.output):
            types[name] = _type(node, place, types, inner)
        constant.update(node.output if node.op_type == "Constant" else ())
        if node.op_type == "Constant" and _has_no_minus_one(node.attribute[0].t):
            fixed.add(node.output[0])
    if added:
        del graph.node[:]
        graph.node.extend(nodes)
    return types


def _inner(graph: onnx.GraphProto, outer: Mapping[str, int], path: Path) -> list[int]:
    """Guard a graph within a node; the types of its outputs."""
    types = _guard(graph, outer, path)
    return [types.get(info.name, _UNKNOWN) for info in graph.output]


def _bodies(attribute: onnx.AttributeProto) -> list[onnx.GraphProto]:
    return [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def _has_no_minus_one(tensor: onnx.TensorProto) -> bool:
    if tensor.data_type not in _WIDE or tensor.data_location == TensorProto.EXTERNAL:
        return False
    return not (onnx.numpy_helper.to_array(tensor) == -1).any()


def _guarded(node: onnx.NodeProto, kind: int, path: Path) -> list[onnx.NodeProto]:
    """Nodes to put before a division, which then reads what they compute."""
    dividend = node.input[0]
    if kind == _UNKNOWN:
        raise NetworkError(
            f"network {shown(path)} divides {shown(dividend)}, whose type cannot be told; export "
            f"it again with another exporter"
        )
    bits = _WIDE.get(kind)
    if bits is None:
        return []
    name = PREFIX + node.output[0]
    least = helper.make_tensor("", kind, [], [1 - (1 << bits)])
    node.input[0] = name
    return [
        helper.make_node("Constant", [], [f"{name}/least"], value=least),
        helper.make_node("Max", [dividend, f"{name}/least"], [name]),
    ]


def _type(
    node: onnx.NodeProto, place: int, types: Mapping[str, int], inner: list[list[int]]
) -> int:
    """The element type of an output; `_UNKNOWN` where it cannot be told."""
    if inner:
        # Loops have more inner outputs than outer ones: whether to go on comes first.
        missing = [len(one) < len(node.output) for one in inner]
        kinds = set() if any(missing) else {one[place - len(node.output)] for one in inner}
        return kinds.pop() if len(kinds) == 1 else _UNKNOWN
    if place and node.op_type in _PLACES:
        return int(TensorProto.INT64)
    if place == 1 and node.op_type == "DynamicQuantizeLinear":
        return int(TensorProto.FLOAT)
    for attribute in node.attribute:
        if attribute.name in _SAID_BY:
            return int(attribute.i if attribute.name != "value" else attribute.t.data_type)
        if attribute.name == "sparse_value":
            return int(attribute.sparse_tensor.values.data_type)
        if node.op_type == "Constant":
            return int(TensorProto.INT64 if "_int" in attribute.name else TensorProto.FLOAT)
    if node.op_type in _COMPUTED:
        return int(_COMPUTED[node.op_type])
    source = _AS_INPUT.get(node.op_type, 0)
    given = node.input[source] if source < len(node.input) else ""
    return types.get(given, _UNKNOWN)
