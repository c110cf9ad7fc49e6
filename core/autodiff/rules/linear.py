"""Gradient rules of Conv and ConvTranspose with respect to their input.

Both are linear in the input, so the gradient is the transposed operator applied to `g`. Names:
k kernel size with dilation counted in, s stride, begin and end the padding of one axis.
"""

from __future__ import annotations

from dataclasses import dataclass

from onnx import TensorProto

from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.autodiff.variants import OWN
from dreamlayer.core.errors import UnsupportedOperatorError
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import joined, padded, permute, reshape, sizes

_LOWEST = -3e38
_LOWEST_HALF = -65504.0
"""Numbers that no weight is below, finite in bfloat16, and in float16."""


@dataclass(frozen=True)
class Window:
    """The geometry of a sliding window over the spatial axes of [batch, channels, ...]."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    pads: list[int] | None
    """[begin..., end...] where they are constants, None for auto_pad over unknown sizes."""
    same_lower: bool

    @property
    def extent(self) -> list[int]:
        """Kernel sizes with dilation counted in."""
        return [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True)]

    @property
    def axes(self) -> int:
        """The number of spatial axes."""
        return len(self.kernel)

    def begin(self, x: Value, y: Value) -> Value:
        """Padding before each spatial axis of the input `x` of output `y`, an int64 vector."""
        graph = x.graph
        if self.pads is not None:
            return graph.ints(*self.pads[: self.axes])
        steps = (sizes(y, 2) - graph.ints(1)) * graph.ints(*self.strides)
        needed = steps + graph.ints(*self.extent) - sizes(x, 2)
        needed = graph.emit("Max", needed, graph.ints(0))
        half = needed / graph.ints(2)
        return needed - half if self.same_lower else half


def window(attrs: Attrs, kernel: list[int], x: Value, y: Value) -> Window:
    """Read strides, dilations and padding of a convolution or pool from `x` to `y`."""
    n = len(kernel)
    strides = list(attrs.get("strides", [1] * n))
    dilations = list(attrs.get("dilations", [1] * n))
    mode = attrs.get("auto_pad", "NOTSET")
    pads: list[int] | None = list(attrs.get("pads", [0] * 2 * n))
    if mode == "VALID":
        pads = [0] * 2 * n
    elif mode.startswith("SAME"):
        begins, ends = [], []
        for i, (k, s, d) in enumerate(zip(kernel, strides, dilations, strict=True)):
            size, out, extent = x.static(i + 2), y.static(i + 2), (k - 1) * d + 1
            if s == 1:
                needed = extent - 1
            elif size is not None and out is not None:
                needed = max((out - 1) * s + extent - size, 0)
            else:
                break
            small = needed // 2
            begins.append(needed - small if mode == "SAME_LOWER" else small)
            ends.append(small if mode == "SAME_LOWER" else needed - small)
        pads = begins + ends if len(begins) == n else None
    return Window(kernel, strides, dilations, pads, mode == "SAME_LOWER")


def _kernel_shape(attrs: Attrs, w: Value) -> list[int]:
    sizes = attrs.get("kernel_shape") or [w.static(axis) for axis in range(2, w.rank)]
    if None in sizes:
        raise UnsupportedOperatorError(
            f"a convolution whose kernel {w.name!r} has no known size has no gradient rule; "
            f"export the network with constant weights"
        )
    return list(sizes)


def transposed_kernel(w: Value, groups: int) -> Value:
    """Kernels [out, in / groups, ...] with in and out swapped and every spatial axis reversed."""
    graph, rank = w.graph, w.rank
    spatial = list(range(2, rank))
    if groups == 1:
        swapped = permute(w, [1, 0, *spatial])
    else:
        outs, ins = w.static(0), w.static(1)
        assert outs is not None
        assert ins is not None
        tail = [d for d in (w.static(a) for a in spatial) if d is not None]
        grouped = reshape(w, groups, outs // groups, ins, *tail)
        swapped = reshape(
            permute(grouped, [0, 2, 1, *[a + 1 for a in spatial]]),
            groups * ins,
            outs // groups,
            *tail,
        )
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


def placed(full: Value, y: Value, x: Value, win: Window) -> Value:
    """Cut or pad what the windows of `y` cover to the extent of the input `x`.

    `full` covers (outputs - 1) * stride + extent elements an axis, from the first padded one on.
    """
    graph = full.graph
    begin = win.begin(x, y)
    covered = (sizes(y, 2) - graph.ints(1)) * graph.ints(*win.strides) + graph.ints(*win.extent)
    none = graph.ints(0, 0)
    pads = joined(none, graph.emit("Neg", begin), none, sizes(x, 2) - covered + begin)
    return padded(full, pads)


def _own(w: Value) -> Value:
    """The kernel, in a tensor of its own where the variant want that."""
    if w.graph.variant.kernels != OWN:
        return w
    # Runtimes compute it beforehand, and none of them sees that it changes nothing.
    lowest = _LOWEST_HALF if w.dtype == TensorProto.FLOAT16 else _LOWEST
    return w.graph.emit("Max", w, w.graph.like(w, lowest))


def conv_input(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """At stride 1 a convolution with transposed kernels, else a transposed convolution.

    The former stays in ONNX Runtime's blocked layout, where ConvTranspose does not.
    """
    graph, image, w = g.graph, x[0], x[1]
    kernel = _kernel_shape(attrs, w)
    groups = attrs.get("group", 1)
    win = window(attrs, kernel, image, ans)
    n, extent = win.axes, win.extent
    if win.pads is not None and all(s == 1 for s in win.strides):
        flipped = [k - 1 - p for k, p in zip(extent * 2, win.pads, strict=True)]
        if min(flipped) >= 0:
            return graph.emit(
                "Conv",
                g,
                transposed_kernel(w, groups),
                dilations=win.dilations,
                group=groups,
                kernel_shape=win.kernel,
                pads=flipped,
                strides=[1] * n,
            )
    w = _own(w)
    common = {
        "dilations": win.dilations,
        "group": groups,
        "kernel_shape": win.kernel,
        "strides": win.strides,
    }
    spare = _output_padding(win, image, ans)
    if spare is not None:
        return graph.emit("ConvTranspose", g, w, pads=win.pads, output_padding=spare, **common)
    full = graph.emit("ConvTranspose", g, w, pads=[0] * 2 * n, **common)
    return placed(full, ans, image, win)


def _output_padding(win: Window, x: Value, y: Value) -> list[int] | None:
    """The output_padding that makes ConvTranspose give exactly the size of `x`, where known."""
    if win.pads is None:
        return None
    spare = []
    for i, (k, s) in enumerate(zip(win.extent, win.strides, strict=True)):
        size, out = x.static(i + 2), y.static(i + 2)
        if size is None or out is None:
            return None
        spare.append(size + win.pads[i] + win.pads[i + win.axes] - k - (out - 1) * s)
    # Beyond the stride the operator's definition allows no output padding.
    fits = all(0 <= r < s for r, s in zip(spare, win.strides, strict=True))
    return spare if fits else None


def conv_transpose_input(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The convolution that this is the transpose of, over `g` at its place in the full output."""
    graph, image, w = g.graph, x[0], x[1]
    kernel = _kernel_shape(attrs, w)
    n = len(kernel)
    strides = list(attrs.get("strides", [1] * n))
    dilations = list(attrs.get("dilations", [1] * n))
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    begin = _transpose_begin(attrs, extent, strides, image, ans)
    covered = (sizes(image, 2) - graph.ints(1)) * graph.ints(*strides) + graph.ints(*extent)
    none = graph.ints(0, 0)
    pads = joined(none, begin, none, covered - begin - sizes(ans, 2))
    return graph.emit(
        "Conv",
        padded(g, pads),
        _own(w),
        dilations=dilations,
        group=attrs.get("group", 1),
        kernel_shape=kernel,
        strides=strides,
    )


def _transpose_begin(
    attrs: Attrs, extent: list[int], strides: list[int], x: Value, y: Value
) -> Value:
    """What ConvTranspose cuts off before each spatial axis, by the ONNX specification."""
    graph, n = x.graph, len(extent)
    mode = attrs.get("auto_pad", "NOTSET")
    if not mode.startswith("SAME") and "output_shape" not in attrs:
        pads = [0] * 2 * n if mode == "VALID" else attrs.get("pads", [0] * 2 * n)
        return graph.ints(*pads[:n])
    spare = graph.ints(*attrs.get("output_padding", [0] * n))
    steps = (sizes(x, 2) - graph.ints(1)) * graph.ints(*strides)
    cut = graph.emit("Max", steps + spare + graph.ints(*extent) - sizes(y, 2), graph.ints(0))
    half = cut / graph.ints(2)
    return half if mode == "SAME_UPPER" else cut - half
