"""Reverse-mode differentiation of an ONNX graph, with one table of rules per operator.

As in HIPS/autograd, nodes are visited in reverse topological order, and each rule propagates the
gradient of an output to an input. The backward pass itself knows no operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper

from dreamlayer.core.autodiff.composites import written_out
from dreamlayer.core.autodiff.rules import (
    INDEX_OUTPUTS,
    IS_RANDOM,
    REFUSED,
    RULES,
    SEVERAL_OUTPUTS,
    ZERO_GRADIENT,
)
from dreamlayer.core.autodiff.rules.rule import (
    Composite,
    Pattern,
    Refusal,
    RefusedIf,
    Rule,
    Rules,
    Unless,
    Variadic,
)
from dreamlayer.core.errors import UnsupportedOperatorError, shown
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.inference import attributes, names_read
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.randomness import random_tensors


def backward(
    graph: Graph,
    loss: Value,
    image: Value,
    rules: Rules = RULES,
    patterns: Sequence[Pattern] = (),
) -> Value:
    """Append the nodes that compute d loss / d image, and return that tensor.

    Parameters
    ----------
    graph : Graph
        The graph of both; nodes are appended to it.
    loss : Value
        A scalar.
    image : Value
        The tensor to differentiate with respect to.
    rules : mapping
        The gradient rules by operator; see `core.autodiff.rules`.
    patterns : sequence of Pattern
        Several nodes that have a rule together, which goes before those of their operators.

    Raises
    ------
    UnsupportedOperatorError
        An operator on the way has no rule, or the loss does not depend on the image, or it does on
        random numbers.
    """
    drawing = random_tensors(graph.model.graph).get(loss.name)
    if drawing is not None:
        raise UnsupportedOperatorError(_refusal(graph, drawing, Refusal(IS_RANDOM)))
    nodes = list(graph.model.graph.node)
    gradients: dict[str, Value] = {loss.name: graph.constant(_one(loss.dtype))}
    _propagate(graph, nodes, gradients, {image.name}, _Table(rules, patterns))
    if image.name not in gradients:
        raise UnsupportedOperatorError(
            "the objective has no gradient with respect to the image; "
            "choose a layer that `dreamlayer layers` lists"
        )
    return gradients[image.name]


@dataclass(frozen=True)
class _Table:
    """What is known of operators."""

    rules: Rules
    patterns: Sequence[Pattern]


def _propagate(
    graph: Graph,
    nodes: Sequence[onnx.NodeProto],
    gradients: dict[str, Value],
    sources: set[str],
    table: _Table,
) -> None:
    """Add to `gradients` those of all tensors between `sources` and those that it has."""
    live = _live(nodes, sources, table.rules)
    for node in reversed(nodes):
        arriving = [gradients.get(name) for name in node.output]
        if not any(arriving):
            continue
        edges = [edge for edge in _edges(node, table.rules) if edge.tensor in live]
        if not edges:
            continue
        whole = _matched(graph, node, table.patterns)
        if whole is not None and whole.tensor in live:
            edges = [whole]
        for edge in edges:
            if isinstance(edge.entry, Refusal):
                raise UnsupportedOperatorError(_refusal(graph, node, edge.entry))
        composite = next((e.entry for e in edges if isinstance(e.entry, Composite)), None)
        several = node.op_type in SEVERAL_OUTPUTS or composite is not None
        if any(arriving[1:]) and not several:
            refusal = Refusal("has a gradient rule for its first output only")
            raise UnsupportedOperatorError(_refusal(graph, node, refusal))
        if composite is not None:
            targets = {e.tensor for e in edges}
            flows = _through(graph, node, composite, arriving, targets, table)
        else:
            flows = [(edge.tensor, _vjp(graph, node, edge, arriving)) for edge in edges]
        for tensor, flowing in flows:
            if flowing is not None:
                known = gradients.get(tensor)
                # Add stays in ONNX Runtime's blocked layout; the variadic Sum does not.
                gradients[tensor] = flowing if known is None else known + flowing


def _through(
    graph: Graph,
    node: onnx.NodeProto,
    composite: Composite,
    arriving: Sequence[Value | None],
    targets: set[str],
    table: _Table,
) -> list[tuple[str, Value | None]]:
    """The gradients of what a composite operator reads, by the rules of what it consists of."""
    nodes, outputs = written_out(graph, node, composite)
    inner = {
        output.name: g
        for output, g in zip(outputs, arriving, strict=False)
        if output is not None and g is not None
    }
    _propagate(graph, nodes, inner, targets, table)
    return [(tensor, inner.get(tensor)) for tensor in sorted(targets)]


def differentiable(network: onnx.ModelProto, names: Iterable[str]) -> dict[str, str | None]:
    """For each tensor, why its gradient does not reach the image, or None if it does.

    A reason is part of a sentence, such as ``LSTM (node 'rnn_1') has no gradient: ...``.
    """
    random = {
        name: f"{_called(node)} {_because(Refusal(IS_RANDOM))}"
        for name, node in random_tensors(network.graph).items()
    }
    reasons: dict[str, str | None] = {IMAGE: None}
    for node in network.graph.node:
        edges = [edge for edge in _edges(node, RULES) if edge.tensor in reasons]
        if not edges:
            continue
        refused = [edge.entry for edge in edges if isinstance(edge.entry, Refusal)]
        earlier = [why for why in (reasons[edge.tensor] for edge in edges) if why is not None]
        own = [f"{_called(node)} {_because(refusal)}" for refusal in refused]
        for output in _carrying(node):
            reasons[output] = next(iter([*earlier, *own]), None)
    found = {**reasons, **random}
    return {name: found.get(name, "it does not depend on the image") for name in names}


_Entry = Rule | Variadic | Composite | Refusal


@dataclass(frozen=True)
class _Edge:
    """A path of the gradient from a node's outputs to a tensor that it reads."""

    tensor: str
    position: int
    entry: _Entry
    inputs: Sequence[Value] | None = None
    """What its rule reads, if not the node's inputs."""


