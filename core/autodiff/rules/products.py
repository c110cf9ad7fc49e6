"""Gradient rules of matrix products.

What a gradient multiplies by is `kernel_of` the product's other factor: the same, or a copy. In
OpenVINO the product with a square constant, and another with its transpose, are one and the same.
"""

from __future__ import annotations

from dreamlayer.core.autodiff.rules.linear import KernelOf, shared_kernel
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import joined, permute, reshape_like, shape, unbroadcast


def _matmul(a: Value, b: Value) -> Value:
    return a.graph.emit("MatMul", a, b)


def _unsqueeze(x: Value, axis: int) -> Value:
    return x.graph.emit("Unsqueeze", x, x.graph.ints(axis))


def matmul(
    side: int,
    g: Value,
    ans: Value,
    x: Inputs,
    attrs: Attrs,
    kernel_of: KernelOf = shared_kernel,
) -> Value:
    """dA = g B', dB = A' g over the last two axes, summed over those that were broadcast.

    A vector counts as a matrix with one row (left) or one column (right), as in numpy.
    """
    left, right = x
    left_rank, right_rank = left.rank, right.rank
    if right_rank == 1:
        g = _unsqueeze(g, -1)
    if left_rank == 1:
        g = _unsqueeze(g, -2)
    if side == 0:
        other = _unsqueeze(right, 0) if right_rank == 1 else _transposed(right, kernel_of)
        return _summed(_matmul(g, other), left, max(right_rank, 2))
    other = _unsqueeze(left, 1) if left_rank == 1 else _transposed(left, kernel_of)
    return _summed(_matmul(other, g), right, max(left_rank, 2))


def _transposed(x: Value, kernel_of: KernelOf) -> Value:
    """A matrix, or several, with rows and columns exchanged; a copy at most of weights."""
    weights = x.node() is None or x.rank == 2
    swapped = permute(x, [*range(x.rank - 2), x.rank - 1, x.rank - 2])
    return kernel_of(swapped) if weights else swapped


def _summed(gradient: Value, x: Value, other_rank: int) -> Value:
    """Sum over broadcast batch axes, if there are any."""
    if other_rank == 2:
        # A plain matrix: only a vector's own axis is missing.
        return reshape_like(gradient, x) if x.rank == 1 else gradient
    if x.rank == 1:
        rows = x.graph.emit("Reshape", gradient, joined(x.graph.ints(-1), shape(x)))
        return reshape_like(rows.graph.emit("ReduceSum", rows, x.graph.ints(0), keepdims=0), x)
    return unbroadcast(gradient, gradient, x)


def _flipped(x: Value) -> Value:
    return permute(x, [1, 0])


def gemm_a(
    g: Value, ans: Value, x: Inputs, attrs: Attrs, kernel_of: KernelOf = shared_kernel
) -> Value:
    b = kernel_of(x[1] if attrs.get("transB", 0) else _flipped(x[1]))
    gradient = _matmul(g, b) * attrs.get("alpha", 1.0)
    return _flipped(gradient) if attrs.get("transA", 0) else gradient


def gemm_b(
    g: Value, ans: Value, x: Inputs, attrs: Attrs, kernel_of: KernelOf = shared_kernel
) -> Value:
    a = kernel_of(x[0] if attrs.get("transA", 0) else _flipped(x[0]))
    gradient = _matmul(a, g) * attrs.get("alpha", 1.0)
    return _flipped(gradient) if attrs.get("transB", 0) else gradient


def gemm_c(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return unbroadcast(g * attrs.get("beta", 1.0), ans, x[2])
