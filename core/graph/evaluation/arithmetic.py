"""Sizes of what operators compute element by element, along an axis, or as products."""

from __future__ import annotations

import math

from dreamlayer.core.graph.evaluation.tensor import (
    LARGEST_INT,
    Call,
    Shape,
    UnfitError,
    UnknownSizeError,
    axes_of,
    axis_of,
    broadcast,
)


def same(call: Call) -> list[Shape]:
    """Every output has the shape of the first input."""
    return [call.shape()] * call.count


def together(call: Call) -> Shape:
    """The inputs broadcast."""
    return broadcast([call.shape(place) for place in range(len(call.inputs))])


def batch_norm(call: Call) -> list[Shape]:
    """BatchNormalization: statistics, in training, are the other outputs."""
    x = call.shape()
    channels = x[1] if len(x) > 1 else 1
    for place in range(1, 5):
        if call.shape(place) != (channels,):
            raise UnfitError(f"normalizes {channels} channels by {list(call.shape(place))}")
    return [x, *[(channels,)] * (call.count - 1)]


def layer_norm(call: Call) -> list[Shape]:
    """LayerNormalization and RMSNormalization: mean and deviation are the other outputs."""
    x = call.shape()
    axis = axis_of(int(call.attributes.get("axis", -1)), len(x))
    statistics = (*x[:axis], *(1 for _ in x[axis:]))
    return [x, *[statistics] * (call.count - 1)]


def quantized(call: Call) -> list[Shape]:
    """DynamicQuantizeLinear: scale and zero point are scalars."""
    return [call.shape(), (), ()][: call.count]


def reduce(call: Call) -> Shape:
    """The reductions; without axes all of them, or none if asked for."""
    x, axes = call.shape(), call.numbers(1, "axes")
    if not axes:
        if call.attributes.get("noop_with_empty_axes", 0):
            return x
        axes = list(range(len(x)))
    gone = axes_of(axes, len(x))
    return _reduced(call, x, gone)


def arg(call: Call) -> Shape:
    """ArgMax and ArgMin."""
    x = call.shape()
    return _reduced(call, x, [axis_of(int(call.attributes.get("axis", 0)), len(x))])


def _reduced(call: Call, x: Shape, gone: list[int]) -> Shape:
    if call.attributes.get("keepdims", 1):
        return tuple(1 if axis in gone else size for axis, size in enumerate(x))
    return tuple(size for axis, size in enumerate(x) if axis not in gone)


def matmul(call: Call) -> Shape:
    """MatMul and MatMulInteger."""
    return _product(call.shape(0), call.shape(1))


def quantized_matmul(call: Call) -> Shape:
    """QLinearMatMul, whose second matrix is its fourth input."""
    return _product(call.shape(0), call.shape(3))


def _product(a: Shape, b: Shape) -> Shape:
    if not a or not b:
        raise UnfitError("multiplies a scalar as a matrix")
    left = (1, *a) if len(a) == 1 else a
    right = (*b, 1) if len(b) == 1 else b
    if left[-1] != right[-2]:
        raise UnfitError(f"multiplies matrices of sizes {list(a)} and {list(b)}")
    result = [*broadcast([left[:-2], right[:-2]]), left[-2], right[-1]]
    if len(b) == 1:
        del result[-1]
    if len(a) == 1:
        del result[-1 if len(b) == 1 else -2]
    return tuple(result)


def gemm(call: Call) -> Shape:
    """Gemm."""
    a, b = call.shape(0), call.shape(1)
    if len(a) != 2 or len(b) != 2:
        raise UnfitError(f"multiplies matrices of sizes {list(a)} and {list(b)}")
    a = a[::-1] if call.attributes.get("transA", 0) else a
    b = b[::-1] if call.attributes.get("transB", 0) else b
    if a[1] != b[0]:
        raise UnfitError(f"multiplies matrices of sizes {list(a)} and {list(b)}")
    result = a[0], b[1]
    if call.has(2) and broadcast([result, call.shape(2)]) != result:
        raise UnfitError(f"adds {list(call.shape(2))} to {list(result)}")
    return result


