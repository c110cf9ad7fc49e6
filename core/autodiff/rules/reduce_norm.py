"""Gradient rules of reductions, and of normalizations, which consist of them."""

from __future__ import annotations

from dreamlayer.core.autodiff.rules.elementwise import call
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.errors import UnsupportedOperatorError
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    cast,
    elements,
    expand_like,
    joined,
    reshape,
    reshape_like,
    sizes,
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


def per_channel(v: Value, x: Value) -> Value:
    """A vector over channels, shaped to broadcast against [batch, channels, ...]."""
    return reshape(v, -1, *[1] * (x.rank - 2))


def batch_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    if attrs.get("training_mode", 0):
        raise UnsupportedOperatorError(
            "BatchNormalization in training mode cannot be dreamed: its output depends on the rest "
            "of the batch; export the network for inference"
        )
    scale, variance = x[1], x[4]
    slope = scale / call("Sqrt", variance + attrs.get("epsilon", 1e-5))
    return g * per_channel(slope, x[0])


def _normalization_gradient(
    g: Value, normal: Value, deviation: Value, mean_axes: list[int]
) -> Value:
    """Gradient of (x - mean) / deviation, both computed over `mean_axes`.

    With n = (x - mean) / deviation it is (g - mean(g) - n mean(g n)) / deviation
    (Ba, Kiros, Hinton 2016, "Layer Normalization"; the same for instances).
    """

    def mean(t: Value) -> Value:
        return t.graph.emit("ReduceMean", t, t.graph.ints(*mean_axes), keepdims=1)

    return (g - mean(g) - normal * mean(g * normal)) / deviation


def _normal(x: Value, epsilon: float, axes: list[int]) -> tuple[Value, Value]:
    """(x - mean) / deviation, and the deviation."""
    over = x.graph.ints(*axes)
    centered = x - x.graph.emit("ReduceMean", x, over, keepdims=1)
    variance = x.graph.emit("ReduceMean", centered * centered, over, keepdims=1)
    deviation = call("Sqrt", variance + epsilon)
    return centered / deviation, deviation


def instance_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    axes = list(range(2, x[0].rank))
    normal, deviation = _normal(x[0], attrs.get("epsilon", 1e-5), axes)
    return _normalization_gradient(g * per_channel(x[1], x[0]), normal, deviation, axes)


def layer_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    axis = attrs.get("axis", -1)
    axes = list(range(axis % x[0].rank, x[0].rank))
    normal, deviation = _normal(x[0], attrs.get("epsilon", 1e-5), axes)
    return _normalization_gradient(g * x[1], normal, deviation, axes)


def lrn(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """y = x d^-beta with d = bias + alpha/size * (sum of x^2 over neighbouring channels).

    So dx = g d^-beta - 2 alpha beta / size * x * (sum over neighbours of g x d^(-beta-1)), the
    second sum over the mirrored neighbourhood (Krizhevsky, Sutskever, Hinton 2012, section 3.3).
    """
    graph, image = g.graph, x[0]
    size: int = attrs["size"]
    alpha: float = attrs.get("alpha", 1e-4)
    beta: float = attrs.get("beta", 0.75)
    before, after = (size - 1) // 2, size // 2

    # Channels and flattened space are the two spatial axes of a pool; a window spans channels.
    planes = joined(sizes(image, 0, 1), graph.ints(1), sizes(image, 1, 2), graph.ints(-1))

    def neighbors(t: Value, before: int, after: int) -> Value:
        mean = graph.emit(
            "AveragePool",
            graph.emit("Reshape", t, planes),
            kernel_shape=[size, 1],
            pads=[before, 0, after, 0],
            count_include_pad=1,
        )
        return reshape_like(mean * float(size), image)

    d = neighbors(image * image, before, after) * (alpha / size) + attrs.get("bias", 1.0)
    power = graph.emit("Pow", d, graph.like(d, -beta))
    far = neighbors(g * image * power / d, after, before)
    return g * power - image * far * (2 * alpha * beta / size)
