"""What is known of a node's result when it is made: the numbers of sizes, and the element type."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

Numbers = NDArray[Any]

_FOLDED: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": lambda a, b: np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b)),
    "Max": lambda *parts: functools.reduce(np.maximum, parts),
    "Neg": np.negative,
    "Concat": lambda *parts: np.concatenate(parts),
}
"""Arithmetic on sizes that is evaluated at once if all of them are known."""

_BOOLEAN = {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or"}
_INTEGER = {"Shape", "Size", "ArgMax", "NonZero"}


def folded(op: str, sizes: Sequence[Numbers | None]) -> Numbers | None:
    """The result of arithmetic on sizes.

    Parameters
    ----------
    op : str
        The operator.
    sizes : sequence of array or None
        The numbers of each input; None where they are unknown.

    Returns
    -------
    array or None
        None where an input is unknown, or the operator is not one of those on sizes.
    """
    fold = _FOLDED.get(op)
    if fold is None or any(numbers is None for numbers in sizes):
        return None
    result: Numbers = fold(*sizes)
    return result


def result_type(op: str, kinds: Sequence[int | None]) -> int:
    """The element type of an operator's result, by those of its inputs, which are ONNX's numbers.

    That of the first input, but for comparisons, indices and choices.
    """
    if op in _BOOLEAN:
        return int(TensorProto.BOOL)
    if op in _INTEGER:
        return int(TensorProto.INT64)
    kind = kinds[1] if op == "Where" else kinds[0]
    assert kind is not None
    return kind
