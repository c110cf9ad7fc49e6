"""Gradient rules of convolutions with respect to kernels and biases computed from the image.

The gradient of a kernel is a convolution of the input with the output's gradient, in which batch
and channels have changed places, and strides and dilations too.
"""

from __future__ import annotations

from collections.abc import Sequence

from dreamlayer.core.autodiff.rules.linear import transposed_output
from dreamlayer.core.autodiff.rules.normalizations import over_channels
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.autodiff.rules.window import coverage
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import joined, padded, permute, sizes


def conv_kernel(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    graph, image, w = g.graph, x[0], x[1]
    begin, covered = coverage(attrs, image, w, ans)
    none, ones = graph.ints(0, 0), [1] * (w.rank - 2)
    inside = padded(image, joined(none, begin, none, covered - begin - sizes(image, 2)))
    steps = (list(attrs.get(key, ones)) for key in ("strides", "dilations"))
    return _correlation(inside, g, w, attrs.get("group", 1), *steps)


def conv_transpose_kernel(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The same, with the input as the gradient of a convolution of `g`."""
    image, w = x[0], x[1]
    full, strides, dilations = transposed_output(g, ans, x, attrs)
    return _correlation(full, image, w, attrs.get("group", 1), strides, dilations)


def conv_bias(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return over_channels(g, ans)


def _correlation(
    image: Value,
    g: Value,
    w: Value,
    groups: int,
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Value:
    """The sum over batch and windows of `image` times `g`, for each number of a kernel.

    Parameters
    ----------
    image : Value
        [batch, groups * ins, ...], exactly what the windows cover.
    g : Value
        [batch, outs, ...], one element for each window.
    w : Value
        [outs, ins, ...], the kernel.
    """
    graph, n = g.graph, w.rank - 2
    space = list(range(2, n + 2))
    split = joined(sizes(image, 0, 1), graph.ints(groups, -1), sizes(image, 2))
    apart = graph.emit("Reshape", image, split)
    # [ins, groups * batch, ...]: each group of channels is the batch of its own kernels.
    apart = permute(apart, [2, 1, 0, *(axis + 1 for axis in space)])
    stacked = joined(sizes(w, 1, 2), graph.ints(-1), sizes(image, 2))
    windows = graph.emit(
        "Conv",
        graph.emit("Reshape", apart, stacked),
        permute(g, [1, 0, *space]),
        group=groups,
        strides=list(dilations),
        dilations=list(strides),
    )
    swapped = permute(windows, [1, 0, *space])
    # Strides may leave room for windows beyond the kernel.
    return graph.emit("Slice", swapped, graph.ints(*[0] * n), sizes(w, 2), graph.ints(*space))
