"""Trace formulas of `core.ascent.backend` into ONNX graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from dreamlayer.core.ascent.backend import Formula, Size
from dreamlayer.core.device.blur_graph import blurred, gaussian, radius_of
from dreamlayer.core.device.resample_graph import resized
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.edit import FLOAT, new_graph, to_model
from dreamlayer.core.graph.ops import clipped

RESULT = "result"
"""The name of a formula's output; its inputs are `image0`, `image1` and so on."""


@dataclass(frozen=True)
class Traced:
    """All planes of an image in a graph; arithmetic on it appends nodes."""

    value: Value
    size: Size

    def __add__(self, other: Traced | float) -> Traced:
        return Traced(self.value + _operand(other), self.size)

    def __sub__(self, other: Traced | float) -> Traced:
        return Traced(self.value - _operand(other), self.size)

    def __mul__(self, other: Traced | float) -> Traced:
        return Traced(self.value * _operand(other), self.size)


def _operand(other: Traced | float) -> Value | float:
    return other.value if isinstance(other, Traced) else other


class TracedFilters:
    """Operations of formulas on an image in a graph.

    Parameters
    ----------
    method : str
        The recipe's resampling method.
    """

    def __init__(self, method: str) -> None:
        self._method = method

    def resize(self, planes: Traced, size: Size, method: str | None = None) -> Traced:
        """Resample to (height, width)."""
        return Traced(resized(planes.value, planes.size, size, method or self._method), size)

    def blur(self, planes: Traced, sigma: float) -> Traced:
        """Gaussian blur; edges are mirrored."""
        weights = planes.value.graph.constant(gaussian(sigma))
        return Traced(blurred(planes.value, planes.size, weights, radius_of(sigma)), planes.size)

    def clip(self, planes: Traced) -> Traced:
        """Clip pixels to 0..1."""
        return Traced(clipped(planes.value, 0, 1), planes.size)


def traced(formula: Formula, sizes: Sequence[Size], method: str) -> tuple[onnx.ModelProto, Size]:
    """The graph of a formula.

    Parameters
    ----------
    formula : callable
        As for `core.ascent.backend.Backend.map`.
    sizes : sequence of (int, int)
        Heights and widths of its images.
    method : str
        The recipe's resampling method.

    Returns
    -------
    (onnx.ModelProto, (int, int))
        The model, float32 [3, h, w] throughout, and the size of its result.
    """
    graph = new_graph({f"image{n}": (FLOAT, [3, *size]) for n, size in enumerate(sizes)}, "formula")
    images = [Traced(graph.value(f"image{n}"), size) for n, size in enumerate(sizes)]
    result = formula(TracedFilters(method), *images)
    return to_model(graph, {RESULT: result.value}), result.size
