"""The gradient of a max-pool without indices: each tap of all windows sliced out and compared.

A tap is one position in each window, so its slice has the shape of the pool's output. Gradients are
summed for each phase of the stride, and DepthToSpace interleaves the phases. OpenVINO runs all of
these operators in the layout of its convolutions; they are exact in bfloat16 too, since maximum and
taps are rounded alike.
"""

from __future__ import annotations

from itertools import product

from onnx import TensorProto

from dreamlayer.core.autodiff.rules.masks import Masks
from dreamlayer.core.autodiff.rules.window import Window
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import joined, padded, sizes

_LOWEST = -1e38
"""Padding: below all activations, and finite in bfloat16 too."""

Place = tuple[int, int]


def sliceable(x: Value, win: Window) -> bool:
    """Whether this works for a max-pool: it needs float32 planes and one stride for both axes."""
    planes = x.dtype == TensorProto.FLOAT and x.dims is not None and len(x.dims) == 4
    return planes and win.strides[0] == win.strides[1]


def sliced(g: Value, ans: Value, x: Value, win: Window, masks: Masks) -> Value:
    """Pass each window's gradient to the first of its maxima in row order.

    Parameters
    ----------
    g, ans : Value
        [batch, channels, rows, columns], one element per window.
    x : Value
        The pool's input.
    win : Window
        The pool's windows, with one stride for both axes.
    masks : Masks
        Marks positive numbers.
    """
    graph, stride = x.graph, win.strides[0]
    windows = sizes(ans, 2)
    begin = win.begin(x, ans)
    covered = (windows - graph.ints(1)) * graph.ints(stride) + graph.ints(*win.extent)
    none = graph.ints(0, 0)
    after = graph.emit("Max", covered - begin - sizes(x, 2), none)
    source = padded(x, joined(none, begin, none, after), _LOWEST)
    last = (windows - graph.ints(1)) * graph.ints(stride) + graph.ints(1)
    # Phases of this size cover the whole padded input, or more.
    reach = [(extent - 1) // stride for extent in win.extent]
    size = (begin + sizes(x, 2) + graph.ints(stride - 1)) / graph.ints(stride)
    size = graph.emit("Max", size, windows + graph.ints(*reach))

    phases: dict[Place, Value] = {}
    for place, taken in _taken(g, ans, source, win, last, masks).items():
        phase = place[0] % stride, place[1] % stride
        down = graph.ints(place[0] // stride, place[1] // stride)
        moved = padded(taken, joined(none, down, none, size - windows - down))
        phases[phase] = phases[phase] + moved if phase in phases else moved
    if stride == 1:
        full = phases[0, 0]
    else:
        nothing = next(iter(phases.values())) * 0.0
        grid = product(range(stride), range(stride))
        stacked = graph.emit("Concat", *(phases.get(phase, nothing) for phase in grid), axis=1)
        full = graph.emit("DepthToSpace", stacked, blocksize=stride, mode="DCR")
    if _whole(x, size, stride, begin):
        return full
    return graph.emit("Slice", full, begin, begin + sizes(x, 2), graph.ints(2, 3))


def _whole(x: Value, size: Value, stride: int, begin: Value) -> bool:
    """Whether phases of this size are known to cover exactly `x`."""
    known, first = x.graph.numbers(size), x.graph.numbers(begin)
    if known is None or first is None or any(first):
        return False
    return [number * stride for number in known] == [x.static(2), x.static(3)]


def _taken(
    g: Value, ans: Value, source: Value, win: Window, last: Value, masks: Masks
) -> dict[Place, Value]:
    """The part of `g` for each tap that is the first maximum, by position in the window."""
    graph = g.graph
    steps = [
        [tap * dilation for tap in range(kernel)]
        for kernel, dilation in zip(win.kernel, win.dilations, strict=True)
    ]
    places = [(row, column) for row in steps[0] for column in steps[1]]
    left, found = g, {}
    for place in places[:-1]:
        start = graph.ints(*place)
        tap = graph.emit(
            "Slice", source, start, start + last, graph.ints(2, 3), graph.ints(*win.strides)
        )
        passed = left * masks.above(ans - tap)
        found[place] = left - passed
        left = passed
    # The last tap takes the rest.
    found[places[-1]] = left
    return found
