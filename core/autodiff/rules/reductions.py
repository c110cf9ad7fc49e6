"""Gradient rules of the Reduce family."""

from __future__ import annotations

from dreamlayer.core.autodiff.rules.elementwise import call
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import cast, elements, expand_like, where


def spread(t: Value, x: Inputs, attrs: Attrs) -> Value:
    """Give a reduced tensor its lost axes back, with size 1, so that it broadcasts against x[0].

    Without axes it is a scalar (or nothing was reduced at all): both broadcast as they are.
    """
    axes = x[1] if len(x) > 1 else None
    if attrs.get("keepdims", 1) or axes is None:
        return t
    return t.graph.emit("Unsqueeze", t, axes)


def again(op: str, t: Value, x: Inputs, attrs: Attrs) -> Value:
    """Reduce another tensor of the shape of x[0] over the same axes, which stay with size 1."""
    noop = attrs.get("noop_with_empty_axes", 0)
    return t.graph.emit(op, t, *x[1:2], keepdims=1, noop_with_empty_axes=noop)


def reduce_sum(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return expand_like(spread(g, x, attrs), x[0])


def reduce_mean(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    count = cast(elements(x[0]) / elements(ans), g.dtype)
    return reduce_sum(g / count, ans, x, attrs)


def reduce_extreme(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Shared equally among all elements that reach the extreme, as TensorFlow does."""
    reached = g.graph.emit("Equal", x[0], spread(ans, x, attrs))
    mask = cast(reached, g.dtype)
    return mask * (spread(g, x, attrs) / again("ReduceSum", mask, x, attrs))


def reduce_sum_square(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return 2.0 * x[0] * spread(g, x, attrs)


def reduce_l1(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return call("Sign", x[0]) * spread(g, x, attrs)


def reduce_l2(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """x / |x|, and 0 at the origin, where the norm has no derivative."""
    norm = spread(ans, x, attrs)
    return x[0] * (spread(g, x, attrs) / where(norm > 0, norm, 1.0))


def reduce_log_sum_exp(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return call("Exp", x[0] - spread(ans, x, attrs)) * spread(g, x, attrs)
