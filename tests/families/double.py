"""Run an ONNX model in float64, by onnx's reference evaluator.

Where a network amplifies rounding, float32 tells little about a gradient: whoever computes it is
off by much. In float64 a right gradient and slopes of the loss agree to eight digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from images import ERROR
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

Array = npt.NDArray[Any]

DIRECTIONS = 3
STEPS = (3e-8, 3e-9, 3e-10)
"""Of each pixel, on average: so small that hardly a unit changes sides, and far above rounding.

Where one does change sides, the slope is not what the gradient says; with a smaller step, or with
the step in the other direction, it is.
"""
RIGHT = 1e-7
"""A slope as near as that needs no smaller step."""


def run(model: onnx.ModelProto, outputs: list[str], feeds: Mapping[str, Array]) -> list[Array]:
    """The outputs of a model of float32, computed in float64 from the same weights."""
    evaluator = ReferenceEvaluator(in_double(model), new_ops=[Conv, ConvTranspose, Pad])
    doubles = {name: value.astype(np.float64) for name, value in feeds.items()}
    return [np.asarray(value) for value in evaluator.run(outputs, doubles)]


def slope_error(model: onnx.ModelProto, pixels: Array) -> tuple[float, Array]:
    """How far a gradient model's gradient is from the slopes of its own loss, in float64.

    Parameters
    ----------
    model
        With the outputs `loss` and `gradient`.
    pixels
        The image, [1, 3, height, width].

    Returns
    -------
    (float, array)
        The largest difference along a few random directions, as a part of what slopes along random
        directions are on average: the gradient's length; and the gradient, [1, 3, height, width].
    """
    random = np.random.default_rng(0)
    gradient, loss = run(model, ["gradient", "loss"], {"image": pixels})
    loss = float(loss)
    length = float(np.linalg.norm(gradient))
    worst = 0.0
    for _ in range(DIRECTIONS):
        direction = random.standard_normal(pixels.shape)
        told = float((gradient * direction).sum())
        central, one_sided = [], []
        for step in STEPS:
            moved = (pixels + step * direction, pixels - step * direction)
            ahead, behind = (float(run(model, ["loss"], {"image": one})[0]) for one in moved)
            slopes = np.array([(ahead - behind) / 2, ahead - loss, loss - behind]) / step
            middle, *sides = (np.abs(slopes - told) / length).tolist()
            central.append(middle)
            one_sided += sides
            if middle <= RIGHT:
                break
        missed = min(central)
        worst = max(worst, missed if missed <= ERROR else min(one_sided))
    return worst, gradient


def in_double(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a model whose float32 tensors are all float64."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    _convert(copy.graph)
    return copy


def _convert(graph: onnx.GraphProto) -> None:
    del graph.value_info[:]
    for info in (*graph.input, *graph.output):
        if info.type.tensor_type.elem_type == TensorProto.FLOAT:
            info.type.tensor_type.elem_type = TensorProto.DOUBLE
    for tensor in graph.initializer:
        _double(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                _double(attribute.t)
            elif attribute.type == onnx.AttributeProto.GRAPH:
                _convert(attribute.g)
            elif attribute.name in ("to", "dtype") and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
            elif node.op_type == "Constant" and attribute.name in ("value_float", "value_floats"):
                value = np.asarray(helper.get_attribute_value(attribute), np.float64)
                attribute.CopyFrom(helper.make_attribute("value", numpy_helper.from_array(value)))


def _double(tensor: onnx.TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT:
        values = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


class Conv(OpRun):
    """Convolutions of planes as products of matrices; those of onnx loop over all positions."""

    op_domain = ""

    def _run(
        self,
        x: Array,
        kernel: Array,
        bias: Array | None = None,
        auto_pad: str | None = None,
        dilations: list[int] | None = None,
        group: int | None = None,
        kernel_shape: list[int] | None = None,  # noqa: ARG002 the kernel tells
        pads: list[int] | None = None,
        strides: list[int] | None = None,
    ) -> tuple[Array]:
        apart, (down, right) = dilations or (1, 1), strides or (1, 1)
        window = [(side - 1) * d + 1 for side, d in zip(kernel.shape[2:], apart, strict=True)]
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            around = [
                max(0, (-(-size // stride) - 1) * stride + side - size)
                for size, stride, side in zip(x.shape[2:], (down, right), window, strict=True)
            ]
            low, high = [n // 2 for n in around], [n - n // 2 for n in around]
            pads = [*low, *high] if auto_pad == "SAME_UPPER" else [*high, *low]
        top, left, bottom, end = pads or (0, 0, 0, 0)
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, end)))
        windows = np.lib.stride_tricks.sliding_window_view(x, window, (2, 3))
        windows = windows[:, :, ::down, ::right, :: apart[0], :: apart[1]]
        parts = [
            np.tensordot(part, weights, ((1, 4, 5), (1, 2, 3)))
            for part, weights in zip(
                np.split(windows, group or 1, 1), np.split(kernel, group or 1, 0), strict=True
            )
        ]
        result = np.moveaxis(np.concatenate(parts, 3), 3, 1)
        return (result if bias is None else result + bias[:, None, None],)


class ConvTranspose(OpRun):
    """Transposed convolutions of planes, in groups too; onnx's fail on some of those."""

    op_domain = ""

    def _run(
        self,
        x: Array,
        kernel: Array,
        bias: Array | None = None,
        auto_pad: str | None = None,
        dilations: list[int] | None = None,
        group: int | None = None,
        kernel_shape: list[int] | None = None,  # noqa: ARG002 the kernel tells
        output_padding: list[int] | None = None,
        output_shape: list[int] | None = None,
        pads: list[int] | None = None,
        strides: list[int] | None = None,
    ) -> tuple[Array]:
        if auto_pad not in (None, "NOTSET") or output_shape:
            raise NotImplementedError("ConvTranspose with auto_pad or output_shape")
        apart, steps = dilations or (1, 1), strides or (1, 1)
        more = output_padding or (0, 0)
        spans = [(size - 1) * step + 1 for size, step in zip(x.shape[2:], steps, strict=True)]
        window = [(side - 1) * d for side, d in zip(kernel.shape[2:], apart, strict=True)]
        sides = [a + b + c for a, b, c in zip(spans, window, more, strict=True)]
        groups = group or 1
        parts = list(zip(np.split(x, groups, 1), np.split(kernel, groups, 0), strict=True))
        result = np.zeros((len(x), kernel.shape[1] * groups, *sides))
        for i, j in np.ndindex(kernel.shape[2:]):
            added = [np.tensordot(w[:, :, i, j], part, (0, 1)) for part, w in parts]
            top, left = i * apart[0], j * apart[1]
            rows = slice(top, top + spans[0], steps[0])
            columns = slice(left, left + spans[1], steps[1])
            result[:, :, rows, columns] += np.concatenate(added, 0).swapaxes(0, 1)
        top, left, bottom, end = pads or (0, 0, 0, 0)
        result = result[:, :, top : sides[0] - bottom, left : sides[1] - end]
        return (result if bias is None else result + bias[:, None, None],)


class Pad(OpRun):
    """Pads that may be negative, which cut off; onnx's take no such."""

    op_domain = ""

    def _run(
        self,
        x: Array,
        pads: Array,
        value: Array | None = None,
        axes: Array | None = None,
        mode: str | None = None,
    ) -> tuple[Array]:
        wanted = [(0, 0)] * x.ndim
        along = range(x.ndim) if axes is None else [int(axis) % x.ndim for axis in axes]
        for axis, *both in zip(along, *np.split(np.asarray(pads), 2), strict=True):
            wanted[axis] = (int(both[0]), int(both[1]))
        cut = tuple(
            slice(max(0, -before), size - max(0, -after))
            for size, (before, after) in zip(x.shape, wanted, strict=True)
        )
        added = [(max(0, before), max(0, after)) for before, after in wanted]
        if mode in (None, "constant"):
            filling = 0.0 if value is None or not np.size(value) else np.asarray(value).item()
            return (np.pad(x[cut], added, constant_values=filling),)
        return (np.pad(x[cut], added, mode=mode),)
