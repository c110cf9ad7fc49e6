"""Objectives: weighted sums of terms, as ordinary ONNX nodes.

Each kind of term is one function of a layer's activations, the term and a reference to compare
with; differentiation needs no knowledge of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from onnx import TensorProto

from dreamlayer.core.errors import LayerError, RecipeError, nearest, shown
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.ops import cast, elements, reshape, sizes, total
from dreamlayer.core.network.inputs import reference_of
from dreamlayer.core.recipe.kinds import GRAM, KINDS
from dreamlayer.core.recipe.term import Term

_TINY = 1e-12
_POSITIONS = (2, 3)


def loss_of(
    graph: Graph, terms: Sequence[Term], tensor_of: Callable[[Term], str] = lambda term: term.layer
) -> Value:
    """Append the nodes of an objective and return it, a float32 scalar.

    `tensor_of` returns the name of the tensor with a term's layer.

    Raises
    ------
    LayerError
        The network has no such layer or channel, or the layer does not suit the kind.
    RecipeError
        There are no terms.
    """
    if not terms:
        raise RecipeError("the objective names no layer; give at least one, such as --layer mixed3")
    loss: Value | None = None
    for term in terms:
        score = _score(graph, term, tensor_of(term)) * term.weight
        loss = score if loss is None else loss + score
    assert loss is not None
    return loss


def _score(graph: Graph, term: Term, tensor: str) -> Value:
    if tensor not in graph:
        hint = nearest(term.layer, [n for n in graph.producers if not n.startswith("gradient/")])
        raise LayerError(
            f"the network has no layer {shown(term.layer)}; "
            f"{hint or 'see `dreamlayer layers` for those it has'}"
        )
    a = graph.value(tensor)
    if (KINDS[term.kind].spatial or term.border) and (a.dims is None or len(a.dims) != 4):
        raise LayerError(
            f"layer {shown(term.layer)} has no rows and columns, which the kind "
            f"{shown(term.kind)} needs; "
            f"use squares or mean, or another layer"
        )
    # In float32, whatever the network's type: squares overflow in float16.
    chosen = cast(_channels(a, term, 1), TensorProto.FLOAT)
    return SCORES[term.kind](chosen, term, _reference_of(graph, term, a) or chosen)


def _channels(a: Value, term: Term, *axes: int) -> Value:
    """A term's channels of a tensor, along each of some axes, or along its only one."""
    if not term.channels:
        return a
    if a.dims is not None and not a.dims:
        raise LayerError(f"layer {shown(term.layer)} has no channels; leave them out of the term")
    if a.dims is not None and len(a.dims) == 1:
        # The numbers of a classifier without a batch.
        axes = (0,)
    count = a.static(axes[0])
    wrong = [c for c in term.channels if c < 0 or (count is not None and c >= count)]
    if wrong:
        raise LayerError(
            f"layer {shown(term.layer)} has no channel {wrong[0]}; "
            f"channels 0 to {count - 1 if count else '?'} are allowed"
        )
    for axis in axes:
        a = a.graph.emit("Gather", a, a.graph.ints(*term.channels), axis=axis)
    return a


def _reference_of(graph: Graph, term: Term, a: Value) -> Value | None:
    """The input that the term's activations are compared with, its channels selected, or None."""
    reference = reference_of(term)
    if reference is None:
        return None
    count = a.static(1)
    if reference.source == GRAM:
        return _channels(graph.input(reference.input, [count, count]), term, 0, 1)
    return _channels(graph.input(reference.input, [1, count, None, None]), term, 1)


def _all_axes(x: Value) -> Value | None:
    """All axes if the rank is known: OpenVINO requires axes for reductions."""
    return None if x.dims is None else x.graph.ints(*range(len(x.dims)))


def _mean(x: Value) -> Value:
    return x.graph.emit("ReduceMean", x, _all_axes(x), keepdims=0)


def _sum(x: Value) -> Value:
    return x.graph.emit("ReduceSum", x, _all_axes(x), keepdims=0)


def _sqrt(x: Value) -> Value:
    return x.graph.emit("Sqrt", x)


def _cut(x: Value, starts: Sequence[int], ends: Sequence[int]) -> Value:
    """Slice rows and columns; an end of 0 means to the last one."""
    graph = x.graph
    last = [end or np.iinfo(np.int64).max for end in ends]
    return graph.emit("Slice", x, graph.ints(*starts), graph.ints(*last), graph.ints(2, 3))


def _averaged(x: Value, term: Term) -> Value:
    """The mean, with the positions along the border counted as zero."""
    if not term.border:
        return _mean(x)
    inner = _cut(x, [term.border] * 2, [-term.border] * 2)
    return _sum(inner) / cast(elements(x), TensorProto.FLOAT)


