"""Gradient rules of convolutions with respect to their input: the transposed operator of `g`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.autodiff.rules.window import Window, coverage, cropped, kernel_extent, window
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import (
    cast,
    joined,
    padded,
    permute,
    sizes,
)

_LOWEST = -3e38
_LOWEST_HALF = -65504.0
"""Lower bounds of weights, finite in bfloat16 and in float16."""

KernelOf = Callable[[Value], Value]


def kernel_shape(attrs: Attrs, w: Value) -> list[int] | None:
    """The spatial sizes of a kernel, if they are known; they are unless it is computed."""
    found = attrs.get("kernel_shape") or [w.static(axis) for axis in range(2, w.rank)]
    return None if None in found else list(found)


def transposed_kernel(w: Value, groups: int) -> Value:
    """Kernels [out, in / groups, ...] with in and out swapped and all spatial axes reversed."""
    graph, rank = w.graph, w.rank
    spatial = list(range(2, rank))
    if groups == 1:
        swapped = permute(w, [1, 0, *spatial])
    else:
        tail, outs = sizes(w, 2), sizes(w, 0, 1) / graph.ints(groups)
        split = joined(graph.ints(groups), outs, sizes(w, 1))
        order = [0, 2, 1, *[a + 1 for a in spatial]]
        apart = permute(graph.emit("Reshape", w, split), order)
        whole = joined(graph.ints(groups) * sizes(w, 1, 2), outs, tail)
        swapped = graph.emit("Reshape", apart, whole)
    if all(w.static(a) == 1 for a in spatial):
        return swapped
    n = len(spatial)
    return graph.emit(
        "Slice",
        swapped,
        graph.ints(*[-1] * n),
        graph.ints(*[-(2**31)] * n),
        graph.ints(*spatial),
        graph.ints(*[-1] * n),
    )


def shared_kernel(w: Value) -> Value:
    """The kernel itself, read in both directions."""
    return w


def own_kernel(w: Value) -> Value:
    """A copy of the kernel.

    It is a maximum with a lower bound: runtimes evaluate it once, and do not optimize it away.
    """
    lowest = _LOWEST_HALF if w.dtype == TensorProto.FLOAT16 else _LOWEST
    return w.graph.emit("Max", w, w.graph.like(w, lowest))


def conv_input(
    g: Value,
    ans: Value,
    x: Inputs,
    attrs: Attrs,
    kernel_of: KernelOf = shared_kernel,
    spread: bool = False,
) -> Value:
    """At stride 1 a convolution with transposed kernels, else a transposed convolution.

    Conv stays in ONNX Runtime's blocked layout, ConvTranspose does not. The latter's kernel is
    `kernel_of` the convolution's. With `spread`, strides of depthwise and pointwise convolutions
    put zeros between the elements of `g`, before or after a convolution at stride 1: ONNX Runtime's
    transposed convolution runs depthwise ones channel by channel.
    """
    graph, image, w = g.graph, x[0], x[1]
    kernel = kernel_shape(attrs, w)
    groups = attrs.get("group", 1)
    if kernel is None:
        return _input_of_any_kernel(g, ans, x, attrs)
    win = window(attrs, kernel, image, ans)
    n, channels = win.axes, image.static(1)
    flipped = _flipped_pads(win)
    if flipped is not None and all(s == 1 for s in win.strides):
        return _transposed_convolution(g, w, groups, win, flipped)
    spare = _output_padding(win, image, ans)
    if spread and flipped is not None and channels is not None:
        if max(kernel) == 1:
            small = _transposed_convolution(g, w, groups, win, flipped)
            return _spread(small, channels, image, win, spare)
        if groups == channels == w.static(0):
            apart = _spread(g, channels, image, win, spare)
            return _transposed_convolution(apart, w, groups, win, flipped)
    w = kernel_of(w)
    common = {
        "dilations": win.dilations,
        "group": groups,
        "kernel_shape": win.kernel,
        "strides": win.strides,
    }
    if spare is not None:
        return graph.emit("ConvTranspose", g, w, pads=win.pads, output_padding=spare, **common)
    full = graph.emit("ConvTranspose", g, w, pads=[0] * 2 * n, **common)
    return cropped(full, ans, image, win)


def _input_of_any_kernel(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The transposed convolution, cropped by numbers that are computed."""
    graph, image = g.graph, x[0]
    begin, covered = coverage(attrs, image, x[1], ans)
    given = {key: attrs[key] for key in ("dilations", "group", "strides") if key in attrs}
    full = graph.emit("ConvTranspose", g, x[1], **given)
    none = graph.ints(0, 0)
    pads = joined(none, -begin, none, sizes(image, 2) - covered + begin)
    return padded(full, pads)


