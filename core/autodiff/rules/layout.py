"""Gradient rules of operators that move, copy, select or accumulate elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.errors import UnsupportedOperatorError, shown
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    adjoint_of_selection,
    expand_like,
    joined,
    known,
    permute,
    reshape,
    reshape_like,
    scatter_add,
    shape,
    sizes,
    unbroadcast,
    where,
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
    mode = attrs.get("mode", "DCR")
    return g.graph.emit("DepthToSpace", g, blocksize=attrs["blocksize"], mode=mode)


def without_number(attrs: Attrs) -> bool:
    """Whether a Pad continues its input instead of surrounding it by a number."""
    return bool(attrs.get("mode", "constant") != "constant")


def pad_number(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """What surrounds the input: all of `g` but the part that the input has."""
    inner = pad(g, ans, x, attrs)
    sums = [t.graph.emit("ReduceSum", t, keepdims=0) for t in (g, inner)]
    return reshape_like(sums[0] - sums[1], x[2])


def tile(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Split each axis into repeats and own positions, and sum over the repeats."""
    graph, rank = g.graph, x[0].rank
    pairs = [reshape(t, -1, 1) for t in (x[1], shape(x[0]))]
    split = reshape(graph.emit("Concat", *pairs, axis=1), -1)
    apart = graph.emit("Reshape", g, split)
    return graph.emit("ReduceSum", apart, graph.ints(*range(0, 2 * rank, 2)), keepdims=0)


def trilu(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return g.graph.emit("Trilu", g, *x[1:], **attrs)


def cumulative_sum(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Summed from the other end."""
    turned = {**attrs, "reverse": 1 - attrs.get("reverse", 0)}
    return g.graph.emit("CumSum", g, x[1], **turned)


def reverse_sequence(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return g.graph.emit("ReverseSequence", g, x[1], **attrs)


def center_crop_pad(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Cropped where the input was padded, and the other way round, by the same numbers."""
    axes = attrs.get("axes")
    original = shape(x[0])
    if axes is not None:
        rank = x[0].rank
        parts = [sizes(x[0], axis % rank, axis % rank + 1) for axis in axes]
        original = joined(*parts)
    return g.graph.emit("CenterCropPad", g, original, axes=axes)


def cumulative_product(x: Inputs, attrs: Attrs) -> list[Value]:
    """CumProd: for each element the product of all those before it, others replaced by 1."""
    graph, axis = x[0].graph, known(x[1])
    if axis is None:
        raise UnsupportedOperatorError(
            f"a CumProd along an axis that is computed ({shown(x[1].name)}) has no gradient rule; "
            f"export the network with constants folded"
        )
    rank = x[0].rank
    last = [a for a in range(rank) if a != int(axis.item()) % rank] + [int(axis.item()) % rank]
    moved = permute(x[0], last)
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    count = graph.emit("Squeeze", sizes(moved, rank - 1, rank))
    positions = graph.emit("Range", zero, count, one)
    behind = reshape(positions, -1, 1) - positions
    behind = -behind if attrs.get("reverse", 0) else behind
    counted = behind > zero if attrs.get("exclusive", 0) else behind >= zero
    factors = where(counted, graph.emit("Unsqueeze", moved, graph.ints(-2)), 1.0)
    product = graph.emit("ReduceProd", factors, graph.ints(-1), keepdims=0)
    return [permute(product, [int(i) for i in np.argsort(last)])]


def rotary_embedding(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Rotated back: by the same cosines and the opposite sines."""
    return g.graph.emit("RotaryEmbedding", g, x[1], -x[2], *x[3:], **attrs)
