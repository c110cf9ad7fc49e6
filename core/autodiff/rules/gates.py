"""Activations that are products with a gate, x · gate(x), differentiated as one function.

By the rules of their nodes, swish, HardSwish and GELU take several more products and sums over a
layer. Whatever else reads the gate gets its gradient by those rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import onnx

from dreamlayer.core.autodiff.rules.activations import hard_swish, normal_gate, swish
from dreamlayer.core.autodiff.rules.masks import Masks
from dreamlayer.core.autodiff.rules.rule import Pattern
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.graph.ops import known

HARD = (1 / 6, 0.5)
"""Slope and offset of the HardSigmoid in HardSwish (Howard and others 2019, "Searching for
MobileNetV3", section 5.2)."""

NORMAL = (0.5, 0.5)
"""Slope and offset that make a share of an error function."""

_CLOSE = 1e-5


def gate_patterns(masks: Masks) -> tuple[Pattern, ...]:
    """The patterns, with one form of masks."""
    return (
        Pattern("Mul", partial(_gated, _swish), partial(swish, masks)),
        Pattern("Mul", partial(_gated, _hard_swish), partial(hard_swish, masks)),
        Pattern("Mul", partial(_gated, _gelu), normal_gate),
    )


def hard_sigmoid_is(node: onnx.NodeProto, constants: tuple[float, float]) -> bool:
    """Whether a HardSigmoid has this slope and offset."""
    given = attributes(node)
    own = given.get("alpha", 0.2), given.get("beta", 0.5)
    return all(math.isclose(a, b, rel_tol=_CLOSE) for a, b in zip(own, constants, strict=True))


_Gate = Callable[[Value, Value, onnx.NodeProto], Sequence[Value] | None]
"""Function of a tensor, the other factor and the node that computes that."""


def _gated(gate: _Gate, graph: Graph, node: onnx.NodeProto) -> Sequence[Value] | None:
    for x, factor in (node.input, reversed(node.input)):
        made = graph.producers.get(factor)
        found = None if made is None else gate(graph.value(x), graph.value(factor), made)
        if found is not None:
            return found
    return None


def _swish(x: Value, gate: Value, made: onnx.NodeProto) -> Sequence[Value] | None:
    return (x, gate) if made.op_type == "Sigmoid" and made.input[0] == x.name else None


def _hard_swish(x: Value, gate: Value, made: onnx.NodeProto) -> Sequence[Value] | None:
    hard = made.op_type == "HardSigmoid" and hard_sigmoid_is(made, HARD)
    return (x, gate) if hard and made.input[0] == x.name else None


def _gelu(x: Value, gate: Value, made: onnx.NodeProto) -> Sequence[Value] | None:
    if made.op_type != "HardSigmoid" or not hard_sigmoid_is(made, NORMAL):
        return None
    graph = x.graph
    erf = graph.producers.get(made.input[0])
    if erf is None or erf.op_type != "Erf":
        return None
    q = graph.producers.get(erf.input[0])
    if q is None or q.op_type != "Mul" or x.name not in q.input:
        return None
    factor = known(graph.value(q.input[1] if q.input[0] == x.name else q.input[0]))
    if factor is None or factor.size != 1:
        return None
    if not math.isclose(float(factor.item()), math.sqrt(0.5), rel_tol=_CLOSE):
        return None
    return x, graph.value(erf.input[0]), gate
