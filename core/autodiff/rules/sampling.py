"""Operators that sample a map at computed positions, written out as gathers and weights.

Their gradients, with respect to the map and to the positions, are those of what they consist of
(`rules.rule.Composite`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from dreamlayer.core.autodiff.rules.linear import kernel_shape
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.errors import UnsupportedOperatorError, shown
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    cast,
    expand_like,
    joined,
    permute,
    reshape,
    sizes,
    where,
)

_CUBIC = -0.75
"""The parameter of cubic interpolation in GridSample (Keys 1981)."""


def grid_sample(x: Inputs, attrs: Attrs) -> list[Value]:
    """GridSample: the grid has positions from -1 to 1, the last axis of the map first."""
    image, grid = x[0], cast(x[1], x[0].dtype)
    n = image.rank - 2
    aligned = bool(attrs.get("align_corners", 0))
    mode = attrs.get("mode", "linear").removeprefix("bi")
    padding = attrs.get("padding_mode", "zeros")
    graph = image.graph
    positions = []
    for axis in range(n):
        own = graph.emit("Gather", grid, graph.ints(n - 1 - axis), axis=-1)
        size = cast(sizes(image, axis + 2, axis + 3), image.dtype)
        half = (own + 1.0) * 0.5
        at = half * (size - 1.0) if aligned else half * size - 0.5
        positions.append(reshape(at, 0, -1))
    sampled = _sampled(image, positions, _Edges(padding, aligned), mode)
    places = sizes(grid, 1, n + 1)
    return [graph.emit("Reshape", sampled, joined(graph.ints(0, 0), places))]


def affine_grid(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """AffineGrid is linear: the grid of the identity, and ones, times the matrices."""
    graph, theta = g.graph, x[0]
    n = ans.rank - 2
    unit = graph.constant(np.eye(n, n + 1)[None].astype(np.float32))
    single = joined(graph.ints(1), graph.emit("Slice", x[1], graph.ints(1), graph.ints(2**31)))
    grid = graph.emit("AffineGrid", cast(unit, theta.dtype), single, **attrs)
    ones = graph.emit("Slice", grid, graph.ints(0), graph.ints(1), graph.ints(-1)) * 0.0 + 1.0
    base = reshape(graph.emit("Concat", grid, ones, axis=-1), -1, n + 1)
    flat = permute(reshape(g, 0, -1, n), [0, 2, 1])
    return graph.emit("MatMul", flat, base)


class _Edges:
    """What lies beyond the edges of a map: zeros, the edge's elements, or the map mirrored."""

    def __init__(self, padding: str, aligned: bool) -> None:
        self._padding, self._aligned = padding, aligned

    def bounded(self, at: Value, size: Value) -> Value:
        """Positions along an axis, brought into the map, or as they are where that has zeros."""
        if self._padding == "zeros":
            return at
        if self._padding == "reflection":
            at = self._mirrored(at, size)
        return _between(at, size)

    def inside(self, index: Value, size: Value) -> Value | None:
        """1 where there is an element with this index, else 0; None where there always is."""
        if self._padding != "zeros":
            return None
        graph = index.graph
        valid = graph.emit("And", index >= 0.0, index < size)
        return cast(valid, index.dtype)

    def _mirrored(self, at: Value, size: Value) -> Value:
        low = 0.0 if self._aligned else -0.5
        span = size - 1.0 if self._aligned else size
        # A map of one element that is aligned has no extent.
        span = where(span > 0, span, 1.0)
        turns = at.graph.emit("Mod", abs_of(at - low), span + span, fmod=1)
        return span - abs_of(turns - span) + low


def abs_of(x: Value) -> Value:
    """The absolute value."""
    return x.graph.emit("Abs", x)


def _between(at: Value, size: Value) -> Value:
    """Positions clipped to 0 and size - 1."""
    last = size - 1.0
    low = where(at < 0, at * 0.0, at)
    return where(low > last, expand_like(last, low), low)