def _neuron(a: Value, term: Term, _: Value) -> Value:
    """The mean over batch and channels at one position (tensorflow/lucid, `objectives.neuron`)."""
    graph = a.graph
    for place, axis in enumerate(_POSITIONS):
        size = sizes(a, axis, axis + 1)
        if term.position:
            last = size - graph.ints(1)
            index = graph.emit("Min", graph.ints(term.position[place]), last)
        else:
            index = size / graph.ints(2)
        a = graph.emit("Gather", a, index, axis=axis)
    return _mean(a)


def _rows(x: Value) -> Value:
    """[batch, channels, h, w] as [batch, channels, positions]."""
    return reshape(x, 0, 0, -1)


def _guide(a: Value, _: Term, guide: Value) -> Value:
    """The mean over positions of the largest inner product with a position of the guide.

    google/deepdream, dream.ipynb, `objective_guide`; the choice of the match is not differentiated.
    """
    graph = a.graph
    own, others = _rows(a), _rows(guide)
    products = graph.emit("MatMul", graph.emit("Transpose", others, perm=[0, 2, 1]), own)
    best = graph.emit("ArgMax", products, axis=1, keepdims=0)
    # Batch and guide have one picture each: [1, positions] of indices, [1, channels, positions].
    chosen = graph.emit("Gather", others, graph.emit("Reshape", best, graph.ints(-1)), axis=2)
    return _mean(total(own * chosen, 1))


def _towards(guide: Value) -> Value:
    """The unit vector of the guide's mean activations, [1, channels, 1, 1]."""
    mean = guide.graph.emit("ReduceMean", guide, guide.graph.ints(0, 2, 3), keepdims=1)
    return mean / _sqrt(total(mean * mean, 1) + _TINY)


def _direction(a: Value, _: Term, guide: Value) -> Value:
    """The inner product with a direction (tensorflow/lucid, `objectives.direction`)."""
    return _mean(total(a * _towards(guide), 1))


def _cosine(a: Value, _: Term, guide: Value) -> Value:
    length = _sqrt(total(a * a, 1) + _TINY)
    return _mean(total(a * _towards(guide), 1) / length)


def _squared(x: Value) -> Value:
    return x * x


def _caricature(a: Value, term: Term, original: Value) -> Value:
    """Minus the mean squared difference from the original's activations times a factor."""
    return -_mean(_squared(a - original * term.factor))


def _content(a: Value, _: Term, original: Value) -> Value:
    """Minus the sum of squared differences (titu1994/Neural-Style-Transfer, `content_loss`)."""
    return -_sum(_squared(a - original))


def _gram(a: Value) -> Value:
    """Sums over positions of the products of each two channels: [channels, channels].

    Gatys, Ecker and Bethge, A Neural Algorithm of Artistic Style, 2015, equation 3.
    """
    graph = a.graph
    matrix = reshape(graph.emit("Transpose", a, perm=[1, 0, 2, 3]), 0, -1)
    return graph.emit("MatMul", matrix, graph.emit("Transpose", matrix, perm=[1, 0]))


def _positions(a: Value) -> Value:
    height, width = (sizes(a, axis, axis + 1) for axis in _POSITIONS)
    return cast(height * width, TensorProto.FLOAT)


def _gram_distance(a: Value, _: Term, guide: Value) -> Value:
    """Minus sum (G - S)² / (4 · 3² · (W · H)²), W and H the picture's own size in pixels.

    titu1994/Neural-Style-Transfer, `style_loss`, where both pictures have the same size.
    """
    difference = _gram(a) - guide * _positions(a)
    pixels = _positions(a.graph.value(IMAGE))
    return -_sum(_squared(difference)) / _sum(36.0 * pixels * pixels)


def _relative_gram_distance(a: Value, _: Term, guide: Value) -> Value:
    """Minus |G / positions - S|² / |S|², a relative error that compares across layers."""
    difference = _gram(a) / _positions(a) - guide
    return -_sum(_squared(difference)) / (_sum(_squared(guide)) + _TINY)


def _variation(a: Value, term: Term, _: Value) -> Value:
    """Minus the mean of (dx² + dy²)^exponent (total variation; 1.25 as in the style recipe)."""
    here = _cut(a, [0, 0], [-1, -1])
    down, right = here - _cut(a, [1, 0], [0, -1]), here - _cut(a, [0, 1], [-1, 0])
    squared = down * down + right * right
    return -_mean(a.graph.emit("Pow", squared, a.graph.like(a, term.exponent)))


Score = Callable[[Value, Term, Value], Value]
SCORES: dict[str, Score] = {
    "squares": lambda a, term, _: _averaged(a * a, term),
    "mean": lambda a, term, _: _averaged(a, term),
    "neuron": _neuron,
    "guide": _guide,
    "direction": _direction,
    "cosine": _cosine,
    "caricature": _caricature,
    "original": lambda a, _, original: -_mean(_squared(a - original)),
    "content": _content,
    "gram": _gram_distance,
    "style": _relative_gram_distance,
    "variation": _variation,
}
"""The formula of each of `core.recipe.kinds.KINDS`."""
