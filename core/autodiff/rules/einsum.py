"""The gradient rule of Einsum: an Einsum of the output's gradient and all other operands."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np

from dreamlayer.core.autodiff.rules.linear import KernelOf, shared_kernel
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import cast, expand_like, permute, reshape, sizes, unbroadcast

Terms = tuple[list[str], str]
"""Letters of the axes of each operand, and of the output."""


def einsum(
    i: int, g: Value, ans: Value, x: Inputs, attrs: Attrs, kernel_of: KernelOf = shared_kernel
) -> Value:
    """By linearity, with operand `i` and the output exchanged.

    Of other operands that are weights, it reads what `kernel_of` makes; see `rules.products`.

    Axes of the operand that are in no other term were summed, so that `g` is copied along them;
    letters that it has twice stand for a diagonal.
    """
    graph, own = g.graph, x[i]
    terms, output = parsed(attrs["equation"], [t.rank for t in x])
    letters = list(dict.fromkeys(terms[i]))
    others = [
        (term, kernel_of(t) if t.node() is None else t)
        for k, (term, t) in enumerate(zip(terms, x, strict=True))
        if k != i
    ]
    present = set(output).union(*(term for term, _ in others))
    kept = "".join(letter for letter in letters if letter in present)
    gradient = _product([(output, g), *others], kept)
    # Each axis of the operand; those summed, or on a diagonal, with size 1.
    missing = [
        axis
        for axis, letter in enumerate(terms[i])
        if letter not in kept or terms[i].index(letter) < axis
    ]
    if missing:
        gradient = graph.emit("Unsqueeze", gradient, graph.ints(*missing))
    for axis, letter in enumerate(terms[i]):
        first = terms[i].index(letter)
        if first < axis:
            gradient = gradient * _diagonal(own, first, axis, g.dtype)
    if any(letter not in kept for letter in letters):
        gradient = expand_like(gradient, own)
    if _may_broadcast(i, terms, output, x):
        gradient = unbroadcast(gradient, gradient, own)
    return gradient


def parsed(equation: str, ranks: Sequence[int]) -> Terms:
    """Take an equation apart, with letters for the axes that an ellipsis stands for.

    Without an arrow, the output has the ellipsis and the letters that occur once, in order.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow:
        counted = left.replace(",", "").replace(".", "")
        once = sorted(letter for letter in set(counted) if counted.count(letter) == 1)
        right = ("..." if "..." in left else "") + "".join(once)
    spare = [letter for letter in string.ascii_letters if letter not in equation]
    spans = [r - len(term.replace("...", "")) for term, r in zip(terms, ranks, strict=True)]
    most = max((s for s, term in zip(spans, terms, strict=True) if "..." in term), default=0)
    unnamed = "".join(spare[:most])

    def written(term: str, span: int) -> str:
        return term.replace("...", unnamed[most - span :] if span else "")

    written_terms = [written(term, s) for term, s in zip(terms, spans, strict=True)]
    return written_terms, written(right, most)


def _product(operands: Sequence[tuple[str, Value]], result: str) -> Value:
    """The Einsum of operands, or what is simpler."""
    term, only = operands[0]
    if len(operands) == 1 and sorted(term) == sorted(result):
        return permute(only, [term.index(letter) for letter in result])
    equation = ",".join(term for term, _ in operands) + "->" + result
    return only.graph.emit("Einsum", *(t for _, t in operands), equation=equation)


def _diagonal(x: Value, first: int, second: int, dtype: int) -> Value:
    """1 where the positions along two axes are equal, shaped to broadcast against `x`."""
    graph = x.graph
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    count = graph.emit("Squeeze", sizes(x, first, first + 1))
    positions = graph.emit("Range", zero, count, one)
    rows, columns = [1] * x.rank, [1] * x.rank
    rows[first], columns[second] = -1, -1
    equal = graph.emit("Equal", reshape(positions, *rows), reshape(positions, *columns))
    return cast(equal, dtype)


def _may_broadcast(i: int, terms: Sequence[str], output: str, x: Inputs) -> bool:
    """Whether an axis of operand `i` may have size 1 where another operand's has more."""
    own = x[i].dims
    for axis, letter in enumerate(terms[i]):
        mine = own[axis] if own is not None else None
        for term, other in zip(terms, x, strict=True):
            if letter in term:
                size = other.dims[term.index(letter)] if other.dims is not None else None
                if size is None or size != mine:
                    return True
    return False
