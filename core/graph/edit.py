"""The one place that changes models: prune, rename, tap layers, begin and finish small ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.inference import Dim, names_read

OPSET = 18
FLOAT, DOUBLE, INT64, INT32 = (
    TensorProto.FLOAT,
    TensorProto.DOUBLE,
    TensorProto.INT64,
    TensorProto.INT32,
)
Declared = Mapping[str, tuple[int, Sequence[Dim]]]
"""Inputs by name, each with its element type and its dimensions."""


def ancestors(model: onnx.ModelProto, names: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes that the named tensors depend on, in topological order."""
    wanted, found = set(names), []
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            found.append(node)
            wanted.update(names_read(node))
    return found[::-1]


def prune(model: onnx.ModelProto) -> None:
    """Drop, in place, every node and initializer that no graph output depends on."""
    graph = model.graph
    outputs = [output.name for output in graph.output]
    nodes = ancestors(model, outputs)
    made = {name for node in nodes for name in node.output}
    read = {*outputs, *(name for node in nodes for name in names_read(node))}
    _replace(graph.node, nodes)
    _replace(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in read])
    _replace(graph.value_info, [info for info in graph.value_info if info.name in made])


def _replace(field: Any, items: list[Any]) -> None:
    del field[:]
    field.extend(items)


def tap(model: onnx.ModelProto, layers: Iterable[str]) -> onnx.ModelProto:
    """A copy of a network whose outputs are `layers`, without what they do not need."""
    known = {info.name: info for info in [*model.graph.value_info, *model.graph.output]}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.output[:]
    result.graph.output.extend(known.get(name) or untyped(name, FLOAT) for name in layers)
    prune(result)
    return result


def rename(nodes: Iterable[onnx.NodeProto], names: Mapping[str, str]) -> None:
    """Give tensors new names wherever nodes read or write them, in subgraphs too, in place."""
    for node in nodes:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = names.get(name, name)
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                rename(inner.node, names)


def rename_tensors(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Give tensors of a model new names, initializers and declared shapes included, in place."""
    for described in (*model.graph.initializer, *model.graph.value_info):
        described.name = names.get(described.name, described.name)
    rename(model.graph.node, names)


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


def finished(graph: Graph, outputs: Mapping[str, Value]) -> onnx.ModelProto:
    """The model of a graph, its outputs of any shape."""
    name_outputs(graph, outputs)
    graph.model.graph.output.extend(untyped(name, v.dtype) for name, v in outputs.items())
    return graph.model


def untyped(name: str, dtype: int) -> onnx.ValueInfoProto:
    """An output whose shape is left to the runtime."""
    kind = onnx.TypeProto(tensor_type=onnx.TypeProto.Tensor(elem_type=dtype))
    return onnx.ValueInfoProto(name=name, type=kind)
