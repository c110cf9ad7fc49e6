"""Inlines model-local functions, once it is counted that they do not grow without bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx
from onnx.inliner import inline_local_functions

from dreamlayer.core.errors import NetworkError, shown

MOST_NODES = 100_000
"""Nodes of the largest network that functions may expand to."""

_Key = tuple[str, str, str]


def inline_functions(model: onnx.ModelProto) -> onnx.ModelProto:
    """A model without functions, as onnx's inliner writes it; the same one if it has none.

    Raises
    ------
    NetworkError
        A function calls itself or is called wrongly, or the functions expand to more than 100,000
        nodes.
    """
    if not model.functions:
        return model
    count = expanded_nodes(model)
    if count > MOST_NODES:
        digits = len(str(count)) if count < 10**4000 else 4000
        told = f"{count:,}" if digits < 16 else f"more than 10^{digits - 1}"
        raise NetworkError(
            f"the network's functions expand to {told} nodes, more than the {MOST_NODES:,} that "
            f"are allowed; export it again without functions"
        )
    versions = {entry.domain: entry.version for entry in model.opset_import}
    differs = any(
        versions.get(entry.domain, entry.version) != entry.version
        for function in model.functions
        for entry in function.opset_import
    )
    try:
        return inline_local_functions(model, convert_version=differs)
    except Exception as error:  # the inliner, in C++, raises RuntimeError and others
        raise NetworkError(
            "the network's functions cannot be inlined, perhaps since one is called with other "
            "inputs than it has; export the network again without functions"
        ) from error


def expanded_nodes(model: onnx.ModelProto) -> int:
    """The number of nodes that a model has once its functions are inlined.

    Raises
    ------
    NetworkError
        A function calls itself, perhaps through others.
    """
    bodies = {(f.domain, f.name, f.overload): list(_all_nodes(f.node)) for f in model.functions}
    counts: dict[_Key, int] = {}
    for start in bodies:
        path, waiting = {start}, [(start, iter(bodies[start]))]
        while waiting:
            current, rest = waiting[-1]
            called = next((c for c in map(_key, rest) if c in bodies and c not in counts), None)
            if called is None:
                counts[current] = sum(counts.get(_key(node), 1) for node in bodies[current])
                path.discard(current)
                waiting.pop()
            elif called in path:
                raise NetworkError(
                    f"the network's function {shown(called[1])} calls itself, which ONNX does not "
                    f"allow; export the network again without functions"
                )
            else:
                path.add(called)
                waiting.append((called, iter(bodies[called])))
    return sum(counts.get(_key(node), 1) for node in _all_nodes(model.graph.node))


def _key(node: onnx.NodeProto) -> _Key:
    return node.domain, node.op_type, node.overload


def _all_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """Nodes and those of their subgraphs."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _all_nodes(inner.node)
