"""Gradient rules of operators that move, copy, select or interpolate elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.errors import UnsupportedOperatorError
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    adjoint_of_selection,
    expand_like,
    filled,
    joined,
    known,
    permute,
    reshape,
    reshape_like,
    scatter_add,
    sizes,
    unbroadcast,
    zeros_like,
)


def identity(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return g


def reshaped(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return reshape_like(g, x[0])


def expand(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return unbroadcast(g, ans, x[0])


def transpose(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    order = attrs.get("perm") or list(reversed(range(x[0].rank)))
    return permute(g, [int(i) for i in np.argsort(order)])


def dropout(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    training = x[2] if len(x) > 2 else None
    if training is not None:
        value = known(training)
        if value is None or bool(np.any(value)):
            raise UnsupportedOperatorError(
                "Dropout in training mode cannot be dreamed: its output is random; "
                "export the network for inference"
            )
    return g


def concat(i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    axis = attrs["axis"]
    axis = axis if axis >= 0 else axis + ans.rank
    parts = joined(*[sizes(t, axis, axis + 1) for t in x])
    return g.graph.emit_many("Split", len(x), g, parts, axis=axis)[i]


def split(g: Sequence[Value | None], ans: Sequence[Value], x: Inputs, attrs: Attrs) -> Value:
    parts = [zeros_like(y) if d is None else d for d, y in zip(g, ans, strict=True)]
    return x[0].graph.emit("Concat", *parts, axis=attrs.get("axis", 0))


def slice_(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    def select(t: Value) -> Value:
        return t.graph.emit("Slice", t, *x[1:])

    return adjoint_of_selection(select, g, x[0])


def gather(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Sum `g` at the indices that it was gathered from; negative ones count from the end."""
    graph, data, indices = g.graph, x[0], x[1]
    axis = attrs.get("axis", 0)
    axis = axis if axis >= 0 else axis + data.rank
    flat = joined(sizes(data, 0, axis), graph.ints(-1), sizes(data, axis + 1))
    updates = graph.emit("Reshape", g, flat)
    row = [1] * data.rank
    row[axis] = -1
    places = expand_like(reshape(indices, *row), updates)
    return scatter_add(zeros_like(data), places, updates, axis)


def pad(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    graph = g.graph
    axes = x[3:4]
    if attrs.get("mode", "constant") == "constant":
        return graph.emit("Pad", g, graph.emit("Neg", x[1]), None, *axes)

    def select(t: Value) -> Value:
        return graph.emit("Pad", t, x[1], None, *axes, mode=attrs["mode"])

    return adjoint_of_selection(select, g, x[0])


def depth_to_space(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    graph, block = g.graph, attrs["blocksize"]
    if attrs.get("mode", "DCR") == "DCR":
        return graph.emit("SpaceToDepth", g, blocksize=block)
    height, width = sizes(x[0], 2, 3), sizes(x[0], 3, 4)
    side, rest = graph.ints(block), graph.ints(-1)
    blocks = joined(sizes(x[0], 0, 1), rest, height, side, width, side)
    return reshape_like(permute(graph.emit("Reshape", g, blocks), [0, 1, 3, 5, 2, 4]), x[0])


def space_to_depth(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return g.graph.emit("DepthToSpace", g, blocksize=attrs["blocksize"], mode="DCR")


def resize(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Resize is linear and separable: y = A x B', so dx = A' g B.

    A' and B' are computed by resizing identity matrices with the same attributes, exactly as the
    runtime interpolates, in every mode.
    """
    if attrs.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        raise UnsupportedOperatorError(
            "Resize with tf_crop_and_resize has no gradient rule; half_pixel, asymmetric, "
            "align_corners and pytorch_half_pixel have one"
        )
    if attrs.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnsupportedOperatorError(
            "Resize with keep_aspect_ratio_policy has no gradient rule; export it with plain sizes"
        )
    graph, image = g.graph, x[0]
    scales = x[2] if len(x) > 2 and known_size(x[2]) != 0 else None
    axes = [a % image.rank for a in attrs.get("axes") or range(image.rank)]
    fixed = known(scales)
    options = {k: v for k, v in attrs.items() if k not in ("axes", "keep_aspect_ratio_policy")}
    for position, axis in enumerate(axes):
        size, result = (None if t.dims is None else t.dims[axis] for t in (image, ans))
        same_size = scales is None and size is not None and size == result
        if same_size or (fixed is not None and fixed[position] == 1):
            continue
        one = graph.constant(np.ones(1, np.float32))
        count = sizes(image, axis, axis + 1)
        unit = graph.ints(1)
        eye = graph.emit("EyeLike", filled(joined(count, count), 0, image.dtype))
        basis = graph.emit("Reshape", eye, joined(unit, count, count, unit))
        if scales is not None:
            own = graph.emit("Gather", scales, graph.ints(position))
            resized = graph.emit("Resize", basis, None, joined(one, one, own, one), **options)
        else:
            own = graph.emit("Gather", x[3], graph.ints(position))
            resized = graph.emit(
                "Resize", basis, None, None, joined(unit, count, own, unit), **options
            )
        matrix = graph.emit("Reshape", resized, joined(count, graph.ints(-1)))
        order = [a for a in range(image.rank) if a != axis] + [axis]
        moved = graph.emit("MatMul", permute(g, order), permute(matrix, [1, 0]))
        g = permute(moved, [int(i) for i in np.argsort(order)])
    return g


def known_size(x: Value | None) -> int | None:
    """The number of elements of an optional vector input; 0 if it was left out."""
    return 0 if x is None else x.static(0)
