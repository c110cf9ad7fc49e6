"""The gradient of a max-pool without indices: each tap of the window compared with the maximum.

The pool is split into one along columns and, on its result, one along rows. On the way back the
latter selects the first column with the maximum, and the former its first position there: together
the first maximum of the window in column order, which is row order in the transposed networks that
this is for (`passes.transpose`). All operators stay in the blocked layout of ONNX Runtime's CPU
provider (fused convolutions, pools, products), except the final interleaving of each axis, which is
slow for columns and cheap for rows: hence rows come last, at full size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto

from dreamlayer.core.autodiff.rules.masks import MASKS, STEEP
from dreamlayer.core.autodiff.rules.window import Window
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.inference import Dim, attributes
from dreamlayer.core.graph.ops import joined, padded, sizes

ROWS, COLUMNS = 2, 3


def comparable(
    node: onnx.NodeProto, dtype: int | None, dims: Sequence[Dim], rectified: bool = False
) -> bool:
    """Whether a max-pool of a tensor of this type and shape can be split.

    It needs float32 planes with a known number of channels, no dilation or indices, and windows
    without gaps. Only what is `rectified` may be padded: taps in the padding are compared as 0, and
    where 0 is the maximum, the ReLU before the pool or behind it stops the gradient.
    """
    given = attributes(node)
    kernel = given["kernel_shape"]
    return (
        dtype == TensorProto.FLOAT
        and len(dims) == 4
        and isinstance(dims[1], int)
        and len(node.output) == 1
        and given.get("auto_pad", "NOTSET") in ("NOTSET", "VALID")
        and (rectified or not any(given.get("pads", [0])))
        and not given.get("ceil_mode", 0)
        and max(given.get("dilations", [1])) == 1
        and all(k >= s for k, s in zip(kernel, given.get("strides", [1, 1]), strict=True))
    )


def compared(g: Value, ans: Value, x: Value, win: Window) -> Value:
    """Pass each window's gradient to the first of its maxima in column order."""
    channels = x.static(1)
    assert channels is not None
    assert win.pads is not None
    rows, columns = (
        _Stage(axis, win.kernel[i], win.strides[i], win.pads[i], win.pads[i + 2], channels)
        for i, axis in enumerate((ROWS, COLUMNS))
    )
    pooled = rows.pooled(x)
    across = columns.gradient(g, ans, pooled, columns.missing(x, ans))
    return rows.gradient(across, pooled, x, rows.missing(x, ans))


