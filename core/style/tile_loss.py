"""The loss of one tile of a style transfer, as ONNX nodes.

A Gram matrix is of the whole picture, so that a tile cannot know its loss. But once all Gram
matrices are known, so is the derivative of the loss by each of them, and what remains is a sum over
positions: with S that derivative for a layer, and A the layer's own positions in a tile as
[channels, positions], the gradient of <S, A Aᵀ>, summed over all tiles, is that of the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.ops import cast, reshape


@dataclass(frozen=True)
class TileLayers:
    """What the loss of a tile is made of.

    Attributes
    ----------
    style : tuple of str
        Layers whose Gram matrices count.
    content : tuple of str
        Layers that are compared with the content's.
    exponent : float or None
        Of the squared total variation; None where it has no weight.
    """

    style: tuple[str, ...]
    content: tuple[str, ...]
    exponent: float | None

    @property
    def all(self) -> set[str]:
        """The layers to tap."""
        variation = {IMAGE} if self.exponent is not None else set()
        return {*self.style, *self.content} | variation


def sensitivity(layer: str) -> str:
    """The input for S of a style layer, float32 [channels, channels]."""
    return f"sensitivity/{layer}"


def own(layer: str) -> str:
    """The input that is 1 at a style layer's own positions, and 0 elsewhere: [1, 1, h, w]."""
    return f"own/{layer}"


def original(layer: str) -> str:
    """The input for a content layer's activations for the content, [1, channels, h, w]."""
    return f"original/{layer}"


def share(layer: str) -> str:
    """The input for the weights of a content layer's squared differences.

    They are [1, 1 or channels, h, w], 0 at positions that are other tiles' own; for `image`, those
    of the total variation, [1, 1, height - 1, width - 1].
    """
    return f"share/{layer}" if layer != IMAGE else "share/variation"


def tile_loss(graph: Graph, layers: TileLayers) -> Value:
    """Append what is to be maximized, as for `core.network.objective`, and return it.

    It is the sum over all tiles that has a meaning, and only its gradient.
    """
    parts = [_style(graph, layer) for layer in layers.style]
    parts += [_content(graph, layer) for layer in layers.content]
    if layers.exponent is not None:
        parts.append(_variation(graph, layers.exponent))
    loss = parts[0]
    for part in parts[1:]:
        loss = loss + part
    return loss


def _maps(graph: Graph, layer: str) -> Value:
    return cast(graph.value(layer), TensorProto.FLOAT)


def _style(graph: Graph, layer: str) -> Value:
    maps = _maps(graph, layer)
    channels = maps.static(1)
    mine = maps * graph.input(own(layer), [1, 1, None, None])
    matrix = reshape(graph.emit("Transpose", mine, perm=[1, 0, 2, 3]), 0, -1)
    gram = graph.emit("MatMul", matrix, graph.emit("Transpose", matrix, perm=[1, 0]))
    return _sum(gram * graph.input(sensitivity(layer), [channels, channels]), 0, 1)


def _content(graph: Graph, layer: str) -> Value:
    maps = _maps(graph, layer)
    away = maps - graph.input(original(layer), [1, maps.static(1), None, None])
    return -_sum(away * away * graph.input(f"share/{layer}", [1, None, None, None]), 0, 1, 2, 3)


def _variation(graph: Graph, exponent: float) -> Value:
    """The same formula as that of the kind `variation`, summed with weights."""
    image = graph.value(IMAGE)

    def cut(starts: Sequence[int], ends: Sequence[int]) -> Value:
        last = [end or np.iinfo(np.int64).max for end in ends]
        bounds = graph.ints(*starts), graph.ints(*last), graph.ints(2, 3)
        return graph.emit("Slice", image, *bounds)

    here = cut([0, 0], [-1, -1])
    down, right = here - cut([1, 0], [0, -1]), here - cut([0, 1], [-1, 0])
    squared = down * down + right * right
    powers = graph.emit("Pow", squared, graph.like(image, exponent))
    return -_sum(powers * graph.input(share(IMAGE), [1, 1, None, None]), 0, 1, 2, 3)


def _sum(x: Value, *axes: int) -> Value:
    return x.graph.emit("ReduceSum", x, x.graph.ints(*axes), keepdims=0)
