"""How large a model may be, how deep, and how its nodes may hang together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import onnx

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.network.limits.attributes import wrong_attributes
from dreamlayer.core.network.limits.external import wrong_places
from dreamlayer.core.network.limits.functions import expanded
from dreamlayer.core.network.limits.tensors import wrong_tensors

MOST_NODES = 10_000
"""Nodes with those of subgraphs and functions; the largest published networks have half of that."""

MOST_NAME = 1000
"""Characters of a name."""

_MOST_TENSORS = 50_000
"""Weights, inputs, outputs and declared shapes, each."""

_MOST_EDGES = 200_000
"""Tensors that all nodes read."""

_MOST_DEPTH = 8
"""Graphs within one another."""

_MOST_METADATA = 4 << 20
"""Characters of all metadata: names of layers are the most of it."""

_MOST_DIMENSIONS = 64
_MOST_SIZE = (1 << 31) - 1

_STANDARD = ("", "ai.onnx")


def check_model(model: onnx.ModelProto, path: Path) -> None:
    """Check a model before native code sees it.

    Parameters
    ----------
    model : onnx.ModelProto
        As parsed; weights may still lie in other files.
    path : Path
        Its file.

    Raises
    ------
    NetworkError
        It is larger, deeper or otherwise built than a network can be; the message says how.
    """
    for problem in _problems(model, path):
        advice = "" if ";" in problem else "; use another, or export it again"
        raise NetworkError(f"network {shown(path)} {problem}{advice}")


def _problems(model: onnx.ModelProto, path: Path) -> Iterator[str]:
    """What is wrong, as parts of a sentence."""
    yield from _wrong_versions(model)
    if sum(len(entry.key) + len(entry.value) for entry in model.metadata_props) > _MOST_METADATA:
        yield f"has more than {_MOST_METADATA >> 20} MiB of metadata"
    graphs: list[onnx.GraphProto] = []
    for graph, depth in _graphs(model.graph, 1):
        if depth > _MOST_DEPTH:
            yield f"has graphs nested more than {_MOST_DEPTH} deep"
            return
        graphs.append(graph)
    nodes = [node for graph in graphs for node in graph.node]
    bodies = [node for function in model.functions for node in function.node]
    if len(nodes) + len(bodies) > MOST_NODES:
        yield f"has {len(nodes) + len(bodies)} nodes, but at most {MOST_NODES} are allowed"
    for what, count in _counts(graphs, [*nodes, *bodies]):
        yield f"has {count} {what}, too many for a network"
    yield from _long_names(model, graphs, [*nodes, *bodies])
    yield from expanded(model, MOST_NODES)
    yield from wrong_places(graphs, path)
    yield from wrong_tensors(graphs)
    for graph in graphs:
        yield from _wrong_sizes(graph)
    yield from _wrong_order(model.graph, set())
    version = max((o.version for o in model.opset_import if o.domain in _STANDARD), default=1)
    for node in [*nodes, *bodies]:
        yield from wrong_attributes(node, version)


def _graphs(graph: onnx.GraphProto, depth: int) -> Iterator[tuple[onnx.GraphProto, int]]:
    """A graph and those within it, with how deep they are."""
    yield graph, depth
    if depth > _MOST_DEPTH:
        return
    for node in graph.node:
        for attribute in node.attribute:
            held = [attribute.g] if attribute.HasField("g") else []
            for inner in (*held, *attribute.graphs):
                yield from _graphs(inner, depth + 1)


def _wrong_versions(model: onnx.ModelProto) -> Iterator[str]:
    newest = onnx.defs.onnx_opset_version()
    seen: dict[str, int] = {}
    for entry in model.opset_import:
        domain = "" if entry.domain in _STANDARD else entry.domain
        if seen.setdefault(domain, entry.version) != entry.version:
            yield f"uses two versions of the operators of domain {shown(entry.domain)}"
        if not domain and not 1 <= entry.version <= newest:
            yield f"uses ONNX opset {entry.version}, but 1 to {newest} are known"
        elif not 0 <= entry.version <= _MOST_SIZE:
            yield f"uses version {entry.version} of the operators of domain {shown(domain)}"
    if model.ir_version > onnx.IR_VERSION:
        yield f"has version {model.ir_version} of the file format; {onnx.IR_VERSION} is the newest"


def _counts(
    graphs: Sequence[onnx.GraphProto], nodes: Sequence[onnx.NodeProto]
) -> Iterator[tuple[str, int]]:
    """What there is too much of."""
    kinds = {
        "weights": sum(len(g.initializer) + len(g.sparse_initializer) for g in graphs),
        "inputs": sum(len(graph.input) for graph in graphs),
        "outputs": sum(len(graph.output) for graph in graphs),
        "declared shapes": sum(len(graph.value_info) for graph in graphs),
        "attributes": sum(len(node.attribute) for node in nodes) // 4,
        "results of nodes": sum(len(node.output) for node in nodes),
    }
    for what, count in kinds.items():
        if count > _MOST_TENSORS:
            yield what, count
    edges = sum(len(node.input) for node in nodes)
    if edges > _MOST_EDGES:
        yield "inputs of nodes", edges


def _long_names(
    model: onnx.ModelProto, graphs: Sequence[onnx.GraphProto], nodes: Sequence[onnx.NodeProto]
) -> Iterator[str]:
    names = chain(
        (graph.name for graph in graphs),
        (tensor.name for graph in graphs for tensor in graph.initializer),
        (info.name for g in graphs for info in (*g.input, *g.output, *g.value_info)),
        (name for node in nodes for name in (*node.input, *node.output)),
        (name for node in nodes for name in (node.name, node.op_type, node.domain)),
        (attribute.name for node in nodes for attribute in node.attribute),
        (name for one in model.functions for name in (one.name, one.domain)),
    )
    longest = max(names, key=len, default="")
    if len(longest) > MOST_NAME:
        yield (
            f"has the name {shown(longest)} of {len(longest)} characters, but names have at most "
            f"{MOST_NAME}"
        )


def _wrong_sizes(graph: onnx.GraphProto) -> Iterator[str]:
    """Declared shapes that no tensor has."""
    for info in (*graph.input, *graph.output, *graph.value_info):
        dims = info.type.tensor_type.shape.dim
        if len(dims) > _MOST_DIMENSIONS:
            yield f"declares {len(dims)} dimensions for the tensor {shown(info.name)}"
        for dim in dims:
            if dim.HasField("dim_value") and not 0 <= dim.dim_value <= _MOST_SIZE:
                yield f"declares the size {dim.dim_value} for the tensor {shown(info.name)}"


def _wrong_order(graph: onnx.GraphProto, outer: set[str]) -> Iterator[str]:
    """Tensors that are computed twice, or after they are read, as in circles."""
    given = [info.name for info in graph.input]
    weights = [tensor.name for tensor in graph.initializer]
    weights += [tensor.values.name for tensor in graph.sparse_initializer]
    for names, what in ((given, "inputs"), (weights, "weights")):
        if len(names) != len(set(names)):
            twice = next(name for name in names if names.count(name) > 1)
            yield f"has two {what} called {shown(twice)}"
    own = {*given, *weights}
    known = outer | own
    later = {name for node in graph.node for name in node.output} - known
    for node in graph.node:
        for name in node.input:
            if name in later:
                yield (
                    f"reads the tensor {shown(name)} before it is computed, as in a circle or "
                    f"where nodes are not in order"
                )
        for attribute in node.attribute:
            held = [attribute.g] if attribute.HasField("g") else []
            for inner in (*held, *attribute.graphs):
                yield from _wrong_order(inner, known)
        for name in filter(None, node.output):
            if name in own:
                yield f"computes the tensor {shown(name)} twice"
            own.add(name)
            known.add(name)
            later.discard(name)
