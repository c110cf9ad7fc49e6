"""Functions that a model brings along: how many nodes they become where they are called."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from dreamlayer.core.errors import shown

_MOST_FUNCTIONS = 1000

_Key = tuple[str, str]


def expanded(model: onnx.ModelProto, most: int) -> Iterator[str]:
    """What is wrong with a model's functions, as parts of a sentence.

    Their nodes are counted, not made: of functions that call one another twice each, thirty become
    a thousand million nodes.
    """
    functions = {(one.domain, one.name): one for one in model.functions}
    if len(model.functions) > _MOST_FUNCTIONS:
        yield f"has {len(model.functions)} functions, but at most {_MOST_FUNCTIONS} are allowed"
        return
    if len(functions) < len(model.functions):
        yield "has two functions of one name"
    for domain, name in functions:
        if domain in ("", "ai.onnx"):
            yield f"replaces the operator {shown(name)} by a function of its own"
    counts: dict[_Key, int] = {}
    for start in functions:
        circle = _count(start, functions, counts)
        if circle is not None:
            yield f"has the function {shown(circle[1])}, which calls itself"
            return
    total = sum(counts.get((node.domain, node.op_type), 1) for node in _nodes(model.graph.node))
    if total > most:
        more = f"{total}" if total < 10**9 else "thousands of millions of"
        yield f"has functions that become {more} nodes, but at most {most} are allowed"


def _count(
    start: _Key, functions: dict[_Key, onnx.FunctionProto], counts: dict[_Key, int]
) -> _Key | None:
    """Count the nodes of a function and of those that it calls; one that calls itself, if any."""
    open_: set[_Key] = set()
    stack = [(start, False)]
    while stack:
        key, left = stack.pop()
        called = [(node.domain, node.op_type) for node in _nodes(functions[key].node)]
        if left:
            counts[key] = sum(counts.get(one, 1) for one in called) + 1
            open_.discard(key)
            continue
        if key in counts:
            continue
        if key in open_:
            return key
        open_.add(key)
        stack.append((key, True))
        for one in {*called} & functions.keys():
            if one in open_:
                return one
            if one not in counts:
                stack.append((one, False))
    return None


def _nodes(nodes: object) -> Iterator[onnx.NodeProto]:
    """Nodes and those of the graphs within them."""
    waiting = list(nodes)  # type: ignore[call-overload]
    while waiting:
        node = waiting.pop()
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                waiting.extend(graph.node)
