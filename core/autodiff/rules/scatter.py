"""Gradient rules of operators that gather and scatter elements by computed indices.

Gathering's gradient is scattered, and the other way round. Repeated indices add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from onnx import TensorProto

from dreamlayer.core.autodiff.rules.reductions import other_factors
from dreamlayer.core.autodiff.rules.rule import ZERO, Attrs, Inputs, Rule
from dreamlayer.core.errors import UnsupportedOperatorError
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    adjoint_of_selection,
    cast,
    expand_like,
    gather,
    joined,
    reshape,
    reshape_like,
    scatter_add,
    sizes,
    where,
    zeros_like,
)

_HALVES = (TensorProto.FLOAT16, TensorProto.BFLOAT16)


@dataclass(frozen=True)
class _Places:
    """Elements of tensors of one shape, by the indices of GatherElements or GatherND."""

    indices: Value
    axis: int | None
    """Of GatherElements; None for GatherND."""

    def taken(self, t: Value) -> Value:
        """The elements of `t` there."""
        if self.axis is None:
            return t.graph.emit("GatherND", t, self.indices)
        return t.graph.emit("GatherElements", t, self.indices, axis=self.axis)

    def put(self, onto: Value, updates: Value, reduction: str = "none") -> Value:
        """`onto` with `updates` there; halves are reduced in float32, as in `scatter_add`."""
        if reduction != "none" and onto.dtype in _HALVES:
            wide = cast(onto, TensorProto.FLOAT), cast(updates, TensorProto.FLOAT)
            return cast(self.put(*wide, reduction), onto.dtype)
        parts = onto, self.indices, updates
        if self.axis is None:
            return onto.graph.emit("ScatterND", *parts, reduction=reduction)
        return onto.graph.emit("ScatterElements", *parts, axis=self.axis, reduction=reduction)


_PlacesOf = Callable[[Inputs, Attrs], _Places]


def by_element(x: Inputs, attrs: Attrs) -> _Places:
    return _Places(x[1], attrs.get("axis", 0))


def by_tuple(x: Inputs, attrs: Attrs) -> _Places:
    return _Places(x[1], None)


def gather_elements(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return by_element(x, attrs).put(zeros_like(x[0]), g, "add")


def gather_nd(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """With batch axes, the indices are given the positions along these as well."""
    graph, data, indices = g.graph, x[0], x[1]
    batch = attrs.get("batch_dims", 0)
    if batch:
        zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
        own = joined(sizes(indices, 0, indices.rank - 1), graph.ints(1))
        positions = []
        for axis in range(batch):
            count = graph.emit("Squeeze", sizes(data, axis, axis + 1))
            along = graph.emit("Range", zero, count, one)
            row = [1] * indices.rank
            row[axis] = -1
            positions.append(graph.emit("Expand", reshape(along, *row), own))
        indices = graph.emit("Concat", *positions, indices, axis=-1)
    return _Places(indices, None).put(zeros_like(data), g, "add")


def scatter_data(
    places_of: _PlacesOf, g: Value, ans: Value, x: Inputs, attrs: Attrs
) -> Value | None:
    """The gradient with respect to what is scattered onto."""
    places, updates, reduction = places_of(x, attrs), x[2], attrs.get("reduction", "none")
    if reduction == "add":
        return g
    if reduction == "none":
        return places.put(g, zeros_like(updates))
    if reduction == "mul":
        return places.put(g, updates, "mul")
    share = g / _attaining(places, ans, x)
    return where(g.graph.emit("Equal", x[0], ans), share, 0.0)


def scatter_updates(places_of: _PlacesOf, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The gradient with respect to what is scattered."""
    places, reduction = places_of(x, attrs), attrs.get("reduction", "none")
    if reduction in ("none", "add"):
        return places.taken(g)
    if reduction == "mul":
        return places.taken(g) * _other_updates(places, x)
    share = places.taken(g / _attaining(places, ans, x))
    return where(g.graph.emit("Equal", x[2], places.taken(ans)), share, 0.0)


def entries(places_of: _PlacesOf) -> tuple[Rule | None, ...]:
    """The rules of an operator that scatters."""
    return partial(scatter_data, places_of), ZERO, partial(scatter_updates, places_of)


def _attaining(places: _Places, ans: Value, x: Inputs) -> Value:
    """How many of an element and its updates attain the extreme, which share its gradient."""
    graph = ans.graph
    own = cast(graph.emit("Equal", x[0], ans), ans.dtype)
    updates = cast(graph.emit("Equal", x[2], places.taken(ans)), ans.dtype)
    return places.put(own, updates, "add")


