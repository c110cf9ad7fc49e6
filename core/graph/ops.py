"""Operators and shape arithmetic that several modules need, folded where shapes are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from dreamlayer.core.graph.builder import Value, broadcast_axes, same_shape
from dreamlayer.core.graph.inference import Dim, attributes


def _numbers(dims: list[Dim] | None) -> list[int] | None:
    """The dimensions if all of them are known numbers, else None."""
    numbers = [d for d in dims or () if isinstance(d, int)]
    return None if dims is None or len(numbers) < len(dims) else numbers


def known(x: Value | None) -> np.ndarray | None:
    """The value of an initializer or of a Constant node's output, else None."""
    if x is None:
        return None
    for tensor in x.graph.model.graph.initializer:
        if tensor.name == x.name:
            return np.asarray(numpy_helper.to_array(tensor))
    node = x.node()
    if node is None or node.op_type != "Constant":
        return None
    for kind, value in attributes(node).items():
        if kind == "value":
            return np.asarray(numpy_helper.to_array(value))
        if kind in ("value_float", "value_floats", "value_int", "value_ints"):
            return np.asarray(value)
    return None


def shape(x: Value) -> Value:
    """The shape of `x` as a one-dimensional int64 tensor."""
    known = _numbers(x.dims)
    return x.graph.emit("Shape", x) if known is None else x.graph.ints(*known)


def sizes(x: Value, start: int, end: int | None = None) -> Value:
    """The sizes of axes `start` to `end` of `x` as a one-dimensional int64 tensor."""
    known = _numbers(None if x.dims is None else x.dims[start:end])
    if known is not None:
        return x.graph.ints(*known)
    return x.graph.emit("Shape", x, start=start, end=end)


def elements(x: Value) -> Value:
    """The number of elements of `x`, an int64 scalar, without Size, which OpenVINO lacks."""
    known = _numbers(x.dims)
    if known is not None:
        return x.graph.constant(np.int64(math.prod(known)))
    return x.graph.emit("ReduceProd", shape(x), keepdims=0)


def padded(x: Value, pads: Value, number: float = 0.0) -> Value:
    """Pad by an int64 vector, [begin..., end...] over all axes; negative numbers crop."""
    known = x.graph.numbers(pads)
    if known is not None and max(known) <= 0:
        return _without_edges(x, known)
    return x.graph.emit("Pad", x, pads, x.graph.like(x, number) if number else None)


def _without_edges(x: Value, pads: Sequence[int]) -> Value:
    """Crop by a Slice, which ONNX Runtime runs ten times as fast as a Pad that crops."""
    axes = len(pads) // 2
    cut = [axis for axis in range(axes) if pads[axis] or pads[axis + axes]]
    if not cut:
        return x
    starts = [-pads[axis] for axis in cut]
    ends = [pads[axis + axes] or 2**31 for axis in cut]
    graph = x.graph
    return graph.emit("Slice", x, graph.ints(*starts), graph.ints(*ends), graph.ints(*cut))


def reshape(x: Value, *dims: int) -> Value:
    """Reshape to constant sizes; 0 copies an axis and -1 is computed, as in ONNX."""
    return x.graph.emit("Reshape", x, x.graph.ints(*dims))


def reshape_like(g: Value, x: Value) -> Value:
    """Reshape `g` to the shape of `x`, which has as many elements."""
    return g.graph.emit("Reshape", g, shape(x))


def joined(*vectors: Value) -> Value:
    """Concatenate one-dimensional tensors."""
    return vectors[0].graph.emit("Concat", *vectors, axis=0)


def filled(shape_of: Value, number: float, dtype: int) -> Value:
    """A tensor of the given shape (an int64 vector), filled with `number`."""
    fill = np.array([number], helper.tensor_dtype_to_np_dtype(dtype))
    return shape_of.graph.emit(
        "ConstantOfShape",
        shape_of,
        dtype=dtype,
        value=helper.make_tensor("value", dtype, [1], fill.tolist()),
    )


def zeros_like(x: Value) -> Value:
    """Zeros of the shape and type of `x`."""
    return filled(shape(x), 0, x.dtype)


def expand_like(g: Value, x: Value) -> Value:
    """Broadcast `g` to the shape of `x`."""
    return g.graph.emit("Expand", g, shape(x))


def scaled(x: Value, g: Value) -> Value:
    """The product of two tensors of one shape.

    If `g` was broadcast to that shape, as the gradient of a mean is, the original is multiplied, so
    that ONNX Runtime does not fold a constant of a layer's size.
    """
    node = g.node()
    if node is not None and node.op_type == "Expand":
        g = g.graph.value(node.input[0])
    return g * x


