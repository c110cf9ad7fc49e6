"""The gradient of a concatenation of channels without Split: each part computed by itself.

ONNX Runtime's Split runs on one thread, outside its blocked layout. A part of a sum or product is
that of its operands', and a part of a convolution is one with some of its kernels, so that a
gradient that such nodes compute need never be whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dreamlayer.core.autodiff.rules.layout import concat
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.inference import attributes

MAX_PARTS = 2
"""Of a concatenation; the number of convolutions grows with that of its parts and readers."""

_CHANNELS = 1
_ELEMENTWISE = {"Add", "Mul", "HardSigmoid", "Relu"}


def concat_by_parts(i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """As `rules.layout.concat`, by the part itself where all that computes `g` has parts."""
    channels = [t.static(_CHANNELS) for t in x]
    known = [count for count in channels if count is not None]
    if attrs["axis"] not in (_CHANNELS, _CHANNELS - 4) or ans.rank != 4:
        return concat(i, g, ans, x, attrs)
    if len(x) > MAX_PARTS or len(known) < len(channels):
        return concat(i, g, ans, x, attrs)
    start = sum(known[:i])
    part = _Part(ans, x[i], start, start + known[i], sum(known)).of(g)
    return concat(i, g, ans, x, attrs) if part is None else part


@dataclass(frozen=True)
class _Part:
    """Channels `start` to `end` of tensors with as many channels as a concatenation, `whole`."""

    ans: Value
    own: Value
    start: int
    end: int
    whole: int

    def of(self, g: Value) -> Value | None:
        """The part of a tensor; None if it cannot be computed without the others."""
        if g.name == self.ans.name:
            return self.own
        if g.dims == []:
            # A number scales all channels.
            return g
        node = g.node()
        if node is None:
            return None
        inputs = [g.graph.value(name) for name in node.input]
        if node.op_type == "Conv":
            return self._convolution(inputs, attributes(node))
        if node.op_type not in _ELEMENTWISE:
            return None
        parts = [self.of(t) for t in inputs]
        if any(part is None for part in parts):
            return None
        return g.graph.emit(node.op_type, *parts, **attributes(node))

    def _convolution(self, inputs: Sequence[Value], attrs: Attrs) -> Value | None:
        """The convolution with those kernels alone."""
        image, kernels = inputs[:2]
        if len(inputs) > 2 or attrs.get("group", 1) != 1 or _kernel_count(kernels) != self.whole:
            return None
        graph, first = kernels.graph, kernels.graph.ints(0)
        ends = graph.ints(self.start), graph.ints(self.end)
        return graph.emit("Conv", image, graph.emit("Slice", kernels, *ends, first), **attrs)


def _kernel_count(kernels: Value) -> int | None:
    """How many kernels a tensor has, also one made here or by `rules.linear.transposed_kernel`."""
    graph, node = kernels.graph, kernels.node()
    if kernels.dims is not None or node is None:
        return kernels.static(0)
    source = graph.value(node.input[0])
    if node.op_type == "Transpose":
        return source.static(attributes(node)["perm"][0])
    if node.op_type != "Slice":
        return None
    start, end, axes = (graph.numbers(graph.value(name)) for name in node.input[1:4])
    if axes is None or start is None or end is None:
        return None
    return end[0] - start[0] if axes[0] == 0 else _kernel_count(source)