def einsum(call: Call) -> Shape:
    """Einsum, with letters and one ellipsis for each operand."""
    equation = str(call.attributes["equation"]).replace(" ", "")
    given, arrow, result = equation.partition("->")
    terms = given.split(",")
    if len(terms) != len(call.inputs):
        raise UnfitError(f"has {len(terms)} terms for {len(call.inputs)} inputs")
    sizes: dict[str, int] = {}
    leading: list[Shape] = []
    for place, term in enumerate(terms):
        shape = call.shape(place)
        front, dots, back = term.partition("...")
        middle = len(shape) - len(front) - len(back)
        if middle < 0 or (middle and not dots):
            raise UnfitError(f"reads {len(shape)} axes as {term}")
        if dots:
            leading.append(shape[len(front) : len(front) + middle])
        named = [*zip(front, shape, strict=False)]
        named += zip(back, shape[len(shape) - len(back) :], strict=True)
        for letter, size in named:
            if sizes.get(letter, 1) not in (1, size) and size != 1:
                raise UnfitError(f"has sizes {sizes[letter]} and {size} for {letter}")
            sizes[letter] = max(size, sizes.get(letter, 0))
    if not arrow:
        once = sorted(one for one in sizes if given.count(one) == 1)
        result = ("..." if leading else "") + "".join(once)
    front, dots, back = result.partition("...")
    middle_sizes = broadcast(leading) if dots and leading else ()
    return (
        *(sizes[letter] for letter in front),
        *middle_sizes,
        *(sizes[letter] for letter in back),
    )


def top_k(call: Call) -> list[Shape]:
    """TopK: values and indices."""
    x = call.shape()
    axis = axis_of(int(call.attributes.get("axis", -1)), len(x))
    count = (call.numbers(1, "k") or [0])[0]
    if not 0 <= count <= x[axis]:
        raise UnfitError(f"takes the {count} largest of {x[axis]}")
    return [(*x[:axis], count, *x[axis + 1 :])] * call.count


def one_hot(call: Call) -> Shape:
    """OneHot."""
    x = call.shape()
    depth = (call.numbers(1) or [0])[0]
    axis = axis_of(int(call.attributes.get("axis", -1)), len(x) + 1)
    return *x[:axis], depth, *x[axis:]


def shape_of(call: Call) -> Shape:
    """Shape: one number for each axis from `start` to `end`."""
    x = call.shape()
    start, end = int(call.attributes.get("start", 0)), call.attributes.get("end")
    return (len(x[start : None if end is None else int(end)]),)


def scalar(call: Call) -> Shape:
    """Size."""
    call.shape()
    return ()


def constant(call: Call) -> Shape:
    """Constant: known by its value alone."""
    given = call.attributes
    if "value" in given:
        return tuple(given["value"].dims)
    for name in ("value_ints", "value_floats", "value_strings"):
        if name in given:
            return (len(given[name]),)
    if "sparse_value" in given:
        return tuple(given["sparse_value"].dims)
    return ()


def constant_of_shape(call: Call) -> Shape:
    """ConstantOfShape: the shape is its input's value."""
    return _whole(call.numbers(0) or [])


def number_range(call: Call) -> Shape:
    """Range."""
    start, limit, step = (call.value(place).reshape(()) for place in range(3))
    if step == 0:
        raise UnfitError("has a step of 0")
    if start.dtype.kind == "f":
        count = math.ceil((float(limit) - float(start)) / float(step))
    else:
        count = -((int(start) - int(limit)) // int(step))
    return _whole([max(count, 0)])


def _whole(sizes: list[int]) -> Shape:
    if any(not 0 <= size <= LARGEST_INT for size in sizes):
        raise UnfitError(f"would make sizes of {sizes[:8]}")
    return tuple(sizes)


def non_zero(call: Call) -> Shape:
    """NonZero: known where the elements are."""
    found = call.value()
    if not found.ndim:
        raise UnknownSizeError
    return found.ndim, int((found != 0).sum())


def random(call: Call) -> Shape:
    """RandomNormal and RandomUniform: a shape that is an attribute."""
    return _whole([int(size) for size in call.attributes["shape"]])
