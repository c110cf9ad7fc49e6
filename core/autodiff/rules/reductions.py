"""Gradient rules of reductions."""

from __future__ import annotations

from dreamlayer.core.autodiff.rules.elementwise import call
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    cast,
    elements,
    expand_like,
    where,
)


def spread(t: Value, x: Inputs, attrs: Attrs) -> Value:
    """Restore the reduced axes of a tensor, with size 1, so that it broadcasts against x[0].

    Without axes it is a scalar, or nothing was reduced: both broadcast as they are.
    """
    axes = x[1] if len(x) > 1 else None
    if attrs.get("keepdims", 1) or axes is None:
        return t
    return t.graph.emit("Unsqueeze", t, axes)


def again(op: str, t: Value, x: Inputs, attrs: Attrs) -> Value:
    """Reduce another tensor of the shape of x[0] over the same axes, which remain with size 1."""
    noop = attrs.get("noop_with_empty_axes", 0)
    return t.graph.emit(op, t, *x[1:2], keepdims=1, noop_with_empty_axes=noop)


def reduce_sum(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return expand_like(spread(g, x, attrs), x[0])


def reduce_mean(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    count = cast(elements(x[0]) / elements(ans), g.dtype)
    return reduce_sum(g / count, ans, x, attrs)


def reduce_extreme(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Divided equally among all elements that attain the extreme, as in TensorFlow."""
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


def reduce_log_sum(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return expand_like(spread(g / call("Exp", ans), x, attrs), x[0])


def reduce_prod(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The product of all other elements, also where an element is 0."""
    is_zero = g.graph.emit("Equal", x[0], g.graph.like(x[0], 0.0))
    filled_up = where(is_zero, g.graph.like(x[0], 1.0), x[0])
    product = again("ReduceProd", filled_up, x, attrs)
    zeros = again("ReduceSum", cast(is_zero, g.dtype), x, attrs)
    return spread(g, x, attrs) * other_factors(filled_up, is_zero, product, zeros)


def other_factors(x: Value, is_zero: Value, product: Value, zeros: Value) -> Value:
    """The product of all factors but one, for each.

    Parameters
    ----------
    x : Value
        The factors, with 1 in place of 0.
    is_zero : Value
        Where they are 0.
    product, zeros : Value
        The product of `x`, and how many factors are 0, broadcasting against `x`.
    """
    alone = where(zeros < 0.5, product / x, 0.0)
    return where(is_zero, where(zeros < 1.5, product + x * 0.0, 0.0), alone)
