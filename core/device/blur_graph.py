"""Gaussian blur as ONNX nodes: `scipy.ndimage.gaussian_filter` with mirrored borders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import gather, reshape

_TRUNCATE = 4.0


def radius_of(sigma: float) -> int:
    """How many pixels a Gaussian reaches to either side."""
    return int(_TRUNCATE * sigma + 0.5)


def gaussian(sigma: float, radius: int | None = None) -> npt.NDArray[np.float32]:
    """The weights of a Gaussian, float32 [2 * radius + 1]; zeros where `radius` is beyond its own.

    `scipy.ndimage.gaussian_filter1d`.
    """
    own = radius_of(sigma)
    at = np.arange(-own, own + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * at**2)
    return np.pad((weights / weights.sum()).astype(np.float32), (radius or own) - own)


def mirrored(size: int, radius: int) -> npt.NDArray[np.int64]:
    """Where each pixel of an axis that goes on by `radius` to either side is taken from."""
    at = np.arange(-radius, size + radius) % (2 * size)
    return np.where(at < size, at, 2 * size - 1 - at)


def mixing(sigma: float, colours: int = 3) -> npt.NDArray[np.float32]:
    """The blur across colours as a matrix, float32 [colours, colours]."""
    radius, weights = radius_of(sigma), gaussian(sigma)
    matrix = np.zeros((colours, colours), np.float64)
    for to in range(colours):
        for weight, at in zip(weights, mirrored(colours, radius)[to:], strict=False):
            matrix[to, at] += weight
    return matrix.astype(np.float32)


def blurred(value: Value, size: tuple[int, int], weights: Value, radius: int) -> Value:
    """Append the nodes that blur rows and columns.

    Parameters
    ----------
    value : Value
        float32 [3, *size].
    weights : Value
        float32 [2 * radius + 1].
    """
    for axis, length in enumerate(size, 1):
        wide = gather(value, mirrored(length, radius), axis)
        value = correlated(wide, weights, axis)
    return value


def correlated(value: Value, weights: Value, axis: int, stride: int = 1) -> Value:
    """Correlate each plane of [3, height, width] with weights along one axis, where all fit."""
    graph, tall = value.graph, axis == 1
    result = graph.emit(
        "Conv",
        graph.emit("Unsqueeze", value, graph.ints(1)),
        reshape(weights, 1, 1, *((-1, 1) if tall else (1, -1))),
        strides=[stride, 1] if tall else [1, stride],
    )
    return graph.emit("Squeeze", result, graph.ints(1))