def _sampled(image: Value, positions: Sequence[Value], edges: _Edges, mode: str) -> Value:
    """Interpolate [batch, channels, ...] at positions [batch, points], one tensor for each axis.

    Returns
    -------
    Value
        [batch, channels, points].
    """
    graph, n = image.graph, len(positions)
    extents = [cast(sizes(image, axis + 2, axis + 3), image.dtype) for axis in range(n)]
    # Bilinear positions are bounded as a whole, cubic ones tap by tap.
    if mode != "cubic":
        pairs = zip(positions, extents, strict=True)
        positions = [edges.bounded(at, size) for at, size in pairs]
    taps = [_taps(at, mode) for at in positions]
    channels_last = permute(image, [0, *range(2, n + 2), 1])
    table = graph.emit("Reshape", channels_last, joined(graph.ints(-1), sizes(image, 1, 2)))
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    batch = graph.emit("Range", zero, graph.emit("Squeeze", sizes(image, 0, 1)), one)
    found: Value | None = None
    for tap in product(*taps):
        row, weight = reshape(batch, -1, 1), None
        for axis, (index, share) in enumerate(tap):
            valid = edges.inside(index, extents[axis])
            for factor in (share, valid):
                if factor is not None:
                    weight = factor if weight is None else weight * factor
            whole = cast(_between(edges.bounded(index, extents[axis]), extents[axis]), 7)
            row = row * sizes(image, axis + 2, axis + 3) + whole
        values = graph.emit("Gather", table, reshape(row, -1), axis=0)
        if weight is not None:
            values = values * reshape(weight, -1, 1)
        found = values if found is None else found + values
    assert found is not None
    points = graph.emit("Shape", positions[0])
    split = graph.emit("Reshape", found, joined(points, sizes(image, 1, 2)))
    return permute(split, [0, 2, 1])


def _taps(at: Value, mode: str) -> list[tuple[Value, Value | None]]:
    """The elements next to positions along an axis, as whole numbers, with their weights."""
    graph = at.graph
    if mode == "nearest":
        return [(graph.emit("Round", at), None)]
    low = graph.emit("Floor", at)
    t = at - low
    if mode == "linear":
        return [(low, 1.0 - t), (low + 1.0, t)]
    outer, inner = _CUBIC, _CUBIC + 2.0

    def near(d: Value) -> Value:
        return (inner * d - (_CUBIC + 3.0)) * d * d + 1.0

    def far(d: Value) -> Value:
        return ((outer * d - 5 * outer) * d + 8 * outer) * d - 4 * outer

    weights = far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)
    return [(low + float(k - 1), weight) for k, weight in enumerate(weights)]


def deform_conv(x: Inputs, attrs: Attrs) -> list[Value]:
    """DeformConv: a convolution of samples (Zhu and others 2019, "Deformable ConvNets v2")."""
    image, w, offset = x[:3]
    bias, mask = (x[i] if len(x) > i else None for i in (3, 4))
    graph = image.graph
    kernel = kernel_shape(attrs, w)
    if kernel is None:
        raise UnsupportedOperatorError(
            f"a DeformConv whose kernel {shown(w.name)} has no known size has no gradient rule; "
            f"export the network with constant weights"
        )
    taps = kernel[0] * kernel[1]
    strides, dilations = (attrs.get(key, [1, 1]) for key in ("strides", "dilations"))
    pads, groups = attrs.get("pads", [0] * 4), attrs.get("group", 1)
    shifted = attrs.get("offset_group", 1)
    batch, out = sizes(image, 0, 1), sizes(offset, 2, 4)
    parts = batch * graph.ints(shifted)
    # Channels that are shifted alike are a map of their own.
    maps = graph.emit("Reshape", image, joined(parts, graph.ints(-1), sizes(image, 2, 4)))
    shifts = graph.emit("Reshape", offset, joined(parts, graph.ints(taps, 2), out))
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    positions = []
    for axis in range(2):
        count = graph.emit("Squeeze", sizes(offset, axis + 2, axis + 3))
        starts = graph.emit("Range", zero, count, one) * graph.ints(strides[axis])
        starts = cast(starts - graph.ints(pads[axis]), image.dtype)
        tap = np.indices(kernel)[axis].reshape(1, -1, 1, 1) * dilations[axis]
        tap_at = cast(graph.constant(tap.astype(np.int64)), image.dtype)
        row = [1, 1, 1, 1]
        row[axis + 2] = -1
        own = graph.emit("Gather", shifts, graph.constant(np.int64(axis)), axis=2)
        at = own + tap_at + reshape(starts, *row)
        positions.append(graph.emit("Reshape", at, joined(parts, graph.ints(-1))))
    samples = _sampled(maps, positions, _Edges("zeros", True), "linear")
    # [batch, channels, taps, places], the channels of all maps together again.
    split = joined(batch, sizes(image, 1, 2), graph.ints(taps, -1))
    samples = graph.emit("Reshape", samples, split)
    if mask is not None:
        shares = graph.emit("Reshape", mask, joined(batch, graph.ints(shifted, 1, taps, -1)))
        by_map = joined(batch, graph.ints(shifted, -1, taps), out_places(out))
        weighed = graph.emit("Reshape", samples, by_map) * shares
        samples = graph.emit("Reshape", weighed, split)
    columns = graph.emit("Reshape", samples, joined(batch, graph.ints(groups, -1), out_places(out)))
    kernels = graph.emit("Reshape", w, joined(graph.ints(1, groups), _group_rows(w, groups)))
    result = graph.emit("MatMul", kernels, columns)
    result = graph.emit("Reshape", result, joined(batch, graph.ints(-1), out))
    return [result if bias is None else result + reshape(bias, -1, 1, 1)]