@dataclass(frozen=True)
class _Stage:
    """A pool along one axis: windows of `size` taps, `stride` apart, padded at both ends."""

    axis: int
    size: int
    stride: int
    before: int
    after: int
    channels: int

    def pooled(self, x: Value) -> Value:
        kernel, strides = self._along(self.size), self._along(self.stride)
        return x.graph.emit(
            "MaxPool", x, kernel_shape=kernel, pads=self._padding(), strides=strides
        )

    def missing(self, x: Value, ans: Value) -> int | None:
        """How much longer `x` is than the result of `_rows` or `_columns`, if known."""
        length, windows = x.static(self.axis), ans.static(self.axis)
        if length is None or windows is None:
            return None
        if self.axis == ROWS:
            return length - self.stride * (windows + self._extra)
        return length + self.before - (windows - 1) * self.stride - self.size

    def gradient(self, g: Value, y: Value, x: Value, missing: int | None) -> Value:
        """The gradient with respect to `x` of its pool `y`."""
        if self.size == 1 and self.stride == 1:
            return g
        flows = self._flows(g, y, x)
        beyond = max(-missing, 0) if missing is not None else 0
        full = self._rows(flows) if self.axis == ROWS else self._columns(flows, beyond)
        if missing == 0 or (self.axis == COLUMNS and beyond):
            return full
        graph, none = x.graph, x.graph.ints(0)
        here = self.axis, self.axis + 1
        ends = graph.ints(missing) if missing is not None else sizes(x, *here) - sizes(full, *here)
        pads = [graph.ints(0, 0, 0, 0), *(ends if axis == self.axis else none for axis in range(4))]
        return padded(full, joined(*pads))

    def _flows(self, g: Value, y: Value, x: Value) -> list[Value]:
        """For each tap, the part of `g` that no earlier tap has taken.

        A tap takes it where it is the maximum; the last tap takes the rest.
        """
        flows = [g]
        for tap in range(self.size - 1):
            picks = np.zeros(self.size, np.float32)
            picks[tap] = -1
            below = self._depthwise(x, picks, self.stride, self._padding()) + y
            flows.append(flows[-1] * MASKS[STEEP].above(below))
        return flows

    def _rows(self, flows: list[Value]) -> Value:
        """Compute the rows of each phase of the stride, and interleave them."""
        graph = flows[0].graph
        phases = []
        for phase in range(self.stride):
            part: Value | None = None
            for tap, down in self._taps(phase):
                for flow, sign in zip(flows[tap : tap + 2], (1.0, -1.0), strict=False):
                    moved = self._moved(flow, sign, down)
                    part = moved if part is None else moved + part
            if part is None:
                part = self._moved(flows[0], 0.0, 0)
            phases.append(graph.emit("Unsqueeze", part, graph.ints(ROWS + 1)))
        interleaved = graph.emit("Concat", *phases, axis=ROWS + 1)
        shape = joined(sizes(flows[0], 0, 2), graph.ints(-1), sizes(flows[0], COLUMNS))
        return graph.emit("Reshape", interleaved, shape)

    def _taps(self, phase: int) -> list[tuple[int, int]]:
        """The taps that lie on rows of a phase, and by how many windows each is moved down."""
        first = phase + self.before
        return [
            (tap, tap // self.stride - first // self.stride)
            for tap in range(first % self.stride, self.size, self.stride)
        ]

    @property
    def _extra(self) -> int:
        """Rows of a phase beyond the number of windows."""
        return max(down for phase in range(self.stride) for _, down in [(0, 0), *self._taps(phase)])

    def _moved(self, flow: Value, factor: float, down: int) -> Value:
        """The product with a number, moved down, or up if negative, with `_extra` more rows."""
        up = max(-down, 0)
        kernel = np.zeros(up + 1, np.float32)
        kernel[up] = factor
        top = max(down, 0)
        return self._depthwise(flow, kernel, 1, [top, 0, self._extra - top + up, 0])

    def _columns(self, flows: list[Value], beyond: int) -> Value:
        """Put each tap's part at its position, by a grouped transposed convolution.

        The padding before is left out, and so many columns at the end.
        """
        graph = flows[0].graph
        beside = [graph.emit("Unsqueeze", flow, graph.ints(2)) for flow in flows]
        stacked = graph.emit("Concat", *beside, axis=2)
        batch = sizes(flows[0], 0, 1)
        shape = joined(batch, graph.ints(self.channels * self.size), sizes(flows[0], 2))
        taken = np.eye(self.size, dtype=np.float32) - np.eye(self.size, k=-1, dtype=np.float32)
        kernel = np.tile(taken[:, np.newaxis, np.newaxis], (self.channels, 1, 1, 1))
        return graph.emit(
            "ConvTranspose",
            graph.emit("Reshape", stacked, shape),
            graph.constant(kernel),
            group=self.channels,
            kernel_shape=self._along(self.size),
            pads=[0, self.before, 0, beyond],
            strides=self._along(self.stride),
        )

    def _depthwise(
        self, x: Value, kernel: npt.NDArray[np.float32], stride: int, pads: list[int]
    ) -> Value:
        shape = [1, 1, 1, 1]
        shape[self.axis] = kernel.size
        return x.graph.emit(
            "Conv",
            x,
            x.graph.constant(np.tile(kernel.reshape(shape), (self.channels, 1, 1, 1))),
            group=self.channels,
            kernel_shape=shape[2:],
            pads=pads,
            strides=self._along(stride),
        )

    def _along(self, number: int) -> list[int]:
        """The number on this axis, 1 on the other."""
        return [number, 1] if self.axis == ROWS else [1, number]

    def _padding(self) -> list[int]:
        """The pads of a window along this axis."""
        begin, end = self.before, self.after
        return [begin, 0, end, 0] if self.axis == ROWS else [0, begin, 0, end]
