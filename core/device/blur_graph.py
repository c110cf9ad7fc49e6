"""Gaussian blur as ONNX nodes: `scipy.ndimage.gaussian_filter` with mirrored borders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import gather, reshape

_TRUNCATE = 4.0


def radius_of(sigma: float) -> int:
    """The radius of a Gaussian kernel in pixels."""
    return int(_TRUNCATE * sigma + 0.5)


def gaussian(sigma: float, radius: int | None = None) -> npt.NDArray[np.float32]:
    """The weights of a Gaussian, float32 [2 * radius + 1], padded with zeros to a larger `radius`.

    `scipy.ndimage.gaussian_filter1d`.
    """
    own = radius_of(sigma)
    at = np.arange(-own, own + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * at**2)
    return np.pad((weights / weights.sum()).astype(np.float32), (radius or own) - own)


def mirrored(size: int, radius: int) -> npt.NDArray[np.int64]:
    """The source pixel of each pixel of an axis that is extended by `radius` on both sides."""
    at = np.arange(-radius, size + radius) % (2 * size)
    return np.where(at < size, at, 2 * size - 1 - at)


def color_mixing(sigma: float, colors: int = 3) -> npt.NDArray[np.float32]:
    """The blur across colors as a matrix, float32 [colors, colors]."""
    radius, weights = radius_of(sigma), gaussian(sigma)
    matrix = np.zeros((colors, colors), np.float64)
    for to in range(colors):
        for weight, at in zip(weights, mirrored(colors, radius)[to:], strict=False):
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
        value = correlated(gather(value, mirrored(length, radius), axis), weights, axis)
    return value


def correlated(value: Value, weights: Value, axis: int, stride: int = 1) -> Value:
    """Correlate each plane of [3, height, width] with weights along one axis, without padding."""
    graph, tall = value.graph, axis == 1
    result = graph.emit(
        "Conv",
        graph.emit("Unsqueeze", value, graph.ints(1)),
        reshape(weights, 1, 1, *((-1, 1) if tall else (1, -1))),
        strides=[stride, 1] if tall else [1, stride],
    )
    return graph.emit("Squeeze", result, graph.ints(1))
