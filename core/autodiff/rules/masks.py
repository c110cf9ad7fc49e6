"""Masks of activations: 1 where a number lies beyond a bound, else 0, in forms for each runtime.

On the CPU, ONNX Runtime keeps HardSigmoid and products in the blocked layout of its convolutions;
comparisons, Where, Min, Clip and arithmetic with numbers leave it, which costs more than they do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from onnx import TensorProto

from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import cast, where

_STEEP = 2.0**100
"""A power of two, so that products are exact: the number next to any bound counts as beyond it."""

_FARTHEST = 2.0**27
"""Bounds whose product with the slope is finite."""


class Masks(ABC):
    """Masks in one form; all forms compute the same numbers."""

    def above(self, x: Value, bound: float = 0.0) -> Value:
        """1 where x > bound, 0 where x = bound, in the tensor's type; x must be nowhere less."""
        if x.dtype != TensorProto.FLOAT or abs(bound) > _FARTHEST:
            return cast(x > bound, x.dtype)
        return self._above(x, bound)

    def below(self, x: Value, bound: float) -> Value:
        """1 where x < bound, 0 where x = bound, in the tensor's type; x must be nowhere more."""
        if x.dtype != TensorProto.FLOAT or abs(bound) > _FARTHEST:
            return cast(x < bound, x.dtype)
        return self._below(x, bound)

    def inside(self, x: Value) -> Value:
        """1 where 0 < x < 1, 0 where x is 0 or 1; x must not be beyond."""
        return self.above(x * self.complement(x))

    @abstractmethod
    def complement(self, x: Value) -> Value:
        """1 - x, for 0 <= x <= 1."""

    @abstractmethod
    def scaled(self, mask: Value, factor: float) -> Value:
        """A mask's product with a number, 0 to 1."""

    @abstractmethod
    def slope(self, x: Value, low: float) -> Value:
        """1 where x > 0, else `low`, 0 to 1."""

    @abstractmethod
    def _above(self, x: Value, bound: float) -> Value:
        """`above` in float32."""

    @abstractmethod
    def _below(self, x: Value, bound: float) -> Value:
        """`below` in float32."""


class SteepMasks(Masks):
    """By HardSigmoid(x) = max(0, min(1, alpha x + beta)), very steep for a mask.

    In float16 the slope would be infinite, and 0 become NaN.
    """

    def complement(self, x: Value) -> Value:
        return _hard_sigmoid(x, -1.0, 1.0)

    def scaled(self, mask: Value, factor: float) -> Value:
        return _hard_sigmoid(mask, factor, 0.0)

    def slope(self, x: Value, low: float) -> Value:
        if x.dtype != TensorProto.FLOAT:
            return where(x > 0, x.graph.like(x, 1.0), low)
        return _hard_sigmoid(self._above(x, 0.0), 1.0, low)

    def _above(self, x: Value, bound: float) -> Value:
        return _hard_sigmoid(x, _STEEP, -bound * _STEEP)

    def _below(self, x: Value, bound: float) -> Value:
        return _hard_sigmoid(x, -_STEEP, bound * _STEEP)


class RampMasks(Masks):
    """By Mul and Min, for runtimes that compute steep HardSigmoids wrongly, as OpenVINO does."""

    def complement(self, x: Value) -> Value:
        return 1 - x

    def scaled(self, mask: Value, factor: float) -> Value:
        return mask * factor

    def slope(self, x: Value, low: float) -> Value:
        return where(x > 0, x.graph.like(x, 1.0), low)

    def _above(self, x: Value, bound: float) -> Value:
        return self._ramp(x - bound if bound else x)

    def _below(self, x: Value, bound: float) -> Value:
        return self._ramp(bound - x)

    def _ramp(self, x: Value) -> Value:
        return x.graph.emit("Min", x * _STEEP, x.graph.like(x, 1.0))


def _hard_sigmoid(x: Value, alpha: float, beta: float) -> Value:
    return x.graph.emit("HardSigmoid", x, alpha=alpha, beta=beta)


STEEP, RAMP = "steep", "ramp"
MASKS: dict[str, Masks] = {STEEP: SteepMasks(), RAMP: RampMasks()}
"""By their names in `core.autodiff.variants`."""
