"""Leaves the image as the only input of a foreign network: others become constants, or are cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.errors import NetworkError, bare, shown
from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.inference import names_read, nodes_within
from dreamlayer.export.adopt import masks
from dreamlayer.export.adopt.input_guess import INTEGERS, InputOptions
from dreamlayer.export.adopt.modernize import opset

_MOST_ELEMENTS = 1 << 24
_LEARNED = frozenset({"Conv", "ConvTranspose", "DeformConv", "Gemm", "MatMul"})
"""Operators behind which there are layers, or would be."""

_AXES, _COLORS = 4, 3
_FLOATS = frozenset({onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16})
_NUMBERS = _FLOATS | {onnx.TensorProto.BOOL, *INTEGERS}
"""Types of inputs that can be constants."""

Array = np.ndarray[Any, Any]


def settle_inputs(
    source: onnx.ModelProto, options: InputOptions, notes: list[str]
) -> onnx.ModelProto:
    """Make the image the only input of a network.

    Parameters
    ----------
    source
        As loaded; not changed.
    options
        The image's name, and the constants that other inputs are to be.
    notes
        Lines are added on what was done.

    Returns
    -------
    onnx.ModelProto
        The source itself where it has no other input. Else a copy, in which inputs with a constant
        are weights, or as large as the image where their own sizes are symbolic. Nodes that need
        further inputs are left out where nothing is learned in them, as in the head of a detector
        that scales boxes.

    Raises
    ------
    NetworkError
        There is no such input, a constant does not fit, or layers need an input without one.
    """
    weights = {tensor.name for tensor in source.graph.initializer}
    inputs = {info.name: info for info in source.graph.input if info.name not in weights}
    given = dict(options.constants)
    for name in (*([] if options.input is None else [options.input]), *given):
        if name not in inputs:
            raise NetworkError(
                f"the network has no input {shown(name)}; it has {', '.join(map(bare, inputs))}"
            )
    if options.input is not None and options.input in given:
        raise NetworkError(
            f"the input {bare(options.input)} is the image, which cannot be a constant; name "
            f"another with --input, or leave --constant {bare(options.input)} out"
        )
    image = _image_of(inputs, options)
    others = [name for name in inputs if name not in (image, *given)]
    if not given and not others:
        return source
    result = onnx.ModelProto()
    result.CopyFrom(source)
    large: dict[str, dict[int, int]] = {}
    for name, numbers in given.items():
        value = _constant(inputs[name], numbers)
        result.graph.initializer.append(numpy_helper.from_array(value, name))
        axes = masks.image_axes(inputs[name], inputs[image], options.layout)
        if axes and opset(source) >= masks.OLDEST:
            large[name] = axes
        size = "as large as the image" if name in large else f"[{', '.join(map(str, value.shape))}]"
        notes.append(f"Constant  {bare(name)} {size}")
    kept = [info for info in result.graph.input if info.name not in (*given, *others)]
    if others:
        _cut(result.graph, image, others)
        told = ", ".join(map(bare, others))
        notes.append(f"Left out  {told}, and what needs it (--constant gives it a value)")
    for name, axes in large.items():
        masks.expand(result, name, image, axes)
    if others:
        prune(result)
    del result.graph.input[:]
    result.graph.input.extend(kept)
    return result


def _image_of(inputs: dict[str, onnx.ValueInfoProto], options: InputOptions) -> str:
    """The input that is the image: the one that is named, or else the only one that can be."""
    if options.input is not None:
        return options.input
    given = dict(options.constants)
    left = [name for name in inputs if name not in given]
    if len(left) == 1:
        return left[0]
    if given and not left:
        raise NetworkError(
            f"one input of the network must be the image, but --constant gives a value to each "
            f"({', '.join(map(bare, inputs))}); leave out that of the image"
        )
    colors = [name for name in left if _channels(inputs[name]) == _COLORS]
    possible = colors or [name for name in left if _channels(inputs[name]) is None]
    if len(possible) != 1:
        raise NetworkError(
            f"the network has {len(inputs)} inputs ({', '.join(map(bare, inputs)) or 'none'}); it "
            f"must have one, the image: name it with --input, and give each other a value with "
            f"--constant NAME=VALUE"
        )
    return possible[0]


def _channels(info: onnx.ValueInfoProto) -> int | None:
    """Channels of an input, where it can be an image: 0 where it cannot, None if nothing tells."""
    tensor = info.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    dims = [dim.dim_value for dim in tensor.shape.dim]
    if len(dims) != _AXES:
        return 0
    return _COLORS if _COLORS in (dims[1], dims[3]) else dims[1] or dims[3] or None


def _constant(info: onnx.ValueInfoProto, numbers: Sequence[float]) -> Array:
    """Numbers in the type and shape of an input; an axis of any size gets one element."""
    tensor = info.type.tensor_type
    shape = tuple(max(dim.dim_value, 1) for dim in tensor.shape.dim)
    if not tensor.HasField("shape"):
        shape = () if len(numbers) == 1 else (len(numbers),)
    size = math.prod(shape)
    if size > _MOST_ELEMENTS or len(numbers) not in (1, size):
        raise NetworkError(
            f"the input {bare(info.name)} has the shape [{', '.join(map(str, shape))}], but the "
            f"count of numbers for it is {len(numbers)}; give one for all, or one for each element"
        )
    if tensor.elem_type not in _NUMBERS:
        raise NetworkError(
            f"the input {bare(info.name)} takes no numbers, so it cannot be given a constant; "
            f"export the network without it"
        )
    given = np.array(numbers, np.float64)
    with np.errstate(all="ignore"):
        values = given.astype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    if tensor.elem_type not in _FLOATS and not np.array_equal(values.astype(np.float64), given):
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        raise NetworkError(
            f"the input {bare(info.name)} is of the type {kind}, which cannot hold "
            f"{', '.join(f'{number:g}' for number in numbers[:3])}; give whole numbers in its range"
        )
    return np.ascontiguousarray(np.broadcast_to(values, size).reshape(shape))


def _cut(graph: onnx.GraphProto, image: str, inputs: Sequence[str]) -> None:
    """Take out what depends on some inputs, in place.

    Where no output is left, those are what the nodes that are cut read of the others.
    """
    behind, seeing = set(inputs), {image}
    border: dict[str, None] = {}
    for node in graph.node:
        needs = list(names_read(node))
        if not behind.intersection(needs):
            if seeing.intersection(needs):
                seeing.update(node.output)
            continue
        learned = _learned(node)
        if learned is not None:
            raise NetworkError(
                f"the network needs {', '.join(map(bare, inputs))} as well as the image, for "
                f"{learned.op_type} {shown(learned.name or learned.output[0])} and what follows; "
                f"give each a value with --constant {bare(inputs[0])}=VALUE"
            )
        behind.update(node.output)
        border |= dict.fromkeys(name for name in needs if name in seeing)
    outputs = [info for info in graph.output if info.name not in behind]
    outputs = outputs or [onnx.ValueInfoProto(name=name) for name in border if name != image]
    if not outputs:
        raise NetworkError(
            f"nothing in the network depends on its image {bare(image)} without its input "
            f"{bare(inputs[0])}; give that a value with --constant {bare(inputs[0])}=VALUE"
        )
    del graph.output[:]
    graph.output.extend(outputs)


def _learned(node: onnx.NodeProto) -> onnx.NodeProto | None:
    """A node in which something is learned: this one, or one of its branches or its loop."""
    if node.op_type in _LEARNED:
        return node
    return next(filter(None, map(_learned, nodes_within(node))), None)
