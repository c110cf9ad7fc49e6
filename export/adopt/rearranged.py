"""Layers that the network itself makes feature maps of: windows put together, norms of tokens."""

from __future__ import annotations

from collections.abc import Container, Mapping

import onnx

from dreamlayer.export.adopt.maps import FeatureMap, Shapes

_REARRANGING = frozenset(
    {
        *("Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Concat"),
        *("Identity", "Cast", "DepthToSpace"),
    }
)
"""Operators that move numbers and compute none. A concatenation is one where it puts parts of one
tensor together, as where a shifted map is rolled back."""


def rearranged_layers(
    graph: onnx.GraphProto,
    wanted: Container[str],
    maps: Mapping[str, FeatureMap],
    shapes: Shapes,
) -> set[str]:
    """Find the feature maps that a network makes of layers that are not maps themselves.

    Attention in windows (Swin) ends with a product of shape [windows, tokens, channels], which is
    put together to a map; a batch norm of tokens (LeViT) is one of [tokens, channels].

    Parameters
    ----------
    graph
        The network.
    wanted
        Tensors that may be layers.
    maps
        Its feature maps, by their tensors.
    shapes
        Shapes of the tensors of one image.

    Returns
    -------
    set of str
        Of each such layer the last map that has all its channels: before that, shifted windows are
        not yet rolled back, nor cut to what is within the picture.
    """
    came_from: dict[str, str] = {}
    found: dict[str, str] = {}
    for node in graph.node:
        name = node.output[0]
        layer = _rearranged(node, came_from)
        if layer is None:
            if name in wanted and name not in maps:
                came_from[name] = name
            continue
        came_from[name] = layer
        if name in maps and _channels(name, maps[name], shapes) in shapes.get(layer, ())[1:]:
            found[layer] = name
    return set(found.values())


def _rearranged(node: onnx.NodeProto, came_from: Mapping[str, str]) -> str | None:
    """The layer that a node rearranges."""
    if node.op_type not in _REARRANGING:
        return None
    moved = node.input if node.op_type == "Concat" else node.input[:1]
    layers = {came_from.get(name) for name in moved}
    return layers.pop() if len(layers) == 1 else None


def _channels(name: str, found: FeatureMap, shapes: Shapes) -> int:
    return shapes[name][found.channels]
