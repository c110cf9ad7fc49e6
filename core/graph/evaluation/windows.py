"""Sizes of what convolutions and pools compute, as ONNX Runtime computes them.

Unlike onnx's shape inference, they round down where the specification does, and so find empty maps;
and a last window in ceil_mode that would start in the padding behind is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from dreamlayer.core.graph.evaluation.tensor import Call, Shape, UnfitError, checked


def conv(call: Call) -> Shape:
    """Conv, and ConvInteger."""
    return _convolved(call, call.shape(0), call.shape(1))


def quantized_conv(call: Call) -> Shape:
    """QLinearConv, whose weights are its fourth input."""
    return _convolved(call, call.shape(0), call.shape(3))


def deform_conv(call: Call) -> Shape:
    """DeformConv."""
    return _convolved(call, call.shape(0), call.shape(1))


def _convolved(call: Call, x: Shape, weights: Shape) -> Shape:
    group = int(call.attributes.get("group", 1))
    if len(x) < 3 or len(x) != len(weights):
        raise UnfitError(f"reads {len(x)} axes with weights of {len(weights)}")
    if group < 1 or x[1] != weights[1] * group or weights[0] % group:
        raise UnfitError(f"reads {x[1]} channels with weights for {weights[1]} × {group}")
    kernel = _kernel(call, weights[2:])
    return x[0], weights[0], *_slid(call, x[2:], kernel)


def _kernel(call: Call, sizes: Shape) -> list[int]:
    given = call.attributes.get("kernel_shape")
    if given is not None and tuple(given) != sizes:
        raise UnfitError(f"has a kernel_shape that is not that of its weights, {list(sizes)}")
    return list(sizes)


def pool(call: Call) -> list[Shape]:
    """MaxPool, AveragePool and LpPool; all outputs have one shape."""
    x = call.shape()
    if len(x) < 3:
        raise UnfitError(f"reads {len(x)} axes")
    kernel = checked(call.attributes["kernel_shape"], "kernel_shape", len(x) - 2)
    return [(*x[:2], *_slid(call, x[2:], kernel, pools=True))] * call.count


def global_pool(call: Call) -> Shape:
    """GlobalAveragePool, GlobalMaxPool and GlobalLpPool."""
    x = call.shape()
    if len(x) < 3 or 0 in x:
        raise UnfitError(f"reads a map of sizes {list(x)}")
    return *x[:2], *(1 for _ in x[2:])


def _slid(
    call: Call, sizes: Sequence[int], kernel: Sequence[int], *, pools: bool = False
) -> list[int]:
    """The numbers of positions of a window along each axis."""
    axes = len(sizes)
    strides, dilations = call.sides("strides", axes, 1), call.sides("dilations", axes, 1)
    mode, pads = call.attributes.get("auto_pad", "NOTSET"), [0] * (2 * axes)
    if mode == "NOTSET":
        pads = call.sides("pads", 2 * axes, 0)
    if min([*strides, *dilations, *kernel]) < 1 or min(pads) < 0:
        raise UnfitError("has kernel, strides, dilations or pads out of range")
    rounds_up = pools and bool(call.attributes.get("ceil_mode", 0))
    found = []
    for axis, size in enumerate(sizes):
        stride, extent = strides[axis], (kernel[axis] - 1) * dilations[axis] + 1
        begin, padding = pads[axis], pads[axis] + pads[axis + axes]
        if mode.startswith("SAME"):
            # ONNX Runtime pads pools as if they had no dilation.
            width = kernel[axis] if pools else extent
            padding = (-(-size // stride) - 1) * stride + width - size
            begin = padding - padding // 2 if mode == "SAME_LOWER" else padding // 2
        free = size + padding - extent
        count = -(-free // stride) + 1 if rounds_up else free // stride + 1
        if rounds_up and (count - 1) * stride >= size + begin:
            count -= 1
        if size < 1 or count < 1:
            raise UnfitError(f"has a window of {extent}, which does not fit into {size}")
        found.append(count)
    return found


def conv_transpose(call: Call) -> Shape:
    """ConvTranspose, the output_shape included."""
    x, weights = call.shape(0), call.shape(1)
    axes = len(x) - 2
    group = int(call.attributes.get("group", 1))
    if axes < 1 or len(weights) != len(x) or group < 1 or x[1] != weights[0]:
        raise UnfitError(f"reads sizes {list(x)} with weights of {list(weights)}")
    if 0 in x:
        raise UnfitError("reads an empty map")
    given = call.attributes.get("output_shape")
    if given:
        return x[0], weights[1] * group, *checked(given[-axes:], "output_shape", axes)
    kernel = _kernel(call, weights[2:])
    strides, dilations = call.sides("strides", axes, 1), call.sides("dilations", axes, 1)
    added = call.sides("output_padding", axes, 0)
    mode, pads = call.attributes.get("auto_pad", "NOTSET"), [0] * (2 * axes)
    if mode == "NOTSET":
        pads = call.sides("pads", 2 * axes, 0)
    found = []
    for axis, size in enumerate(x[2:]):
        extent = (kernel[axis] - 1) * dilations[axis] + 1
        whole = strides[axis] * (size - 1) + added[axis] + extent
        if mode.startswith("SAME"):
            whole = min(whole, size * strides[axis])
        count = whole - pads[axis] - pads[axis + axes]
        if count < 1:
            raise UnfitError("crops all that it computes")
        found.append(count)
    return x[0], weights[1] * group, *found


def max_unpool(call: Call) -> Shape:
    """MaxUnpool."""
    x = call.shape()
    if call.has(2):
        return tuple(call.numbers(2) or ())
    axes = len(x) - 2
    kernel = checked(call.attributes["kernel_shape"], "kernel_shape", axes)
    strides, pads = call.sides("strides", axes, 1), call.sides("pads", 2 * axes, 0)
    sizes = (
        (size - 1) * strides[axis] + kernel[axis] - pads[axis] - pads[axis + axes]
        for axis, size in enumerate(x[2:])
    )
    return *x[:2], *sizes


def roi(call: Call) -> Shape:
    """MaxRoiPool and RoiAlign: a map of a fixed size for each region."""
    x, regions = call.shape(0), call.shape(1)
    if "pooled_shape" in call.attributes:
        return regions[0], x[1], *checked(call.attributes["pooled_shape"], "pooled_shape", 2)
    sizes = [int(call.attributes.get(f"output_{side}", 1)) for side in ("height", "width")]
    return regions[0], x[1], *sizes