def out_places(out: Value) -> Value:
    """The number of places of a map with these sizes, as a vector."""
    return out.graph.emit("ReduceProd", out, keepdims=1)


def _group_rows(w: Value, groups: int) -> Value:
    """Kernels of each group and numbers of each kernel."""
    return joined(sizes(w, 0, 1) / w.graph.ints(groups), w.graph.ints(-1))


def roi_align(x: Inputs, attrs: Attrs) -> list[Value]:
    """RoiAlign by averages: a product with weights of rows and of columns for each region.

    Samples lie on a grid, so that bilinear weights are products of those along both axes (He and
    others 2017, "Mask R-CNN").
    """
    image, rois, batch = x[:3]
    graph = image.graph
    scaled = cast(rois, image.dtype) * attrs.get("spatial_scale", 1.0)
    centered = attrs.get("coordinate_transformation_mode", "half_pixel") == "half_pixel"
    weights = []
    for axis, (first, bins) in enumerate(
        ((1, attrs.get("output_height", 1)), (0, attrs.get("output_width", 1)))
    ):
        bounds = [graph.emit("Gather", scaled, graph.ints(k), axis=1) for k in (first, first + 2)]
        start, end = ((b - 0.5) if centered else b for b in bounds)
        extent = end - start
        if not centered:
            extent = where(extent < 1.0, extent * 0.0 + 1.0, extent)
        size = cast(sizes(image, axis + 2, axis + 3), image.dtype)
        ratio = attrs.get("sampling_ratio", 0)
        weights.append(_bin_weights(start, extent / float(bins), bins, ratio, size))
    rows, columns = weights
    maps = graph.emit("Gather", image, batch, axis=0)
    one = graph.ints(1)
    left = graph.emit("MatMul", graph.emit("Unsqueeze", rows, one), maps)
    right = permute(columns, [0, 2, 1])
    return [graph.emit("MatMul", left, graph.emit("Unsqueeze", right, one))]


def by_maximum(attrs: Attrs) -> str | None:
    """Why a RoiAlign is refused, if it is."""
    if attrs.get("mode", "avg") == "avg":
        return None
    return "runtimes differ on its mode max; mode avg has a gradient"


def _bin_weights(start: Value, step: Value, bins: int, ratio: int, size: Value) -> Value:
    """The weight of each element along an axis in each bin, [regions, bins, elements].

    `start` and `step`, the extent of a bin, are [regions, 1].
    """
    graph = start.graph
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    column = [reshape(t, -1, 1, 1, 1) for t in (start, step)]
    if ratio > 0:
        counts = graph.like(start, float(ratio))
        numbers = cast(graph.constant(np.arange(ratio).reshape(1, 1, -1, 1)), start.dtype)
    else:
        counts = graph.emit("Ceil", column[1])
        most = cast(graph.emit("ReduceMax", counts, keepdims=0), 7)
        numbers = reshape(cast(graph.emit("Range", zero, most, one), start.dtype), 1, 1, -1, 1)
    bin_numbers = cast(graph.constant(np.arange(bins).reshape(1, -1, 1, 1)), start.dtype)
    at = column[0] + (bin_numbers + (numbers + 0.5) / counts) * column[1]
    apart = graph.emit("Or", at < -1.0, at > size)
    used = cast(graph.emit("Not", apart), start.dtype)
    if ratio <= 0:
        used = used * cast(numbers < counts, start.dtype)
    last = graph.emit("Squeeze", cast(size, 7))
    elements = reshape(cast(graph.emit("Range", zero, last, one), start.dtype), 1, 1, 1, -1)
    near = graph.emit("Relu", 1.0 - abs_of(_between(at, size) - elements))
    return graph.emit("ReduceSum", near * used / counts, graph.ints(2), keepdims=0)