def cast(x: Value, dtype: int) -> Value:
    """Convert to an element type, if it differs."""
    return x if x.dtype == dtype else x.graph.emit("Cast", x, dtype=dtype, to=dtype)


def where(condition: Value, yes: Value, no: Value | float) -> Value:
    """Choose between two tensors element by element."""
    return yes.graph.emit("Where", condition, yes, yes.graph.like(yes, no))


def total(x: Value, *axes: int) -> Value:
    """Sum over constant axes, which remain with size 1."""
    return x.graph.emit("ReduceSum", x, x.graph.ints(*axes), keepdims=1)


def permute(x: Value, order: Sequence[int]) -> Value:
    """Transpose, unless the order is the axes' own."""
    return x if list(order) == sorted(order) else x.graph.emit("Transpose", x, perm=list(order))


def unbroadcast(g: Value, ans: Value, x: Value) -> Value:
    """Sum `g`, of the shape of `ans`, over the axes along which `x` was broadcast to it."""
    if same_shape(ans, x):
        return g
    graph = g.graph
    if ans.dims is not None and x.dims is not None:
        padded = [1] * (len(ans.dims) - len(x.dims)) + list(x.dims)
        if all(p is not None and (p == 1 or p == a) for p, a in zip(padded, ans.dims, strict=True)):
            axes = [i for i, (p, a) in enumerate(zip(padded, ans.dims, strict=True)) if p != a]
            return reshape_like(total(g, *axes) if axes else g, x)
    tried = broadcast_axes(ans, x)
    if tried is not None:
        return total(g, *tried) if tried else g
    full, part = shape(ans), shape(x)
    missing = graph.emit("Shape", full) - graph.emit("Shape", part)
    padded_part = joined(filled(missing, 1, part.dtype), part)
    stretched = graph.emit("Not", graph.emit("Equal", padded_part, full))
    axes_found = graph.emit("Reshape", graph.emit("NonZero", stretched), graph.ints(-1))
    summed = graph.emit("ReduceSum", g, axes_found, keepdims=1, noop_with_empty_axes=1)
    return reshape_like(summed, x)


def adjoint_of_selection(select: Callable[[Value], Value], g: Value, x: Value) -> Value:
    """Gradient of an operator that copies each output element from one input element.

    `select` applies the operator to another tensor of the shape of `x`; applied to the elements'
    indices it shows where each output comes from, and `g` is summed there. It covers repeated,
    reversed and skipped elements.
    """
    graph = g.graph
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    numbers = graph.emit("Range", zero, elements(x), one)
    origin = reshape(select(reshape_like(numbers, x)), -1)
    count = reshape(elements(x), 1)
    flat = scatter_add(filled(count, 0, g.dtype), origin, reshape(g, -1))
    return reshape_like(flat, x)


def scatter_add(onto: Value, indices: Value, updates: Value, axis: int = 0) -> Value:
    """Add `updates` to `onto` at `indices` along an axis.

    Float16 is added in float32: ONNX Runtime's CPU provider lacks a float16 version.
    """
    if onto.dtype in (TensorProto.FLOAT16, TensorProto.BFLOAT16):
        wide = cast(onto, TensorProto.FLOAT), cast(updates, TensorProto.FLOAT)
        return cast(scatter_add(wide[0], indices, wide[1], axis), onto.dtype)
    return onto.graph.emit("ScatterElements", onto, indices, updates, axis=axis, reduction="add")


def gather(value: Value, index: Sequence[int] | np.ndarray | Value, axis: int) -> Value:
    """Elements along an axis, by a constant or computed index."""
    if not isinstance(index, Value):
        index = value.graph.constant(np.asarray(index, np.int64))
    return value.graph.emit("Gather", value, index, axis=axis)


def along(vector: np.ndarray, axis: int) -> np.ndarray:
    """Shape a vector to run along one axis of [3, height, width]."""
    return vector.reshape(-1, 1) if axis == 1 else vector


def clipped(value: Value, low: float, high: float) -> Value:
    """Clip to bounds."""
    return value.graph.emit(
        "Clip", value, value.graph.like(value, low), value.graph.like(value, high)
    )


def at_least(value: Value, low: float) -> Value:
    """The maximum of both; NaN stays NaN, as in Python's `max`."""
    floor = value.graph.like(value, low)
    return value.graph.emit("Where", value < floor, floor, value)
