"""What a gradient rule is: the one signature that all operators' rules share.

A rule maps the gradient of the loss with respect to an operator's output to the gradient with
respect to one of its inputs (a vector-Jacobian product), as ONNX nodes::

    rule(g, ans, inputs, attrs) -> Value | None

g       gradient with respect to the output, of the output's shape
ans     the output itself, so that a rule need not compute it again
inputs  the operator's inputs, None for an optional one left out
attrs   the operator's attributes as Python values, those left out absent

It returns a tensor of the input's shape, or None where that gradient is zero. Operators listed in
`SEVERAL_OUTPUTS` get tuples for `g` (None for an output the loss does not depend on) and `ans`.

The table `RULES` gives for each operator a tuple with one entry per input: a rule,
`ZERO` (the input is an index, a shape or a mask), `Unless` where that goes by attributes, or a
`Refusal`. A `Variadic` entry stands for operators with any number of like inputs; its rule gets
the input's index first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onnx import TensorProto

from dreamlayer.core.graph.builder import Value

Attrs = dict[str, Any]
Inputs = Sequence[Value]
"""Typed as never None for the sake of the rules, whose required inputs never are."""
Rule = Callable[[Value, Value, Inputs, Attrs], Value | None]


@dataclass(frozen=True)
class Refusal:
    """Marks an input that cannot be differentiated, with the reason as part of a sentence."""

    reason: str


@dataclass(frozen=True)
class Variadic:
    """One rule for every input of an operator that takes any number of them."""

    rule: Callable[[int, Value, Value, Inputs, Attrs], Value | None]


@dataclass(frozen=True)
class Unless:
    """A rule for an input whose gradient is zero where the operator's attributes say so."""

    zero: Callable[[Attrs], bool]
    rule: Rule


FLOATS = frozenset(
    (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
)
"""Element types that gradients exist in."""

ZERO = None
Entry = Rule | Unless | Refusal | None
Entries = tuple[Entry, ...] | Variadic
Rules = Mapping[str, Entries]

WEIGHTS = Refusal("its weights are computed from the image")
"""For parameters that a network keeps as constants."""
