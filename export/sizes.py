"""Which image sizes a network takes, by arithmetic.

Trying is no way to find out: where a convolution meets an empty map, ONNX Runtime 1.31 divides by
zero, which ends the process.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from core.errors import NetworkError
from export import conform, contract

LARGEST_SIDE = 2048
WINDOWED = ("Conv", "MaxPool", "AveragePool", "LpPool")
MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
SAMPLES = (257, 262, 271, 284, 293, 306)  # px, rounded up to the multiple that is tried
SMALL = 1024  # elements; smaller constants may hold shapes, which inference needs to see


def accepted_sizes(model: onnx.ModelProto, layers: Sequence[str]) -> tuple[int, int]:
    """Find the square images for which every layer exists.

    Parameters
    ----------
    model
        A network whose input is symbolic in height and width.
    layers
        Names of tensors.

    Returns
    -------
    tuple of int
        The smallest side in px, and the number that every side must be a multiple of: 1 for most,
        32 for example where a network joins maps that were shrunk five times and enlarged again.

    Raises
    ------
    NetworkError
        No side up to 2048 px works.
    """
    outline = _without_weights(conform.tapped(model, layers))
    for multiple in MULTIPLES:
        sides = [-(-sample // multiple) * multiple for sample in SAMPLES]
        if all(every_layer_exists(outline, layers, side) for side in sides):
            return _smallest(outline, layers, multiple), multiple
    return _smallest(outline, layers, 1), 1


def _smallest(outline: onnx.ModelProto, layers: Sequence[str], multiple: int) -> int:
    """Find the smallest multiple of `multiple` for which every layer exists, by halving."""
    top = multiple
    while not every_layer_exists(outline, layers, top):
        top *= 2
        if top > LARGEST_SIDE:
            raise NetworkError(
                f"The layers {layers[0]} to {layers[-1]} do not all exist at any size up to "
                f"{LARGEST_SIDE} px."
            )
    low = top // 2
    while top - low > multiple:
        middle = (low + top) // (2 * multiple) * multiple
        if every_layer_exists(outline, layers, middle):
            top = middle
        else:
            low = middle
    return top


def every_layer_exists(model: onnx.ModelProto, layers: Sequence[str], side: int) -> bool:
    """Tell whether no feature map on the way to `layers` is empty for a square image.

    Parameters
    ----------
    model
        A network; its weights may be missing, if their shapes are declared.
    layers
        Names of tensors.
    side
        Of the image, in px.

    Returns
    -------
    bool
        False also where the graph asks for another size.
    """
    try:
        shapes = shapes_at(model, side)
    except NetworkError:
        return False
    # Inference rounds toward zero where the specification rounds down, and so calls a map of
    # size 0 one of size 1: hence each window is checked by itself.
    if any(node.op_type in WINDOWED and not _fits(node, shapes) for node in model.graph.node):
        return False
    return all(0 not in shapes.get(name, ()) for name in layers)


def shapes_at(model: onnx.ModelProto, side: int, *, strict: bool = True) -> dict[str, list[int]]:
    """Infer the shape of every tensor for one square image.

    Parameters
    ----------
    model
        A network; its weights may be missing, if their shapes are declared.
    side
        Of the image, in px.
    strict
        False to give what can be inferred before the first contradiction.

    Returns
    -------
    dict
        Sides by tensor name; 0 for an axis that cannot be inferred.

    Raises
    ------
    NetworkError
        The graph does not take this size, and `strict` is set.
    """
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.value_info[:]
    for output in fixed.graph.output:
        output.type.tensor_type.ClearField("shape")
    for info in fixed.graph.input:
        if info.name == contract.INPUT:
            shape = [1, 3, side, side]
            info.CopyFrom(helper.make_tensor_value_info(info.name, TensorProto.FLOAT, shape))
    try:
        graph = onnx.shape_inference.infer_shapes(fixed, data_prop=True, strict_mode=strict).graph
    except onnx.shape_inference.InferenceError as error:
        reason = str(error).splitlines()[0]
        raise NetworkError(f"The network does not take {side} px: {reason}") from error
    shapes = {
        info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in [*graph.input, *graph.value_info, *graph.output]
    }
    return shapes | {tensor.name: list(tensor.dims) for tensor in graph.initializer}


def _fits(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> bool:
    """Tell whether the window of a convolution or pool fits into its padded input."""
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if given.get("auto_pad", b"NOTSET").startswith(b"SAME"):
        return True
    sides = shapes.get(node.input[0], [])[2:]
    kernel = given.get("kernel_shape") or shapes[node.input[1]][2:]
    pads = given.get("pads") or [0] * (2 * len(sides))
    dilations = given.get("dilations") or [1] * len(sides)
    return all(
        side + pads[axis] + pads[axis + len(sides)] > (kernel[axis] - 1) * dilations[axis]
        for axis, side in enumerate(sides)
        if side
    )


def _without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Turn large weights into inputs of the same shape, so that inference need not copy them."""
    outline = onnx.ModelProto()
    outline.CopyFrom(model)
    del outline.graph.initializer[:]
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) <= SMALL:
            outline.graph.initializer.append(tensor)
            continue
        info = helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        outline.graph.input.append(info)
    return outline
