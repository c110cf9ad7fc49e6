"""Where a channel's values come from before its ReLU, which hides those below zero."""

from __future__ import annotations

from onnx import ModelProto, NodeProto

from dreamlayer.core.graph.inference import IMAGE, attributes
from dreamlayer.core.graph.sizes import Shapes

_SAME_CHANNELS = {"MaxPool", "AveragePool", "Identity", "Dropout"}


def before_relu(model: ModelProto, shapes: Shapes, layer: str, channel: int) -> tuple[str, int]:
    """Tensor and channel that a layer's channel is the ReLU of.

    A channel that noise leaves below zero everywhere has no gradient after its ReLU and never
    wakes; before it, it has. The DeepDream tutorial of TensorFlow 1 dreams of such tensors.

    Parameters
    ----------
    model : onnx.ModelProto
        A network.
    shapes : dict
        What `core.graph.sizes.shapes_at` gave for it.
    layer : str
        A tensor [batch, channels, height, width].
    channel : int
        Counted from 0.

    Returns
    -------
    (str, int)
        Also through joined branches and pools; the layer and channel themselves where no ReLU is
        on the way.
    """
    producers = {name: node for node in model.graph.node for name in node.output}
    tensor, place = layer, channel
    while tensor in producers:
        node = producers[tensor]
        if node.op_type == "Relu":
            return (node.input[0], place) if node.input[0] != IMAGE else (layer, channel)
        if node.op_type == "Concat" and attributes(node)["axis"] in (1, -3):
            tensor, place = _branch(node, shapes, place)
        elif node.op_type in _SAME_CHANNELS:
            tensor = node.input[0]
        else:
            break
    return layer, channel


def _branch(node: NodeProto, shapes: Shapes, channel: int) -> tuple[str, int]:
    """Which of the joined tensors has a channel, and which of its own that is."""
    for name in node.input:
        count = shapes.get(name, [0, 0])[1]
        if channel < count:
            return name, channel
        if not count:
            break
        channel -= count
    return "", channel