def _edges(node: onnx.NodeProto, rules: Rules) -> list[_Edge]:
    """All edges of a node whose gradient is not always zero."""
    if node.op_type in ZERO_GRADIENT:
        return []
    found = []
    for position, name in enumerate(node.input):
        entry = _entry(node, position, rules)
        if name and entry is not None:
            found.append(_Edge(name, position, entry))
    inner = sorted(set(names_read(node)) - set(node.input))
    captured = _entry(node, -1, rules) if inner else None
    found += [_Edge(name, -1, captured) for name in inner if captured is not None]
    return found


def _matched(graph: Graph, node: onnx.NodeProto, patterns: Sequence[Pattern]) -> _Edge | None:
    """The edge that passes over all nodes of a pattern that a node ends."""
    for pattern in patterns:
        inputs = pattern.match(graph, node) if node.op_type == pattern.op else None
        if inputs is not None:
            return _Edge(inputs[0].name, 0, pattern.rule, inputs)
    return None


def _carrying(node: onnx.NodeProto) -> list[str]:
    """Outputs that have a gradient: all but indices and masks."""
    first = node.op_type in INDEX_OUTPUTS
    return [name for name in (node.output[:1] if first else node.output) if name]


def _live(nodes: Sequence[onnx.NodeProto], sources: set[str], rules: Rules) -> set[str]:
    """Tensors whose gradient can reach one of the sources."""
    live = set(sources)
    for node in nodes:
        if any(edge.tensor in live for edge in _edges(node, rules)):
            live.update(_carrying(node))
    return live


def _entry(node: onnx.NodeProto, position: int, rules: Rules) -> _Entry | None:
    """The table's entry for one input of a node; None if its gradient is zero."""
    entries = rules.get(node.op_type)
    if entries is None:
        return Refusal(REFUSED.get(node.op_type, "has no gradient rule"))
    if isinstance(entries, Variadic):
        return entries
    if position >= len(entries):
        return Refusal("has more inputs than its gradient rules")
    entry = entries[position]
    if isinstance(entry, Unless):
        return None if entry.zero(attributes(node)) else entry.rule
    if isinstance(entry, RefusedIf):
        reason = entry.reason(attributes(node))
        return entry.entry if reason is None else Refusal(reason)
    return entry


def _vjp(
    graph: Graph, node: onnx.NodeProto, edge: _Edge, arriving: Sequence[Value | None]
) -> Value | None:
    """Apply the rule for one input of a node to the gradients of its outputs."""
    outputs = [graph.value(name) for name in node.output]
    inputs: Any = edge.inputs or [graph.value(name) if name else None for name in node.input]
    several = node.op_type in SEVERAL_OUTPUTS
    g: Any = arriving if several else arriving[0]
    ans: Any = outputs if several else outputs[0]
    if isinstance(edge.entry, Variadic):
        return edge.entry.rule(edge.position, g, ans, inputs, attributes(node))
    assert not isinstance(edge.entry, Refusal | Composite)
    return edge.entry(g, ans, inputs, attributes(node))


def _called(node: onnx.NodeProto) -> str:
    return f"{node.op_type} (node {shown(node.name or node.output[0])})"


def _because(refusal: Refusal) -> str:
    reason = refusal.reason
    return reason if reason.startswith("has ") else f"has no gradient: {reason}"


def _refusal(graph: Graph, node: onnx.NodeProto, refusal: Refusal) -> str:
    forward = [o for n in graph.model.graph.node for o in n.output if not o.startswith("gradient/")]
    usable = [
        name for name, reason in differentiable(graph.model, forward).items() if reason is None
    ]
    listed = ", ".join(usable[-8:]) or "none"
    return f"{_called(node)} {_because(refusal)}; layers that can be dreamed end with: {listed}"


def _one(dtype: int) -> Any:
    return helper.tensor_dtype_to_np_dtype(dtype).type(1)