def _spread(g: Value, channels: int, x: Value, win: Window, spare: list[int] | None) -> Value:
    """Put zeros between the elements, stride - 1 along each axis, and `spare` ones behind.

    With unknown sizes, as many as remain of the padded input `x` less the windows' extent.
    """
    graph, n = g.graph, win.axes
    ones = graph.constant(np.ones((channels, *[1] * (n + 1)), np.float32))
    apart = graph.emit(
        "ConvTranspose",
        g,
        cast(ones, g.dtype),
        group=channels,
        kernel_shape=[1] * n,
        output_padding=[s - 1 for s in win.strides] if spare is None else spare,
        strides=win.strides,
    )
    if spare is not None:
        return apart
    assert win.pads is not None
    pads, none = win.pads, graph.ints(*[0] * n)
    added = [pads[i] + pads[i + n] - k + 1 for i, k in enumerate(win.extent)]
    length = sizes(x, 2) + graph.ints(*added)
    return graph.emit("Slice", apart, none, length, graph.ints(*range(2, n + 2)))


def _flipped_pads(win: Window) -> list[int] | None:
    """The padding with which a convolution undoes a window's; None if it would have to crop."""
    if win.pads is None:
        return None
    flipped = [k - 1 - p for k, p in zip(win.extent * 2, win.pads, strict=True)]
    return flipped if min(flipped) >= 0 else None


def _transposed_convolution(g: Value, w: Value, groups: int, win: Window, pads: list[int]) -> Value:
    """The convolution at stride 1 with transposed kernels."""
    return g.graph.emit(
        "Conv",
        g,
        transposed_kernel(w, groups),
        dilations=win.dilations,
        group=groups,
        kernel_shape=win.kernel,
        pads=pads,
        strides=[1] * win.axes,
    )


def _output_padding(win: Window, x: Value, y: Value) -> list[int] | None:
    """The output_padding with which ConvTranspose yields exactly the size of `x`, if known."""
    if win.pads is None:
        return None
    spare = []
    for i, (k, s) in enumerate(zip(win.extent, win.strides, strict=True)):
        size, out = x.static(i + 2), y.static(i + 2)
        if size is None or out is None:
            return None
        spare.append(size + win.pads[i] + win.pads[i + win.axes] - k - (out - 1) * s)
    # By the operator's definition, output padding must be less than the stride.
    fits = all(0 <= r < s for r, s in zip(spare, win.strides, strict=True))
    return spare if fits else None


def conv_transpose_input(
    g: Value, ans: Value, x: Inputs, attrs: Attrs, kernel_of: KernelOf = shared_kernel
) -> Value:
    """The convolution that this is the transpose of, over `g` padded to the full output."""
    full, strides, dilations = transposed_output(g, ans, x, attrs)
    return g.graph.emit(
        "Conv",
        full,
        kernel_of(x[1]),
        dilations=dilations,
        group=attrs.get("group", 1),
        kernel_shape=kernel_shape(attrs, x[1]),
        strides=strides,
    )


def transposed_output(
    g: Value, ans: Value, x: Inputs, attrs: Attrs
) -> tuple[Value, list[int], list[int]]:
    """`g` padded to the full output of a ConvTranspose, with its strides and dilations."""
    graph, image = g.graph, x[0]
    ones = [1] * (x[1].rank - 2)
    strides, dilations = (list(attrs.get(key, ones)) for key in ("strides", "dilations"))
    extent = kernel_extent(attrs, x[1])
    begin = _transpose_begin(attrs, extent, strides, image, ans)
    covered = (sizes(image, 2) - graph.ints(1)) * graph.ints(*strides) + extent
    none = graph.ints(0, 0)
    pads = joined(none, begin, none, covered - begin - sizes(ans, 2))
    return padded(g, pads), strides, dilations


def _transpose_begin(attrs: Attrs, extent: Value, strides: list[int], x: Value, y: Value) -> Value:
    """How much ConvTranspose crops before each spatial axis, by the ONNX specification."""
    graph, n = x.graph, len(strides)
    mode = attrs.get("auto_pad", "NOTSET")
    if not mode.startswith("SAME") and "output_shape" not in attrs:
        pads = [0] * 2 * n if mode == "VALID" else attrs.get("pads", [0] * 2 * n)
        return graph.ints(*pads[:n])
    spare = graph.ints(*attrs.get("output_padding", [0] * n))
    steps = (sizes(x, 2) - graph.ints(1)) * graph.ints(*strides)
    cut = graph.emit("Max", steps + spare + extent - sizes(y, 2), graph.ints(0))
    half = cut / graph.ints(2)
    return half if mode == "SAME_UPPER" else cut - half
