"""The one place that edits models: prune, rename, tap layers; and small models from scratch."""

from __future__ import annotations

import copy
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
"""Inputs by name, with element type and dimensions."""


def ancestors(model: onnx.ModelProto, names: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes that the named tensors depend on, in topological order."""
    wanted, found = set(names), []
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            found.append(node)
            wanted.update(names_read(node))
    return found[::-1]


def prune(model: onnx.ModelProto) -> None:
    """Delete every node and initializer that no graph output depends on, in place."""
    graph = model.graph
    outputs = [output.name for output in graph.output]
    nodes = ancestors(model, outputs)
    made = {name for node in nodes for name in node.output}
    read = {*outputs, *(name for node in nodes for name in names_read(node))}
    _keep(graph.node, nodes)
    _keep(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in read])
    _keep(graph.value_info, [info for info in graph.value_info if info.name in made])


def _keep(field: Any, items: list[Any]) -> None:
    # To write what is there already would copy all weights.
    if len(items) < len(field):
        _replace(field, items)


def _replace(field: Any, items: list[Any]) -> None:
    del field[:]
    field.extend(items)


def tap(model: onnx.ModelProto, layers: Iterable[str]) -> onnx.ModelProto:
    """A copy of a network, pruned to the outputs `layers`."""
    known = {info.name: info for info in [*model.graph.value_info, *model.graph.output]}
    result = copy.deepcopy(model)
    _replace(result.graph.output, [known.get(name) or untyped(name, FLOAT) for name in layers])
    prune(result)
    return result


def rename(nodes: Iterable[onnx.NodeProto], names: Mapping[str, str]) -> None:
    """Rename tensors wherever nodes read or write them, including subgraphs, in place."""
    for node in nodes:
        for field in (node.input, node.output):
            for place, name in enumerate(field):
                field[place] = names.get(name, name)
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                rename(inner.node, names)


def rename_tensors(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Rename tensors of a model, including initializers and declared shapes, in place."""
    for described in (*model.graph.initializer, *model.graph.value_info):
        described.name = names.get(described.name, described.name)
    rename(model.graph.node, names)


def new_graph(inputs: Declared, stem: str, opset: int = OPSET) -> Graph:
    """A graph that has inputs only.

    Parameters
    ----------
    inputs : mapping
        Its inputs.
    stem : str
        Prefix of the names of its tensors.
    """
    infos = [helper.make_tensor_value_info(n, kind, list(d)) for n, (kind, d) in inputs.items()]
    graph = helper.make_graph([], stem, infos, [])
    # IR 8 belongs to opset 18, the oldest one supported.
    return Graph(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8),
        stem=stem,
    )


def name_outputs(graph: Graph, outputs: Mapping[str, Value]) -> None:
    """Rename tensors of a graph to the names of its outputs.

    An Identity node would take another pass over the image, and would read memory that input and
    output may share.
    """
    nodes, names = graph.model.graph.node, {}
    for name, value in outputs.items():
        if value.node() is None or value.name in names:
            nodes.append(helper.make_node("Identity", [value.name], [name]))
        else:
            names[value.name] = name
    rename(nodes, names)


def to_model(graph: Graph, outputs: Mapping[str, Value]) -> onnx.ModelProto:
    """The model of a graph with these outputs, of any shape."""
    name_outputs(graph, outputs)
    graph.model.graph.output.extend(untyped(name, v.dtype) for name, v in outputs.items())
    return graph.model


def untyped(name: str, dtype: int) -> onnx.ValueInfoProto:
    """An output whose shape is left to the runtime."""
    kind = onnx.TypeProto(tensor_type=onnx.TypeProto.Tensor(elem_type=dtype))
    return onnx.ValueInfoProto(name=name, type=kind)
