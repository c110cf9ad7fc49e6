"""Gradient rules of element-wise arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dreamlayer.core.autodiff.rules.rule import FLOATS, Attrs, Inputs, Rule
from dreamlayer.core.graph.builder import Value, same_shape
from dreamlayer.core.graph.ops import cast, scaled, sizes, total, unbroadcast, where


def broadcast(rule: Rule, index: int) -> Rule:
    """A rule that also sums over the axes along which input `index` was broadcast."""

    def summed(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value | None:
        gradient = rule(g, ans, x, attrs)
        return None if gradient is None else unbroadcast(gradient, ans, x[index])

    return summed


def each(*rules: Rule) -> tuple[Rule, ...]:
    """The table entries of an operator that broadcasts its inputs."""
    return tuple(broadcast(rule, i) for i, rule in enumerate(rules))


def call(op: str, x: Value) -> Value:
    """Apply an operator of one input."""
    return x.graph.emit(op, x)


def product(i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    other = x[1 - i]
    if same_shape(ans, other):
        return unbroadcast(scaled(other, g), ans, x[i])
    return unbroadcast(g * other, ans, x[i])


def power(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    exponent = cast(x[1], x[0].dtype)
    slope = exponent * x[0].graph.emit("Pow", x[0], exponent - 1.0)
    return where(g.graph.emit("Equal", exponent, g.graph.like(exponent, 0.0)), g * 0.0, g * slope)


def power_exponent(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    base = where(x[0] > 0, x[0], 1.0)
    return cast(g * ans * call("Log", base), x[1].dtype)


def cast_back(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return cast(g, x[0].dtype)


def to_integer(attrs: Attrs) -> bool:
    """Whether a Cast converts to integers, which have no gradient."""
    return attrs["to"] not in FLOATS


def extreme(i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Max and Min: the first input that attains the extreme gets all of the gradient."""
    mine = g.graph.emit("Equal", x[i], ans)
    for earlier in x[:i]:
        taken = g.graph.emit("Equal", earlier, ans)
        mine = g.graph.emit("And", mine, g.graph.emit("Not", taken))
    return unbroadcast(where(mine, g, 0.0), ans, x[i])


def summed(i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return unbroadcast(g, ans, x[i])


def averaged(i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return unbroadcast(g / len(x), ans, x[i])


def softmax(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    axis = attrs.get("axis", -1)
    return ans * (g - total(g * ans, axis))


def log_softmax(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return g - call("Exp", ans) * total(g, attrs.get("axis", -1))


def slope(derivative: Callable[[Value, Value], Value]) -> Rule:
    """The rule with a given derivative, a function of input and output."""
    return lambda g, ans, x, attrs: g * derivative(x[0], ans)


def remainder_divisor(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """a mod b is a - n b with a whole n, which is constant wherever there is a derivative."""
    return -g * g.graph.emit("Round", (x[0] - ans) / x[1])


def cast_like(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value | None:
    return cast(g, x[0].dtype) if ans.dtype in FLOATS else None


def range_start(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return g.graph.emit("ReduceSum", g, keepdims=0)


def range_delta(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    graph = g.graph
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    count = graph.emit("Squeeze", sizes(ans, 0, 1))
    steps = cast(graph.emit("Range", zero, count, one), g.dtype)
    return graph.emit("ReduceSum", g * steps, keepdims=0)
