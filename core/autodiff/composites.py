"""Write an operator out as others, with the types and shapes of all tensors between."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.autodiff.rules.rule import Composite
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.inference import attributes, inferred, names_read


def written_out(
    graph: Graph, node: onnx.NodeProto, composite: Composite
) -> tuple[list[onnx.NodeProto], Sequence[Value | None]]:
    """Append the nodes that a composite operator consists of.

    Parameters
    ----------
    graph : Graph
        The graph of the node; the types and shapes of new tensors are added to it.
    node : onnx.NodeProto
        The operator.
    composite : Composite
        How it is written out.

    Returns
    -------
    list of onnx.NodeProto
        What computes the outputs from the operator's inputs, each after those that it reads.
    sequence of Value or None
        The outputs.
    """
    inputs = [graph.value(name) if name else None for name in node.input]
    outputs = composite.outputs(inputs, attributes(node))  # type: ignore[arg-type]
    nodes = _between(graph, [v.name for v in outputs if v is not None], set(node.input))
    _learn(graph, nodes)
    return nodes, outputs


def _between(graph: Graph, ends: Sequence[str], sources: set[str]) -> list[onnx.NodeProto]:
    """The nodes that compute some tensors from others, in an order of computation."""
    found: dict[str, onnx.NodeProto] = {}
    entered: set[str] = set()
    left = [(name, False) for name in reversed(ends)]
    while left:
        name, complete = left.pop()
        node = graph.producers.get(name)
        if node is None or name in sources:
            continue
        first = node.output[0]
        if complete:
            found[first] = node
        elif first not in entered:
            entered.add(first)
            left.append((first, True))
            left += [(read, False) for read in names_read(node)]
    return list(found.values())


def _learn(graph: Graph, nodes: Sequence[onnx.NodeProto]) -> None:
    """Infer types and shapes of the tensors that some nodes make from known ones."""
    made = {name for node in nodes for name in node.output}
    read = {name for node in nodes for name in names_read(node)} - made
    part = onnx.ModelProto(ir_version=graph.model.ir_version)
    part.opset_import.extend(graph.model.opset_import)
    part.graph.name = "part"
    part.graph.node.extend(nodes)
    constants = [t for t in graph.model.graph.initializer if t.name in read]
    part.graph.initializer.extend(constants)
    for name in sorted(read - {t.name for t in constants}):
        kind = graph.dtypes.get(name, TensorProto.FLOAT)
        info = helper.make_tensor_value_info(name, kind, graph.shapes.get(name))
        part.graph.input.append(info)
    known = inferred(part)
    graph.dtypes |= {name: kind for name, kind in known.dtypes.items() if name in made}
    graph.shapes |= {name: dims for name, dims in known.shapes.items() if name in made}
