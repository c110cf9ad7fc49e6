"""Gradient rules of normalizations, with respect to what they normalize and to scale and bias."""

from __future__ import annotations

from collections.abc import Sequence

from dreamlayer.core.autodiff.rules.elementwise import call
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    joined,
    reshape,
    reshape_like,
    sizes,
    total,
    unbroadcast,
    where,
)

_PER_CHANNEL_SINCE = 21
"""The opset since which GroupNormalization has a scale for each channel, not for each group."""


def per_channel(v: Value, x: Value) -> Value:
    """A vector over channels, shaped to broadcast against [batch, channels, ...]."""
    return reshape(v, -1, *[1] * (x.rank - 2))


def over_channels(t: Value, x: Value) -> Value:
    """The sum of `t`, of the shape of `x`, [batch, channels, ...], for each channel."""
    axes = [axis for axis in range(x.rank) if axis != 1]
    return reshape(total(t, *axes), -1)


def channel_bias(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return over_channels(g, x[0])


def in_training(attrs: Attrs) -> str | None:
    """Why a BatchNormalization cannot be differentiated, if it cannot."""
    if not attrs.get("training_mode", 0):
        return None
    return (
        "in training mode its output depends on the rest of the batch; export the network for "
        "inference"
    )


def _slope(x: Inputs, attrs: Attrs) -> Value:
    """Scale / deviation of a BatchNormalization, for each channel."""
    return x[1] / call("Sqrt", x[4] + attrs.get("epsilon", 1e-5))


def batch_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return g * per_channel(_slope(x, attrs), x[0])


def batch_scale(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    centered = x[0] - per_channel(x[3], x[0])
    deviation = call("Sqrt", x[4] + attrs.get("epsilon", 1e-5))
    return over_channels(g * centered, x[0]) / deviation


def batch_mean(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return -(over_channels(g, x[0]) * _slope(x, attrs))


def batch_variance(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    per_deviation = batch_scale(g, ans, x, attrs) * x[1]
    epsilon: float = attrs.get("epsilon", 1e-5)
    return per_deviation * -0.5 / (x[4] + epsilon)


def _normalization_gradient(
    g: Value, normal: Value, deviation: Value, mean_axes: Sequence[int]
) -> Value:
    """Gradient of (x - mean) / deviation, both computed over `mean_axes`.

    With n = (x - mean) / deviation it is (g - mean(g) - n mean(g n)) / deviation
    (Ba, Kiros, Hinton 2016, "Layer Normalization"; the same for instances and groups).
    """
    mean_of_g = _mean(g, mean_axes)
    return (g - mean_of_g - normal * _mean(g * normal, mean_axes)) / deviation


def _mean(t: Value, axes: Sequence[int]) -> Value:
    return t.graph.emit("ReduceMean", t, t.graph.ints(*axes), keepdims=1)


def _normal(x: Value, epsilon: float, axes: Sequence[int]) -> tuple[Value, Value]:
    """(x - mean) / deviation, and the deviation."""
    centered = x - _mean(x, axes)
    deviation = call("Sqrt", _mean(centered * centered, axes) + epsilon)
    return centered / deviation, deviation


def instance_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    axes = list(range(2, x[0].rank))
    normal, deviation = _normal(x[0], attrs.get("epsilon", 1e-5), axes)
    return _normalization_gradient(g * per_channel(x[1], x[0]), normal, deviation, axes)


def instance_scale(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    normal, _ = _normal(x[0], attrs.get("epsilon", 1e-5), range(2, x[0].rank))
    return over_channels(g * normal, x[0])


def _layer_axes(x: Inputs, attrs: Attrs) -> list[int]:
    return list(range(attrs.get("axis", -1) % x[0].rank, x[0].rank))


def layer_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    axes = _layer_axes(x, attrs)
    normal, deviation = _normal(x[0], attrs.get("epsilon", 1e-5), axes)
    return _normalization_gradient(g * x[1], normal, deviation, axes)


def layer_scale(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    normal, _ = _normal(x[0], attrs.get("epsilon", 1e-5), _layer_axes(x, attrs))
    return unbroadcast(g * normal, ans, x[1])


def layer_bias(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return unbroadcast(g, ans, x[2])


def _root_mean_square(x: Inputs, attrs: Attrs) -> Value:
    axes = _layer_axes(x, attrs)
    return call("Sqrt", _mean(x[0] * x[0], axes) + attrs.get("epsilon", 1e-5))


def rms_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """With n = x / rms it is (g s - n mean(g s n)) / rms (Zhang, Sennrich 2019)."""
    root = _root_mean_square(x, attrs)
    normal, weighed = x[0] / root, g * x[1]
    return (weighed - normal * _mean(weighed * normal, _layer_axes(x, attrs))) / root


def rms_scale(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return unbroadcast(g * x[0] / _root_mean_square(x, attrs), ans, x[1])


def group_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Groups are the channels of [batch, groups, values] (Wu, He 2018, "Group Normalization")."""
    normal, deviation = _normal_groups(x, attrs)
    weighed = _in_groups(g * _group_weights(x[1], x[0], attrs), attrs)
    return reshape_like(_normalization_gradient(weighed, normal, deviation, [2]), x[0])


def group_scale(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    normal, _ = _normal_groups(x, attrs)
    return _over_group_weights(g * reshape_like(normal, x[0]), x, attrs)


def group_bias(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return _over_group_weights(g, x, attrs)


def _in_groups(t: Value, attrs: Attrs) -> Value:
    return reshape(t, 0, attrs["num_groups"], -1)


def _normal_groups(x: Inputs, attrs: Attrs) -> tuple[Value, Value]:
    return _normal(_in_groups(x[0], attrs), attrs.get("epsilon", 1e-5), [2])


def _by_group(x: Value) -> bool:
    """Whether this GroupNormalization has a scale and a bias for each group."""
    return x.graph.opset < _PER_CHANNEL_SINCE


def _group_weights(v: Value, x: Value, attrs: Attrs) -> Value:
    """The scale, shaped to broadcast against [batch, channels, ...]."""
    if not _by_group(x):
        return per_channel(v, x)
    graph, groups = v.graph, attrs["num_groups"]
    each = joined(graph.ints(groups), sizes(x, 1, 2) / graph.ints(groups))
    return per_channel(graph.emit("Expand", reshape(v, -1, 1), each), x)


def _over_group_weights(t: Value, x: Inputs, attrs: Attrs) -> Value:
    """The sum of `t` for each number of the scale."""
    if not _by_group(x[0]):
        return over_channels(t, x[0])
    return reshape(total(_in_groups(t, attrs), 0, 2), -1)


def mean_variance_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Without epsilon, except for the 1e-9 that the operator adds to the deviation."""
    axes = [axis % x[0].rank for axis in attrs.get("axes", [0, 2, 3])]
    centered = x[0] - _mean(x[0], axes)
    deviation = call("Sqrt", _mean(centered * centered, axes)) + 1e-9
    return _normalization_gradient(g, centered / deviation, deviation, axes)


def lp_normalization(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """With norm |x| it is (g - d|x|/dx sum(g y)) / |x|; d|x|/dx is x / |x|, or the sign for p=1."""
    axis = g.graph.ints(attrs.get("axis", -1))
    first = attrs.get("p", 2) == 1
    norm = g.graph.emit("ReduceL1" if first else "ReduceL2", x[0], axis, keepdims=1)
    norm = where(norm > 0, norm, 1.0)
    along = g.graph.emit("ReduceSum", g * ans, axis, keepdims=1)
    return (g - (call("Sign", x[0]) if first else ans) * along) / norm


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
