"""Gradient rules of the pooling operators."""

from __future__ import annotations

import math

import numpy as np
from onnx import TensorProto

from dreamlayer.core.autodiff.rules.elementwise import call
from dreamlayer.core.autodiff.rules.masks import Masks
from dreamlayer.core.autodiff.rules.max_pool_compare import compared
from dreamlayer.core.autodiff.rules.max_pool_slice import sliceable, sliced
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.autodiff.rules.window import Window, cropped, window
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    cast,
    elements,
    expand_like,
    filled,
    joined,
    reshape,
    reshape_like,
    scatter_add,
    sizes,
    where,
)

_POOL_ATTRIBUTES = (
    "auto_pad",
    "ceil_mode",
    "count_include_pad",
    "dilations",
    "kernel_shape",
    "pads",
    "strides",
)


def max_pool(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Pass each window's gradient to the first of its maxima, by the pool's indices."""
    graph = g.graph
    if attrs.get("storage_order", 0):
        given = {k: attrs[k] for k in _POOL_ATTRIBUTES if k in attrs}
        indices = cast(graph.emit_many("MaxPool", 2, x[0], **given)[1], TensorProto.INT64)
    else:
        indices = graph.add_output(ans, 1, TensorProto.INT64)
    count = reshape(elements(x[0]), 1)
    flat = scatter_add(filled(count, 0, g.dtype), reshape(indices, -1), reshape(g, -1))
    return reshape_like(flat, x[0])


def max_pool_by_taps(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The same by comparison of taps, for transposed networks (`passes.transpose`)."""
    return compared(g, ans, x[0], window(attrs, list(attrs["kernel_shape"]), x[0], ans))


def max_pool_by_slices(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The same by slices, where the pool allows it; else by indices."""
    win = window(attrs, list(attrs["kernel_shape"]), x[0], ans)
    if sliceable(x[0], win):
        return sliced(g, ans, x[0], win, masks)
    return max_pool(g, ans, x, attrs)


def average_pool(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Divide by each window's divisor, then sum over the windows of each element."""
    image = x[0]
    win = window(attrs, list(attrs["kernel_shape"]), image, ans)
    taps = math.prod(win.kernel)
    whole = (win.pads is not None and not any(win.pads)) or attrs.get("count_include_pad", 0)
    if whole and not attrs.get("ceil_mode", 0):
        share = g / taps
    else:
        share = g * _window_weights(ans, image, win, attrs)
    return _summed_windows(share, ans, image, win, attrs)


def lp_pool(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The p-norm of each window: y^(1 - p) times |x|^(p - 1) with the sign of x, summed up."""
    image, p = x[0], attrs.get("p", 2)
    win = window(attrs, list(attrs["kernel_shape"]), image, ans)
    share = _summed_windows(g / _norm_power(ans, p), ans, image, win, attrs)
    return share * _signed_power(image, p)


def global_lp_pool(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    p = attrs.get("p", 2)
    return _signed_power(x[0], p) * (g / _norm_power(ans, p))


def _norm_power(norm: Value, p: int) -> Value:
    """The power p - 1 of a norm, and 1 where the norm is 0, which has no derivative there."""
    return norm.graph.like(norm, 1.0) if p == 1 else where(norm > 0, _power(norm, p - 1), 1.0)


def _signed_power(x: Value, p: int) -> Value:
    """|x|^(p - 1) with the sign of x."""
    sign = call("Sign", x)
    return sign if p == 1 else sign * _power(call("Abs", x), p - 1)


def _power(x: Value, exponent: int) -> Value:
    return x if exponent == 1 else x.graph.emit("Pow", x, x.graph.like(x, float(exponent)))


def padded_differently(attrs: Attrs) -> str | None:
    """Why a pool is refused, if it is."""
    if not attrs.get("auto_pad", "").startswith("SAME") or max(attrs.get("dilations", [1])) == 1:
        return None
    return (
        "with both auto_pad SAME and dilations, runtimes pad it differently; export it with "
        "explicit pads"
    )


def _summed_windows(share: Value, ans: Value, image: Value, win: Window, attrs: Attrs) -> Value:
    """For each element of `image` the sum of `share`, of the shape of `ans`, over its windows."""
    graph, n, taps = share.graph, win.axes, math.prod(win.kernel)
    if win.pads is not None and all(s == 1 for s in win.strides) and not attrs.get("ceil_mode", 0):
        flipped = [k - 1 - p for k, p in zip(win.extent * 2, win.pads, strict=True)]
        if max(win.dilations) == 1 and min(flipped) >= 0:
            mean = graph.emit(
                "AveragePool",
                share,
                count_include_pad=1,
                kernel_shape=win.kernel,
                pads=flipped,
                strides=[1] * n,
            )
            return mean * float(taps)
    # A kernel of ones over [batch * channels, 1, ...] sums up each channel by itself.
    ones = graph.constant(np.ones((1, 1, *win.kernel), np.float32))
    single = graph.emit("Reshape", share, joined(graph.ints(-1, 1), sizes(ans, 2)))
    full = graph.emit(
        "ConvTranspose",
        single,
        cast(ones, share.dtype),
        dilations=win.dilations,
        kernel_shape=win.kernel,
        strides=win.strides,
    )
    return reshape_like(cropped(full, ans, image, win), image)


def _window_weights(y: Value, x: Value, win: Window, attrs: Attrs) -> Value:
    """The factor of each window's elements, 1 / divisor, of shape [1, 1, ...].

    Without padding in the divisor, that is the number of elements inside. With it, the pool of a
    field of ones is (elements inside) / divisor; divided by the elements inside it is 1 / divisor,
    whatever ceil_mode is.
    """
    graph, n = x.graph, win.axes
    if attrs.get("count_include_pad", 0):
        field = filled(joined(graph.ints(1, 1), sizes(x, 2)), 1.0, x.dtype)
        given = {k: attrs[k] for k in _POOL_ATTRIBUTES if k in attrs}
        weights = graph.emit("AveragePool", field, **given)
    else:
        # Not the pool, which would be 1: OpenVINO has no kernel for a constant one in bfloat16.
        weights = cast(graph.constant(np.ones((1,) * (n + 2), np.float32)), x.dtype)
    begin = win.begin(x, y)
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    for i in range(n):
        outputs = graph.emit("Squeeze", sizes(y, i + 2, i + 3))
        starts = graph.emit("Range", zero, outputs, one) * graph.ints(win.strides[i])
        starts = starts - graph.emit("Gather", begin, graph.ints(i))
        taps = graph.constant(np.arange(win.kernel[i], dtype=np.int64) * win.dilations[i])
        positions = reshape(starts, -1, 1) + taps
        inside = graph.emit("And", positions >= zero, positions < sizes(x, i + 2, i + 3))
        counts = graph.emit("ReduceSum", cast(inside, x.dtype), graph.ints(1), keepdims=0)
        shape = [1] * (n + 2)
        shape[i + 2] = -1
        # A window entirely in the padding has no elements.
        weights = weights / reshape(where(counts > 0, counts, 1.0), *shape)
    return weights


def global_average_pool(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    count = g.graph.emit("ReduceProd", sizes(x[0], 2), keepdims=0)
    return expand_like(g / cast(count, g.dtype), x[0])


def global_max_pool(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The first maximum of each channel gets all of the gradient."""
    graph = g.graph
    flat = reshape(x[0], 0, 0, -1)
    first = graph.emit("ArgMax", flat, axis=2, keepdims=1)
    count = graph.emit("Squeeze", graph.emit("Shape", flat, start=2, end=3))
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    chosen = graph.emit("Equal", graph.emit("Range", zero, count, one), first)
    return reshape_like(where(chosen, reshape(g, 0, 0, 1), 0.0), x[0])
