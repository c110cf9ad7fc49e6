"""Small models from scratch: declare inputs, write arithmetic, name outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.inference import Dim

OPSET = 18
FLOAT, DOUBLE, INT64, INT32 = (
    TensorProto.FLOAT,
    TensorProto.DOUBLE,
    TensorProto.INT64,
    TensorProto.INT32,
)
Declared = Mapping[str, tuple[int, Sequence[Dim]]]
"""Inputs by name, each with its element type and its dimensions."""


def blank(inputs: Declared, stem: str, opset: int = OPSET) -> Graph:
    """A graph with inputs alone.

    Parameters
    ----------
    inputs : mapping
        What it reads.
    stem : str
        What the names of its tensors begin with.
    """
    infos = [helper.make_tensor_value_info(n, kind, list(d)) for n, (kind, d) in inputs.items()]
    graph = helper.make_graph([], stem, infos, [])
    # IR 8 goes with opset 18, the oldest that this package runs on.
    return Graph(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8),
        stem=stem,
    )


def name_outputs(graph: Graph, outputs: Mapping[str, Value]) -> None:
    """Give tensors of a graph the names of outputs, each by renaming what computes it.

    An Identity would be one more pass over the image, and one more reader of what may share the
    output's memory.
    """
    nodes, names = graph.model.graph.node, {}
    for name, value in outputs.items():
        if value.node() is None or value.name in names:
            nodes.append(helper.make_node("Identity", [value.name], [name]))
        else:
            names[value.name] = name
    rename(nodes, names)


def rename(nodes: Iterable[onnx.NodeProto], names: Mapping[str, str]) -> None:
    """Give tensors new names wherever nodes read or write them, in place."""
    for node in nodes:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = names.get(name, name)
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                rename(inner.node, names)


def finished(graph: Graph, outputs: Mapping[str, Value]) -> onnx.ModelProto:
    """The model of a graph, its outputs of any shape."""
    name_outputs(graph, outputs)
    graph.model.graph.output.extend(untyped(name, v.dtype) for name, v in outputs.items())
    return graph.model


def untyped(name: str, dtype: int) -> onnx.ValueInfoProto:
    """An output whose shape is left to the runtime."""
    kind = onnx.TypeProto(tensor_type=onnx.TypeProto.Tensor(elem_type=dtype))
    return onnx.ValueInfoProto(name=name, type=kind)


def gather(value: Value, index: Sequence[int] | np.ndarray | Value, axis: int) -> Value:
    """Elements along an axis, by an index that may be known already."""
    if not isinstance(index, Value):
        index = value.graph.constant(np.asarray(index, np.int64))
    return value.graph.emit("Gather", value, index, axis=axis)


def along(vector: np.ndarray, axis: int) -> np.ndarray:
    """A vector shaped so that it runs along one axis of [3, height, width]."""
    return vector.reshape(-1, 1) if axis == 1 else vector


def clipped(value: Value, low: float, high: float) -> Value:
    """Brought within bounds."""
    return value.graph.emit(
        "Clip", value, value.graph.like(value, low), value.graph.like(value, high)
    )


def at_least(value: Value, low: float) -> Value:
    """The larger of both, but not a number where it is none, as in Python's `max`."""
    floor = value.graph.like(value, low)
    return value.graph.emit("Where", value < floor, floor, value)
