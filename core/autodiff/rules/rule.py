"""The signature of gradient rules, and the types of the table of rules.

A rule maps the gradient of the loss with respect to an operator's output to the gradient with
respect to one of its inputs (a vector-Jacobian product), as ONNX nodes::

    rule(g, ans, inputs, attrs) -> Value | None

g       gradient with respect to the output, of the output's shape
ans     the output itself, so that rules need not recompute it
inputs  the operator's inputs, None for an optional one left out
attrs   the operator's attributes as Python values, those left out absent

It returns a tensor of the input's shape, or None if that gradient is zero. Rules of the operators
in `SEVERAL_OUTPUTS` receive tuples for `g` (None for an output the loss does not depend on) and
`ans`.

The table `RULES` has for each operator a tuple with one entry per input: a rule, `ZERO` (for
indices, shapes and masks), `Unless` or `RefusedIf` if this depends on attributes, a `Refusal`, or a
`Composite` that writes the operator out as others, whose rules then apply. A `Variadic` entry is
for operators with any number of equivalent inputs; its rule receives the input's index first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import TensorProto

from dreamlayer.core.graph.builder import Graph, Value

Attrs = dict[str, Any]
Inputs = Sequence[Value]
"""Typed as never None for brevity in rules, whose required inputs never are."""
Rule = Callable[[Value, Value, Inputs, Attrs], Value | None]


@dataclass(frozen=True)
class Refusal:
    """Marks an input that cannot be differentiated, with the reason as part of a sentence."""

    reason: str


@dataclass(frozen=True)
class Variadic:
    """One rule for all inputs of an operator with any number of them."""

    rule: Callable[[int, Value, Value, Inputs, Attrs], Value | None]


@dataclass(frozen=True)
class Unless:
    """A rule for an input whose gradient is zero for some attributes of the operator."""

    zero: Callable[[Attrs], bool]
    rule: Rule


@dataclass(frozen=True)
class RefusedIf:
    """An entry that applies unless an operator's attributes give a reason against it."""

    reason: Callable[[Attrs], str | None]
    entry: Rule | Composite


@dataclass(frozen=True)
class Composite:
    """For operators that are differentiated as the composition of others.

    Attributes
    ----------
    outputs : callable
        Function of the operator's inputs and attributes that appends nodes computing the same
        outputs; None for an output that it leaves out. Only what the gradient needs of them is
        computed, beside the operator itself.
    """

    outputs: Callable[[Inputs, Attrs], Sequence[Value | None]]


@dataclass(frozen=True)
class Pattern:
    """Several nodes that are one function of a tensor.

    Attributes
    ----------
    op : str
        The operator of the last node.
    match : callable
        Function of the graph and a node with that operator; returns the tensor, and after it those
        that the rule reads besides, or None if the node does not end this pattern.
    rule : Rule
        The gradient with respect to the tensor; its inputs are those that `match` returned.
    """

    op: str
    match: Callable[[Graph, onnx.NodeProto], Sequence[Value] | None]
    rule: Rule


FLOATS = frozenset(
    (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
)
"""Element types that have gradients."""

ZERO = None
Entry = Rule | Unless | RefusedIf | Refusal | Composite | None
Entries = tuple[Entry, ...] | Variadic
Rules = Mapping[str, Entries]
