"""The geometry of sliding windows of convolutions and pools.

Names: k kernel size including dilation, s stride, begin and end the padding of one axis.
"""

from __future__ import annotations

from dataclasses import dataclass

from dreamlayer.core.autodiff.rules.rule import Attrs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import joined, padded, sizes


@dataclass(frozen=True)
class Window:
    """The geometry of a sliding window over the spatial axes of [batch, channels, ...]."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    pads: list[int] | None
    """[begin..., end...] if constant, None for auto_pad over unknown sizes."""
    same_lower: bool

    @property
    def extent(self) -> list[int]:
        """Kernel sizes including dilation."""
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


def kernel_extent(attrs: Attrs, w: Value) -> Value:
    """The spatial sizes of a kernel including dilation, an int64 vector; they may be computed."""
    graph = w.graph
    sizes_of = graph.ints(*attrs["kernel_shape"]) if "kernel_shape" in attrs else sizes(w, 2)
    dilations = attrs.get("dilations", [1] * (w.rank - 2))
    return (sizes_of - graph.ints(1)) * graph.ints(*dilations) + graph.ints(1)


def coverage(attrs: Attrs, x: Value, w: Value, y: Value) -> tuple[Value, Value]:
    """The padding before each axis of a convolution from `x` to `y`, and what its windows cover.

    As `Window`, for a kernel `w` whose sizes may be computed; both are int64 vectors.
    """
    graph, n = x.graph, w.rank - 2
    steps = (sizes(y, 2) - graph.ints(1)) * graph.ints(*attrs.get("strides", [1] * n))
    covered = steps + kernel_extent(attrs, w)
    mode = attrs.get("auto_pad", "NOTSET")
    if not mode.startswith("SAME"):
        pads = attrs.get("pads", [0] * 2 * n) if mode == "NOTSET" else [0] * 2 * n
        return graph.ints(*pads[:n]), covered
    needed = graph.emit("Max", covered - sizes(x, 2), graph.ints(0))
    half = needed / graph.ints(2)
    return needed - half if mode == "SAME_LOWER" else half, covered


def cropped(full: Value, y: Value, x: Value, win: Window) -> Value:
    """Crop or pad `full`, which the windows of `y` cover, to the extent of the input `x`.

    `full` has (outputs - 1) * stride + extent elements per axis, from the first padded one on.
    """
    graph = full.graph
    begin = win.begin(x, y)
    covered = (sizes(y, 2) - graph.ints(1)) * graph.ints(*win.strides) + graph.ints(*win.extent)
    none = graph.ints(0, 0)
    pads = joined(none, graph.emit("Neg", begin), none, sizes(x, 2) - covered + begin)
    return padded(full, pads)
