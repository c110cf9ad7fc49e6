"""The arithmetic on sizes that graphs do, in numpy: operators on a few numbers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import numpy_helper
from onnx.helper import tensor_dtype_to_np_dtype

from dreamlayer.core.graph.evaluation import arithmetic, layout
from dreamlayer.core.graph.evaluation.tensor import (
    Array,
    Call,
    UnfitError,
    UnknownSizeError,
    axes_of,
    axis_of,
)

Evaluate = Callable[[Call], Any]


def _of(function: Callable[..., Any]) -> Evaluate:
    """All inputs to a function."""
    return lambda call: function(*(call.value(place) for place in range(len(call.inputs))))


def _variadic(function: Callable[[Any, Any], Any]) -> Evaluate:
    return _of(lambda *parts: functools.reduce(function, parts))


def _like_input(function: Callable[..., Any]) -> Evaluate:
    """The same in the type of the first input, where numpy would widen it."""
    return lambda call: np.asarray(_of(function)(call)).astype(call.value().dtype)


def _divided(call: Call) -> Array:
    a, b = call.value(0), call.value(1)
    if a.dtype.kind == "f":
        return np.asarray(a / b)
    if (b == 0).any():
        raise UnfitError("divides by 0")
    quotient = a // b
    # Rounded toward zero, in integers that may be the smallest there is.
    return np.asarray(quotient + ((a % b != 0) & ((a < 0) != (b < 0))).astype(a.dtype))


def _remainder(call: Call) -> Array:
    a, b = call.value(0), call.value(1)
    if a.dtype.kind != "f" and (b == 0).any():
        raise UnfitError("divides by 0")
    return np.asarray(np.fmod(a, b) if call.attributes.get("fmod", 0) else np.mod(a, b))


def _cast(call: Call) -> Array:
    return call.value().astype(tensor_dtype_to_np_dtype(int(call.attributes["to"])))


def _shape(call: Call) -> Array:
    start, end = int(call.attributes.get("start", 0)), call.attributes.get("end")
    return np.array(call.shape()[start : None if end is None else int(end)], np.int64)


def _size(call: Call) -> Array:
    elements = 1
    for side in call.shape():
        elements *= side
    return np.array(elements, np.int64)


def _constant(call: Call) -> Array:
    given = call.attributes
    if "value" in given:
        return np.asarray(numpy_helper.to_array(given["value"]))
    for name, kind in (("int", np.int64), ("float", np.float32)):
        for key in (f"value_{name}", f"value_{name}s"):
            if key in given:
                return np.array(given[key], kind)
    raise UnknownSizeError


def _filled(call: Call) -> Array:
    fill = call.attributes.get("value")
    number = np.float32(0) if fill is None else numpy_helper.to_array(fill).reshape(-1)[0]
    return np.full(call.numbers(0) or (), number)


def _gathered(call: Call) -> Array:
    axis = axis_of(int(call.attributes.get("axis", 0)), call.value().ndim)
    return np.take(call.value(), call.value(1), axis=axis)


def _split(call: Call) -> list[Array]:
    x, shapes = call.value(), layout.split(call)
    axis = axis_of(int(call.attributes.get("axis", 0)), x.ndim)
    ends = np.cumsum([shape[axis] for shape in shapes])[:-1]
    return list(np.split(x, ends, axis=axis))


def _squeezed(call: Call) -> Array:
    return call.value().reshape(layout.squeeze(call))


def _reduced(function: Callable[..., Any]) -> Evaluate:
    def reduce(call: Call) -> Array:
        x, axes = call.value(), call.numbers(1, "axes")
        if not x.size:
            raise UnknownSizeError
        if not axes and call.attributes.get("noop_with_empty_axes", 0):
            return x
        chosen = tuple(axes_of(axes, x.ndim)) if axes else None
        keeps = bool(call.attributes.get("keepdims", 1))
        return np.asarray(function(x, axis=chosen, keepdims=keeps)).astype(x.dtype)

    return reduce


def _clipped(call: Call) -> Array:
    x = call.value()
    low, high = (
        call.value(place) if call.has(place) else call.attributes.get(name)
        for place, name in ((1, "min"), (2, "max"))
    )
    x = x if low is None else np.maximum(x, np.asarray(low, x.dtype))
    return np.asarray(x if high is None else np.minimum(x, np.asarray(high, x.dtype)))


def _cumulated(call: Call) -> Array:
    axis = axis_of(int(call.value(1).reshape(())), call.value().ndim)
    x = call.value()
    if call.attributes.get("exclusive", 0) or call.attributes.get("reverse", 0):
        raise UnknownSizeError
    return np.cumsum(x, axis=axis, dtype=x.dtype)


def _scattered(call: Call) -> Array:
    """ScatterND, as exporters use it to change one number of a shape."""
    if call.attributes.get("reduction", "none") != "none":
        raise UnknownSizeError
    x, indices, updates = call.value(0).copy(), call.value(1), call.value(2)
    for place in np.ndindex(indices.shape[:-1]):
        x[tuple(indices[place])] = updates[place]
    return x


def _padded(call: Call) -> Array:
    if call.attributes.get("mode", "constant") != "constant":
        raise UnknownSizeError
    x, pads = call.value(), call.numbers(1, "pads") or []
    if call.has(3) or min(pads, default=0) < 0:
        raise UnknownSizeError
    fill = call.value(2).reshape(()) if call.has(2) else call.attributes.get("value", 0)
    widths = list(zip(pads[: x.ndim], pads[x.ndim :], strict=True))
    return np.pad(x, widths, constant_values=fill)


def _arranged(call: Call) -> Array:
    start, step = call.value(0).reshape(()), call.value(2).reshape(())
    places = np.arange(arithmetic.number_range(call)[0]).astype(start.dtype)
    return np.asarray(start + places * step)


VALUES: dict[str, Evaluate] = {
    "Identity": _of(lambda x: x),
    "Constant": _constant,
    "Shape": _shape,
    "Size": _size,
    "Cast": _cast,
    "CastLike": lambda call: call.value(0).astype(call.value(1).dtype),
    "Add": _of(np.add),
    "Sub": _of(np.subtract),
    "Mul": _of(np.multiply),
    "Div": _divided,
    "Mod": _remainder,
    "Pow": _like_input(np.power),
    "Neg": _of(np.negative),
    "Abs": _of(np.abs),
    "Sign": _of(np.sign),
    "Floor": _of(np.floor),
    "Ceil": _of(np.ceil),
    "Round": _of(np.rint),
    "Sqrt": _of(np.sqrt),
    "Reciprocal": _like_input(np.reciprocal),
    "Exp": _of(np.exp),
    "Log": _of(np.log),
    "Min": _variadic(np.minimum),
    "Max": _variadic(np.maximum),
    "Sum": _variadic(np.add),
    "Clip": _clipped,
    "Relu": _like_input(lambda x: np.maximum(x, 0)),
    "Equal": _of(np.equal),
    "Less": _of(np.less),
    "LessOrEqual": _of(np.less_equal),
    "Greater": _of(np.greater),
    "GreaterOrEqual": _of(np.greater_equal),
    "Not": _of(np.logical_not),
    "And": _of(np.logical_and),
    "Or": _of(np.logical_or),
    "Xor": _of(np.logical_xor),
    "Where": _of(np.where),
    "Concat": lambda call: np.concatenate(
        [call.value(place) for place in range(len(call.inputs))],
        axis=int(call.attributes.get("axis", 1)),
    ),
    "Split": _split,
    "Slice": lambda call: call.value()[tuple(layout.slices(call))],
    "Gather": _gathered,
    "Reshape": lambda call: call.value().reshape(layout.reshape(call)),
    "Flatten": lambda call: call.value().reshape(layout.flatten(call)),
    "Squeeze": _squeezed,
    "Unsqueeze": lambda call: call.value().reshape(layout.unsqueeze(call)),
    "Transpose": lambda call: call.value().transpose(call.attributes.get("perm")),
    "Expand": lambda call: np.broadcast_to(call.value(), layout.expand(call)),
    "Tile": lambda call: np.tile(call.value(), call.numbers(1) or []),
    "Pad": _padded,
    "ConstantOfShape": _filled,
    "Range": _arranged,
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "ReduceMax": _reduced(np.max),
    "ReduceMin": _reduced(np.min),
    "CumSum": _cumulated,
    "ScatterND": _scattered,
    "NonZero": lambda call: np.array(np.nonzero(call.value()), np.int64),
}
"""Values of the outputs of operators, given those of all inputs: an array, or a list of them."""

FROM_SHAPES = frozenset({"Shape", "Size"})
"""Operators whose value depends on the shape of their input alone."""