def _other_updates(places: _Places, x: Inputs) -> Value:
    """The product of an element and all its updates but one, for each update."""
    graph, (data, _, updates) = x[0].graph, x
    parts, zeros = [], []
    for t in (data, updates):
        is_zero = graph.emit("Equal", t, graph.like(t, 0.0))
        zeros.append(is_zero)
        parts.append(where(is_zero, graph.like(t, 1.0), t))
    product = places.put(parts[0], parts[1], "mul")
    count = places.put(cast(zeros[0], data.dtype), cast(zeros[1], data.dtype), "add")
    return other_factors(parts[1], zeros[1], places.taken(product), places.taken(count))


def top_k(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    indices = g.graph.add_output(ans, 1, TensorProto.INT64)
    return scatter_add(zeros_like(x[0]), indices, g, attrs.get("axis", -1))


def unique(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Of equal elements the first gets all of the gradient."""
    first = g.graph.add_output(ans, 1, TensorProto.INT64)
    axis = attrs.get("axis")

    def select(t: Value) -> Value:
        return gather(reshape(t, -1) if axis is None else t, first, axis or 0)

    return adjoint_of_selection(select, g, x[0])


def compress(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    def select(t: Value) -> Value:
        return t.graph.emit("Compress", t, x[1], axis=attrs.get("axis"))

    return adjoint_of_selection(select, g, x[0])


def max_unpool(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    if len(x) > 2:
        raise UnsupportedOperatorError(
            "MaxUnpool with an output shape has no gradient rule, since runtimes disagree on what "
            "its indices count; export it without"
        )
    return gather(reshape(g, -1), x[1], 0)


def one_hot_values(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The sums of `g` where the output is the first and the second of both values."""
    graph = g.graph
    bounds = cast(graph.constant(np.array([0, 1], np.float32)), g.dtype)
    hot = graph.emit("OneHot", *x[:2], bounds, dtype=g.dtype, **attrs)
    parts = [graph.emit("ReduceSum", g * t, keepdims=0) for t in (1.0 - hot, hot)]
    return joined(*(reshape(part, 1) for part in parts))


def tensor_scatter_data(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    places = _written(x, attrs)
    return places.put(g, zeros_like(x[1]))


def tensor_scatter_update(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return _written(x, attrs).taken(g)


def _written(x: Inputs, attrs: Attrs) -> _Places:
    """Where TensorScatter writes its update, along one axis from an index for each batch on."""
    graph, (cache, update) = x[0].graph, x[:2]
    axis = attrs.get("axis", -2) % cache.rank
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    count = graph.emit("Squeeze", sizes(update, axis, axis + 1))
    row = [1] * cache.rank
    row[axis] = -1
    positions = reshape(graph.emit("Range", zero, count, one), *row)
    if len(x) > 2 and x[2] is not None:
        positions = positions + reshape(x[2], -1, *[1] * (cache.rank - 1))
    if attrs.get("mode", "linear") == "circular":
        positions = graph.emit("Mod", positions, sizes(cache, axis, axis + 1))
    return _Places(expand_like(positions, update), axis)


def col2im(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Each column's elements are copies of the padded image's: blocks, cut out as by im2col."""
    graph = g.graph
    n = ans.rank - 2
    strides, dilations = (attrs.get(key, [1] * n) for key in ("strides", "dilations"))
    pads = attrs.get("pads", [0] * 2 * n)
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    places = graph.constant(np.zeros((1, 1, 1, 1), np.int64))
    for i in range(n):
        taps = graph.emit("Squeeze", graph.emit("Gather", x[2], graph.ints(i)))
        size = graph.emit("Squeeze", graph.emit("Gather", x[1], graph.ints(i)))
        size = size + graph.constant(np.int64(pads[i] + pads[i + n]))
        extent = (taps - one) * graph.constant(np.int64(dilations[i])) + one
        windows = (size - extent) / graph.constant(np.int64(strides[i])) + one
        tap = graph.emit("Range", zero, taps, one) * graph.constant(np.int64(dilations[i]))
        start = graph.emit("Range", zero, windows, one) * graph.constant(np.int64(strides[i]))
        # Axes: taps so far, this axis's taps, windows so far, this axis's windows.
        places = places * size + reshape(tap, 1, -1, 1, 1) + reshape(start, 1, 1, 1, -1)
        count = graph.emit("Shape", places, start=0, end=1) * graph.emit("Shape", tap)
        places = graph.emit("Reshape", places, joined(count, graph.ints(1, -1, 1)))
    none = [0, 0]
    padded = graph.emit("Pad", g, graph.ints(*none, *pads[:n], *none, *pads[n:]))
    flat = reshape(padded, 0, 0, -1)
    return reshape_like(gather(flat, reshape(places, -1), 2), x[0])
