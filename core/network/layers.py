"""What is told of a network's layers: channels, stride, and whether they can be dreamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dreamlayer.core.runtime.facts import optional, string, whole

if TYPE_CHECKING:
    import onnx

Row = tuple[str, int | None, int | None, str | None]
"""The attributes of a `Layer`, as the cache holds them."""


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    Attributes
    ----------
    name : str
        Its name in recipes.
    channels : int or None
        Its number of channels, None if the file does not tell.
    stride : int or None
        Pixels of the image per position, None for a layer without positions.
    reason : str or None
        Why it cannot be dreamed; None if it can.
    """

    name: str
    channels: int | None
    stride: int | None
    reason: str | None


def feature_maps(model: onnx.ModelProto, tensors: Sequence[str]) -> list[str]:
    """Those of a network's tensors that have channels, rows and columns."""
    from dreamlayer.core.graph.sizes import probe, shapes_at

    shapes = shapes_at(model, probe(model))
    return [name for name in tensors if len(shapes.get(name, ())) == 4]


def described(model: onnx.ModelProto, names: Sequence[str]) -> list[Row]:
    """The attributes of `Layer` for each of a network's layers."""
    from dreamlayer.core.autodiff.backward import differentiable
    from dreamlayer.core.graph.sizes import probe, shapes_at, strides

    shapes = shapes_at(model, probe(model))
    reasons = differentiable(model, names)
    steps = strides(model)
    rows = []
    for name in names:
        dims = shapes.get(name, [])
        channels = dims[1] or None if len(dims) > 1 else None
        rows.append((name, channels, steps.get(name), reasons[name]))
    return rows


def read_layers(value: Any) -> list[Layer]:
    """Layers from the rows of the cache; raises `TypeError` or `ValueError` for anything else."""
    return [
        Layer(
            string(name), optional(channels, whole), optional(stride, whole), optional(why, string)
        )
        for name, channels, stride, why in value
    ]
