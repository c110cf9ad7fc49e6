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
from dreamlayer.core.graph.ops import joined, sizes

ROWS, COLUMNS = 2, 3


def comparable(node: onnx.NodeProto, dtype: int | None, dims: Sequence[Dim]) -> bool:
    """Whether a max-pool of a tensor of this type and shape can be split.

    It needs float32 planes with a known number of channels, no padding, dilation or indices, and
    windows without gaps that lie inside the input.
    """
    given = attributes(node)
    kernel = given["kernel_shape"]
    return (
        dtype == TensorProto.FLOAT
        and len(dims) == 4
        and isinstance(dims[1], int)
        and len(node.output) == 1
        and given.get("auto_pad", "NOTSET") in ("NOTSET", "VALID")
        and not any(given.get("pads", [0]))
        and not given.get("ceil_mode", 0)
        and max(given.get("dilations", [1])) == 1
        and all(k >= s for k, s in zip(kernel, given.get("strides", [1, 1]), strict=True))
    )


def compared(g: Value, ans: Value, x: Value, win: Window) -> Value:
    """Pass each window's gradient to the first of its maxima in column order."""
    channels = x.static(1)
    assert channels is not None
    rows = _Stage(ROWS, win.kernel[0], win.strides[0], channels)
    columns = _Stage(COLUMNS, win.kernel[1], win.strides[1], channels)
    pooled = rows.pooled(x)
    across = columns.gradient(g, ans, pooled, columns.missing(x, ans))
    return rows.gradient(across, pooled, x, rows.missing(x, ans))


@dataclass(frozen=True)
class _Stage:
    """A pool along one axis: windows of `size` taps, `stride` apart."""

    axis: int
    size: int
    stride: int
    channels: int

    def pooled(self, x: Value) -> Value:
        kernel, strides = self._along(self.size), self._along(self.stride)
        return x.graph.emit("MaxPool", x, kernel_shape=kernel, strides=strides)

    def missing(self, x: Value, ans: Value) -> int | None:
        """How much longer `x` is than the result of `_rows` or `_columns`, if known."""
        length, windows = x.static(self.axis), ans.static(self.axis)
        if length is None or windows is None:
            return None
        if self.axis == ROWS:
            return length - self.stride * (windows + (self.size - 1) // self.stride)
        return length - (windows - 1) * self.stride - self.size

    def gradient(self, g: Value, y: Value, x: Value, missing: int | None) -> Value:
        """The gradient with respect to `x` of its pool `y`."""
        if self.size == 1:
            return g
        flows = self._flows(g, y, x)
        full = self._rows(flows) if self.axis == ROWS else self._columns(flows)
        if missing == 0:
            return full
        graph, none = x.graph, x.graph.ints(0)
        here = self.axis, self.axis + 1
        ends = graph.ints(missing) if missing is not None else sizes(x, *here) - sizes(full, *here)
        pads = [graph.ints(0, 0, 0, 0), *(ends if axis == self.axis else none for axis in range(4))]
        return graph.emit("Pad", full, joined(*pads))

    def _flows(self, g: Value, y: Value, x: Value) -> list[Value]:
        """For each tap, the part of `g` that no earlier tap has taken.

        A tap takes it where it is the maximum; the last tap takes the rest.
        """
        flows = [g]
        for tap in range(self.size - 1):
            picks = np.zeros(self.size, np.float32)
            picks[tap] = -1
            below = self._depthwise(x, picks, self.stride) + y
            flows.append(flows[-1] * MASKS[STEEP].above(below))
        return flows

    def _rows(self, flows: list[Value]) -> Value:
        """Compute the rows of each phase of the stride, and interleave them."""
        graph = flows[0].graph
        reach = (self.size - 1) // self.stride
        phases = []
        for phase in range(self.stride):
            part: Value | None = None
            for tap in range(phase, self.size, self.stride):
                down = tap // self.stride
                for flow, sign in zip(flows[tap : tap + 2], (1.0, -1.0), strict=False):
                    pads = [down, 0, reach - down, 0]
                    moved = self._depthwise(flow, np.array([sign], np.float32), 1, pads)
                    part = moved if part is None else moved + part
            assert part is not None
            phases.append(graph.emit("Unsqueeze", part, graph.ints(ROWS + 1)))
        interleaved = graph.emit("Concat", *phases, axis=ROWS + 1)
        shape = joined(sizes(flows[0], 0, 2), graph.ints(-1), sizes(flows[0], COLUMNS))
        return graph.emit("Reshape", interleaved, shape)

    def _columns(self, flows: list[Value]) -> Value:
        """Put each tap's part at its position, by a grouped transposed convolution."""
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
            strides=self._along(self.stride),
        )

    def _depthwise(
        self, x: Value, kernel: npt.NDArray[np.float32], stride: int, pads: list[int] | None = None
    ) -> Value:
        shape = [1, 1, 1, 1]
        shape[self.axis] = kernel.size
        return x.graph.emit(
            "Conv",
            x,
            x.graph.constant(np.tile(kernel.reshape(shape), (self.channels, 1, 1, 1))),
            group=self.channels,
            kernel_shape=shape[2:],
            pads=pads or [0] * 4,
            strides=self._along(stride),
        )

    def _along(self, number: int) -> list[int]:
        """The number on this axis, 1 on the other."""
        return [number, 1] if self.axis == ROWS else [1, number]
