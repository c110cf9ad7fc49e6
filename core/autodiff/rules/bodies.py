"""Operators written out as the functions that the ONNX specification defines them by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, defs, helper, numpy_helper

from dreamlayer.core.autodiff.rules.rule import Attrs, Composite, Inputs
from dreamlayer.core.errors import UnsupportedOperatorError
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.ops import where


def specified(op: str) -> Composite:
    """The operator `op`, as its schema in the specification writes it out."""
    return Composite(partial(_written, op))


def _written(op: str, x: Inputs, attrs: Attrs) -> list[Value | None]:
    graph = x[0].graph
    schema = defs.get_schema(op, max_inclusive_version=graph.opset)
    names = [f"input_{i}" if value is not None else "" for i, value in enumerate(x)]
    node = helper.make_node(op, names, [o.name for o in schema.outputs], **attrs)
    function = _function(schema, node, x)
    values: dict[str, Value | None] = dict(zip(function.input, x, strict=False))
    if not function.node:
        raise UnsupportedOperatorError(
            f"{op} with these inputs and attributes has no gradient rule, since its specification "
            f"does not write it out as other operators; export the network with those instead"
        )
    given = {a.name: a for a in [*_defaults(schema), *node.attribute]}
    for inner in function.node:
        _append(graph, inner, values, given)
    return [values.get(name) for name in function.output]


def _function(schema: defs.OpSchema, node: onnx.NodeProto, x: Inputs) -> onnx.FunctionProto:
    """The definition of a use of an operator; it may depend on attributes and types."""
    # Types of onnx 1.23 lack these two.
    any_schema: Any = schema
    if not any_schema.has_context_dependent_function:
        return schema.function_body
    types = [
        helper.make_tensor_type_proto(v.dtype, v.dims).SerializeToString()
        if v is not None
        else onnx.TypeProto().SerializeToString()
        for v in x
    ]
    found = onnx.FunctionProto()
    text = any_schema.get_context_dependent_function(node.SerializeToString(), types)
    found.ParseFromString(text)
    return found


def _defaults(schema: defs.OpSchema) -> list[onnx.AttributeProto]:
    """The attributes that a use of an operator has where it does not give them."""
    every = (attribute.default_value for attribute in schema.attributes.values())
    return [default for default in every if default.name]


def _append(
    graph: Graph,
    node: onnx.NodeProto,
    values: dict[str, Value | None],
    given: dict[str, onnx.AttributeProto],
) -> None:
    """Append a node of a definition, and note its outputs among the values."""
    attrs: dict[str, Any] = {}
    for attribute in node.attribute:
        source = given.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
        if source is not None:
            value = helper.get_attribute_value(source)
            attrs[attribute.name] = value.decode() if isinstance(value, bytes) else value
    if node.op_type == "Constant":
        values[node.output[0]] = _constant(graph, attrs)
        return
    inputs = [values[name] if name else None for name in node.input]
    if node.op_type == "Softmax" and inputs[0] is not None:
        inputs[0] = _finite_rows(inputs[0], attrs.get("axis", -1))
    made = graph.emit_many(
        node.op_type, len(node.output), *inputs, dtype=_kind(node.op_type, attrs, inputs), **attrs
    )
    values.update(zip(node.output, made, strict=True))


def _finite_rows(x: Value, axis: int) -> Value:
    """Zeros in rows that are masked as a whole, whose softmax and its gradient would be NaN.

    Definitions replace such a softmax by zeros later.
    """
    graph = x.graph
    largest = graph.emit("ReduceMax", x, graph.ints(axis), keepdims=1)
    masked = graph.emit("Equal", largest, graph.like(x, -np.inf))
    return where(masked, x.graph.like(x, 0.0), x)


def _kind(op: str, attrs: dict[str, Any], inputs: Sequence[Value | None]) -> int | None:
    """The type of what a conversion makes; of most others it is that of the first input."""
    if op == "Cast":
        return int(attrs["to"])
    if op == "CastLike" and inputs[1] is not None:
        return inputs[1].dtype
    return int(TensorProto.FLOAT) if op == "ConstantOfShape" else None


def _constant(graph: Graph, attrs: dict[str, Any]) -> Value:
    """The tensor of a Constant node."""
    ((name, value),) = attrs.items()
    if name == "value":
        return graph.constant(numpy_helper.to_array(value))
    return graph.constant(np.array(value, np.float32 if "float" in name else np.int64))
