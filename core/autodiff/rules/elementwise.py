"""Gradient rules of element-wise arithmetic and activations."""

from __future__ import annotations

import math
from collections.abc import Callable

from onnx import TensorProto

from dreamlayer.core.autodiff.rules.rule import FLOATS, Attrs, Inputs, Rule
from dreamlayer.core.graph.builder import Value, same_shape
from dreamlayer.core.graph.ops import cast, scaled, total, unbroadcast, where

SELU_ALPHA, SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875


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


Mask = Callable[[Value], Value]
"""Maps positive numbers to 1 and 0 to 0, in the tensor's type; no number may be negative."""


def step_mask(x: Value) -> Value:
    """A mask by HardSigmoid, which unlike a comparison stays in ONNX Runtime's blocked layout.

    Its slope maps every x above 1e-30 to 1. The slope exceeds float16, where 0 would become NaN.
    """
    if x.dtype == TensorProto.FLOAT:
        return x.graph.emit("HardSigmoid", x, alpha=1e30, beta=0.0)
    return cast(x > 0, x.dtype)


def ramp_mask(x: Value) -> Value:
    """A mask by Mul and Min, as steep as `step_mask`."""
    if x.dtype == TensorProto.FLOAT:
        return x.graph.emit("Min", x * 1e30, x.graph.like(x, 1.0))
    return cast(x > 0, x.dtype)


def relu(g: Value, ans: Value, x: Inputs, attrs: Attrs, mask: Mask = step_mask) -> Value:
    return scaled(mask(ans), g)


def product(i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    other = x[1 - i]
    if same_shape(ans, other):
        return unbroadcast(scaled(other, g), ans, x[i])
    return unbroadcast(g * other, ans, x[i])


def leaky(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(x[0] > 0, g, g * attrs.get("alpha", 0.01))


def prelu_slope(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(x[0] > 0, g * 0.0, g * x[0])


def elu(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(x[0] > 0, g, g * (ans + attrs.get("alpha", 1.0)))


def selu(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    alpha, gamma = attrs.get("alpha", SELU_ALPHA), attrs.get("gamma", SELU_GAMMA)
    return where(x[0] > 0, g * gamma, g * (ans + alpha * gamma))


def celu(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(x[0] > 0, g, g * (ans / attrs.get("alpha", 1.0) + 1.0))


def hard_sigmoid(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    inside = x[0].graph.emit("And", ans > 0, ans < 1)
    return where(inside, g * attrs.get("alpha", 0.2), 0.0)


def hard_swish(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(x[0] <= -3, g * 0.0, where(x[0] >= 3, g, g * (x[0] / 3 + 0.5)))


def gelu(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    z = x[0]
    if attrs.get("approximate", "none") == "tanh":
        slope = math.sqrt(2 / math.pi)
        t = call("Tanh", slope * (z + 0.044715 * z * z * z))
        return g * (0.5 * (1 + t) + 0.5 * z * (1 - t * t) * slope * (1 + 0.134145 * z * z))
    below = 0.5 * (1 + call("Erf", z / math.sqrt(2)))
    return g * (below + z * call("Exp", -0.5 * z * z) / math.sqrt(2 * math.pi))


def mish(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    t = call("Tanh", call("Softplus", x[0]))
    return g * (t + x[0] * (1 - t * t) * call("Sigmoid", x[0]))


def clip(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    for bound, beyond in zip(x[1:], ("Less", "Greater"), strict=False):
        if bound is not None:
            g = where(g.graph.emit(beyond, x[0], bound), g * 0.0, g)
    return g


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
