"""The gradient rule of Resize, which is linear and separable: y = A x B', so dx = A' g B.

A' and B' are computed by resizing identity matrices with the same attributes, exactly as the
runtime interpolates, in every mode.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import filled, joined, known, permute, reshape, sizes

_STRETCH = "stretch"
_CROP = "tf_crop_and_resize"


def unclear_sizes(attrs: Attrs) -> str | None:
    """Why a Resize is refused, if it is."""
    policy = attrs.get("keep_aspect_ratio_policy", _STRETCH)
    if policy == _STRETCH or len(attrs.get("axes") or ()) == 2:
        return None
    return (
        "keep_aspect_ratio_policy has a gradient for two axes only, those that the attribute axes "
        "names; export it with plain sizes"
    )


def resize(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    image = x[0]
    scales = x[2] if len(x) > 2 and known_size(x[2]) != 0 else None
    axes = [a % image.rank for a in attrs.get("axes") or range(image.rank)]
    crops = attrs.get("coordinate_transformation_mode") == _CROP
    fixed = known(scales)
    for position, axis in enumerate(axes):
        size, result = (None if t.dims is None else t.dims[axis] for t in (image, ans))
        same_size = scales is None and size is not None and size == result
        if not crops and (same_size or (fixed is not None and fixed[position] == 1)):
            continue
        matrix = _matrix(x, scales, attrs, axes, position)
        order = [a for a in range(image.rank) if a != axis] + [axis]
        moved = g.graph.emit("MatMul", permute(g, order), permute(matrix, [1, 0]))
        g = permute(moved, [int(i) for i in np.argsort(order)])
    return g


def _matrix(x: Inputs, scales: Value | None, attrs: Attrs, axes: list[int], position: int) -> Value:
    """The transposed matrix of one axis, [elements, resized elements]."""
    image, axis = x[0], axes[position]
    graph, unit = image.graph, image.graph.ints(1)
    apart = ("axes", "keep_aspect_ratio_policy", "extrapolation_value")
    options: dict[str, Any] = {k: v for k, v in attrs.items() if k not in apart}
    count = sizes(image, axis, axis + 1)
    eye = graph.emit("EyeLike", filled(joined(count, count), 0, image.dtype))
    if attrs.get("keep_aspect_ratio_policy", _STRETCH) != _STRETCH:
        # The size of one axis depends on the other's: both are resized, one of them uniform.
        other = axes[1 - position]
        length = sizes(image, other, other + 1)
        plane = joined(count, unit, *((count, length) if position == 0 else (length, count)))
        rows = [1, 1, 1, 1]
        rows[0], rows[position + 2] = 0, -1
        copies = graph.emit("Expand", reshape(eye, *rows), plane)
        policy = attrs["keep_aspect_ratio_policy"]
        options |= {"axes": [2, 3], "keep_aspect_ratio_policy": policy}
        resized = graph.emit("Resize", copies, None, None, x[3], **options)
        first = graph.emit("Gather", resized, graph.constant(np.int64(0)), axis=3 - position)
        return reshape(first, 0, -1)
    basis = graph.emit("Reshape", eye, joined(unit, count, count, unit))
    region = _region(x, options, len(axes), position)
    if scales is not None:
        one = graph.constant(np.ones(1, np.float32))
        own = graph.emit("Gather", scales, graph.ints(position))
        resized = graph.emit("Resize", basis, region, joined(one, one, own, one), **options)
    else:
        own = graph.emit("Gather", x[3], graph.ints(position))
        target = joined(unit, count, own, unit)
        resized = graph.emit("Resize", basis, region, None, target, **options)
    return graph.emit("Reshape", resized, joined(count, graph.ints(-1)))


def _region(x: Inputs, options: Attrs, axes: int, position: int) -> Value | None:
    """The part of one axis that is cropped, as the region of a basis; None if none is."""
    if options.get("coordinate_transformation_mode") != _CROP:
        return None
    graph, region = x[0].graph, x[1]
    start, end = (graph.emit("Gather", region, graph.ints(position + k)) for k in (0, axes))
    kind = np.float64 if region.dtype == TensorProto.DOUBLE else np.float32
    none, whole = graph.constant(np.zeros(1, kind)), graph.constant(np.ones(1, kind))
    return joined(none, none, start, none, whole, whole, end, whole)


def known_size(x: Value | None) -> int | None:
    """The number of elements of an optional vector input; 0 if it was left out."""
    return 0 if x is None else x.static(0)
