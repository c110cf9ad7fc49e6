"""Weights as small whole numbers: how the shipped networks store their kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KIND = np.uint16
_LEVELS = np.iinfo(_KIND).max


@dataclass(frozen=True)
class QuantizedTensor:
    """A weight in 8 or 16 bits: ``value = codes * scale + minimum``.

    Attributes
    ----------
    codes
        uint8 or uint16, of the weight's shape.
    scale, minimum
        One number each, or an array that broadcasts against `codes`.
    """

    codes: NDArray[np.unsignedinteger[Any]]
    scale: Any
    minimum: Any

    def dequantize(self) -> NDArray[np.float32]:
        """Return the weight as float32, rounded once from float64 as in JavaScript."""
        exact = self.codes.astype(np.float64) * self.scale + self.minimum
        return np.asarray(exact, np.float32)

    def transpose(self, *axes: int) -> QuantizedTensor:
        """Return the same weight with its axes in another order."""
        return QuantizedTensor(
            np.ascontiguousarray(self.codes.transpose(axes)),
            *(
                np.ascontiguousarray(part.transpose(axes)) if np.ndim(part) else part
                for part in (self.scale, self.minimum)
            ),
        )


def quantize(weight: NDArray[np.float32], axis: int) -> QuantizedTensor:
    """Round a weight to 16 bits, each slice along an axis between its own bounds.

    Parameters
    ----------
    weight
        float32.
    axis
        That of the output channels.

    Returns
    -------
    QuantizedTensor
        Scale and minimum are float32. Only operations that IEEE 754 rounds in one way are used, so
        every machine gives the same bytes.
    """
    others = tuple(other for other in range(weight.ndim) if other != axis % weight.ndim)
    minimum = weight.min(axis=others, keepdims=True)
    scale = (weight.max(axis=others, keepdims=True) - minimum) / np.float32(_LEVELS)
    scale[scale == 0] = 1  # a channel of one value
    codes = np.rint((weight - minimum) / scale).clip(0, _LEVELS).astype(_KIND)
    return QuantizedTensor(codes, scale, minimum)
