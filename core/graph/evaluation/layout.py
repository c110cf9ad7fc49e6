"""Sizes of what operators compute that move elements: reshape, cut, join, repeat, resample."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dreamlayer.core.graph.evaluation.tensor import (
    LARGEST_INT,
    Array,
    Call,
    Shape,
    UnfitError,
    axes_of,
    axis_of,
    broadcast,
)


def reshape(call: Call) -> Shape:
    """Reshape: 0 copies a size, and -1 is computed."""
    target = call.numbers(1, "shape")
    if target is None:
        raise UnfitError("lacks a shape")
    if call.tensor().shape is None and all(size > 0 for size in target):
        return tuple(target)
    x = call.shape()
    keeps_zeros = bool(call.attributes.get("allowzero", 0))
    found = list(target)
    for axis, size in enumerate(target):
        if size == 0 and not keeps_zeros:
            if axis >= len(x):
                raise UnfitError(f"copies axis {axis} of {len(x)}")
            found[axis] = x[axis]
    elements = math.prod(x)
    if found.count(-1) == 1:
        others = -math.prod(found)
        if others == 0 or elements % others:
            raise UnfitError(f"reshapes {list(x)} to {target}")
        found[found.index(-1)] = elements // others
    if min(found, default=0) < 0 or math.prod(found) != elements:
        raise UnfitError(f"reshapes {list(x)} to {target}")
    return tuple(found)


def flatten(call: Call) -> Shape:
    """Flatten."""
    x = call.shape()
    axis = int(call.attributes.get("axis", 1))
    if not -len(x) <= axis <= len(x):
        raise UnfitError(f"has axis {axis}, but its input has {len(x)} axes")
    axis += len(x) if axis < 0 else 0
    return math.prod(x[:axis]), math.prod(x[axis:])


def transpose(call: Call) -> Shape:
    """Transpose."""
    x = call.shape()
    order = call.attributes.get("perm")
    if order is None:
        return x[::-1]
    if sorted(order) != list(range(len(x))):
        raise UnfitError(f"permutes {len(x)} axes by {list(order)}")
    return tuple(x[axis] for axis in order)


def squeeze(call: Call) -> Shape:
    """Squeeze; without axes, all of size 1."""
    x, axes = call.shape(), call.numbers(1, "axes")
    if axes is None:
        return tuple(size for size in x if size != 1)
    gone = axes_of(axes, len(x))
    if any(x[axis] != 1 for axis in gone):
        raise UnfitError(f"removes axes {gone} of sizes {list(x)}")
    return tuple(size for axis, size in enumerate(x) if axis not in gone)


def unsqueeze(call: Call) -> Shape:
    """Unsqueeze."""
    x, axes = call.shape(), call.numbers(1, "axes") or []
    new = axes_of(axes, len(x) + len(axes))
    sizes = iter(x)
    return tuple(1 if axis in new else next(sizes) for axis in range(len(x) + len(axes)))


def concat(call: Call) -> Shape:
    """Concat."""
    shapes = [call.shape(place) for place in range(len(call.inputs))]
    axis = axis_of(int(call.attributes.get("axis", 1)), len(shapes[0]))
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(rest) > 1 or any(len(shape) != len(shapes[0]) for shape in shapes):
        raise UnfitError(f"joins sizes {' and '.join(str(list(s)) for s in shapes[:4])}")
    return *shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :]


def split(call: Call) -> list[Shape]:
    """Split: by sizes, or into as many parts as there are outputs, the last of which is less."""
    x = call.shape()
    axis = axis_of(int(call.attributes.get("axis", 0)), len(x))
    sizes = call.numbers(1, "split")
    if sizes is None:
        parts = int(call.attributes.get("num_outputs", call.count))
        if parts < 1 or parts != call.count:
            raise UnfitError(f"splits into {parts} parts, but has {call.count} outputs")
        size = -(-x[axis] // parts)
        sizes = [size] * (parts - 1) + [x[axis] - size * (parts - 1)]
    if sum(sizes) != x[axis] or min(sizes, default=0) < 0 or len(sizes) != call.count:
        raise UnfitError(f"splits {x[axis]} into {sizes[:8]}")
    return [(*x[:axis], size, *x[axis + 1 :]) for size in sizes]


def slices(call: Call) -> list[slice]:
    """What a Slice takes along each axis; negative ends are counted from behind."""
    x = call.shape()
    starts, ends = call.numbers(1, "starts"), call.numbers(2, "ends")
    if starts is None or ends is None or len(starts) != len(ends):
        raise UnfitError("lacks starts or ends")
    axes = call.numbers(3, "axes")
    axes = list(range(len(starts))) if axes is None else axes
    steps = call.numbers(4)
    steps = [1] * len(starts) if steps is None else steps
    found = [slice(None)] * len(x)
    for axis, start, end, step in zip(axes_of(axes, len(x)), starts, ends, steps, strict=True):
        if step == 0:
            raise UnfitError("has a step of 0")
        size = x[axis]
        first = start + size if start < 0 else start
        last = end + size if end < 0 else end
        if step > 0:
            found[axis] = slice(min(max(first, 0), size), min(max(last, 0), size), step)
        else:
            last = min(max(last, -1), size)
            first = min(max(first, -1), size - 1)
            found[axis] = slice(first, None if last == -1 else last, step)
            if first == -1:
                found[axis] = slice(0, 0, 1)
    return found


def cut(call: Call) -> Shape:
    """Slice."""
    x = call.shape()
    return tuple(
        len(range(*part.indices(size))) for part, size in zip(slices(call), x, strict=True)
    )


def gather(call: Call) -> Shape:
    """Gather."""
    x, indices = call.shape(0), call.shape(1)
    axis = axis_of(int(call.attributes.get("axis", 0)), len(x))
    return *x[:axis], *indices, *x[axis + 1 :]


def gather_elements(call: Call) -> Shape:
    """GatherElements: the shape of the indices."""
    return call.shape(1)


def gather_nd(call: Call) -> Shape:
    """GatherND."""
    x, indices = call.shape(0), call.shape(1)
    batch = int(call.attributes.get("batch_dims", 0))
    if not indices or not 0 < batch + indices[-1] <= len(x):
        raise UnfitError(f"gathers from {list(x)} by indices of {list(indices)}")
    return *indices[:-1], *x[batch + indices[-1] :]


def expand(call: Call) -> Shape:
    """Expand: both broadcast."""
    target = call.numbers(1)
    return broadcast([call.shape(), tuple(_sizes(target or []))])


def tile(call: Call) -> Shape:
    """Tile."""
    x, repeats = call.shape(), call.numbers(1) or []
    if len(repeats) != len(x) or min(repeats, default=0) < 0:
        raise UnfitError(f"repeats {list(x)} by {repeats[:8]}")
    return tuple(size * times for size, times in zip(x, repeats, strict=True))


def pad(call: Call) -> Shape:
    """Pad; negative pads crop."""
    x = call.shape()
    pads = call.numbers(1, "pads" if "pads" in call.attributes else "paddings")
    axes = call.numbers(3)
    axes = list(range(len(x))) if axes is None else axes_of(axes, len(x))
    if pads is None or len(pads) != 2 * len(axes):
        raise UnfitError(f"has {len(pads or [])} pads for {len(axes)} axes")
    found = list(x)
    reflects = call.attributes.get("mode", "constant") == "reflect"
    for place, axis in enumerate(axes):
        before, after = pads[place], pads[place + len(axes)]
        found[axis] += before + after
        if reflects and max(before, after) > 0 and max(before, after) >= x[axis]:
            raise UnfitError(f"reflects {max(before, after)} of {x[axis]} positions")
    return tuple(_sizes(found))


def resize(call: Call) -> Shape:
    """Resize and Upsample: to sizes, or by factors in float32, rounded down."""
    x = call.shape()
    scales_at = 1 if call.step.op == "Upsample" or call.step.opset < 11 else 2
    axes = call.attributes.get("axes")
    axes = list(range(len(x))) if axes is None else axes_of(axes, len(x))
    found = list(x)
    sizes = call.numbers(3) if scales_at == 2 else None
    if sizes:
        chosen = _kept_aspect(call, [x[axis] for axis in axes], sizes)
        for axis, size in zip(axes, chosen, strict=True):
            found[axis] = size
        return tuple(_sizes(found))
    if call.has(scales_at):
        scales = call.value(scales_at).reshape(-1)
    else:
        scales = np.array(call.attributes["scales"], np.float32)
    for axis, scale in zip(axes, scales, strict=True):
        if not 0 < float(scale) < LARGEST_INT:
            raise UnfitError(f"scales by {float(scale):g}")
        found[axis] = math.floor(np.float32(scale) * np.float32(x[axis]))
    if call.attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        found = _cropped(call, x, axes, scales)
    return tuple(_sizes(found))


def _kept_aspect(call: Call, old: Sequence[int], new: Sequence[int]) -> list[int]:
    """The sizes, changed where the aspect ratio is to be kept."""
    policy = call.attributes.get("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return list(new)
    factors = [np.float32(b) / np.float32(a) for a, b in zip(old, new, strict=True)]
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [math.floor(np.float32(factor) * np.float32(size) + 0.5) for size in old]


def _cropped(call: Call, x: Shape, axes: Sequence[int], scales: Array) -> list[int]:
    """Sizes by factors of the part of the input that `roi` names."""
    roi = call.value(1).reshape(-1)
    found = list(x)
    for place, axis in enumerate(axes):
        share = np.float32(roi[place + len(axes)]) - np.float32(roi[place])
        found[axis] = math.floor(
            np.float32(scales[place]) * np.float32(share * np.float32(x[axis]))
        )
    return found


def _sizes(numbers: Sequence[int]) -> Sequence[int]:
    if min(numbers, default=0) < 0:
        raise UnfitError(f"would make sizes of {list(numbers)[:8]}")
    return numbers


def depth_to_space(call: Call) -> Shape:
    """DepthToSpace."""
    batch, channels, height, width = call.shape()
    side = int(call.attributes["blocksize"])
    if side < 1 or channels % side**2:
        raise UnfitError(f"divides {channels} channels into blocks of {side} × {side}")
    return batch, channels // side**2, height * side, width * side


def space_to_depth(call: Call) -> Shape:
    """SpaceToDepth."""
    batch, channels, height, width = call.shape()
    side = int(call.attributes["blocksize"])
    if side < 1 or height % side or width % side:
        raise UnfitError(f"divides {height} × {width} into blocks of {side}")
    return batch, channels * side**2, height // side, width // side


def col2im(call: Call) -> Shape:
    """Col2Im."""
    x, image, block = call.shape(), call.numbers(1) or [], call.numbers(2) or []
    elements = math.prod(block)
    if len(x) != 3 or elements < 1 or x[1] % elements:
        raise UnfitError(f"makes blocks of {block} from {list(x)}")
    return x[0], x[1] // elements, *_sizes(image)


def center_crop_pad(call: Call) -> Shape:
    """CenterCropPad."""
    x, sizes = call.shape(), call.numbers(1) or []
    axes = call.attributes.get("axes")
    axes = list(range(len(x))) if axes is None else axes_of(axes, len(x))
    found = list(x)
    for axis, size in zip(axes, sizes, strict=True):
        found[axis] = size
    return tuple(_sizes(found))


def grid_sample(call: Call) -> Shape:
    """GridSample: the positions of the grid."""
    x, grid = call.shape(0), call.shape(1)
    if len(x) != len(grid) or len(x) < 3:
        raise UnfitError(f"samples {list(x)} by a grid of {list(grid)}")
    return *x[:2], *grid[1:-1]
