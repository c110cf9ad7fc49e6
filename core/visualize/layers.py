"""What a gallery shows of a network: its main layers, or channels, before their ReLU."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import ModelProto, NodeProto

from dreamlayer.core.errors import LayerError
from dreamlayer.core.graph.inference import IMAGE, attributes
from dreamlayer.core.graph.sizes import Shapes
from dreamlayer.core.network.network import Layer, Network
from dreamlayer.core.recipe.term import Term, check_channels

_ELEMENTWISE = {
    "BatchNormalization",
    "Relu",
    "Clip",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Sigmoid",
    "Tanh",
}
_ELEMENTWISE |= {"Identity", "Add", "Mul", "Sub", "Div", "HardSwish", "HardSigmoid", "Dropout"}
_POOLS = {"MaxPool", "AveragePool", "LpPool"}
_SAME_CHANNELS = {"MaxPool", "AveragePool", "Identity", "Dropout"}


def whole_layers(network: Network, everything: bool = False) -> list[Term]:
    """The main layers of a network, from image to output.

    These are the ends of blocks, through which all data flows, without the steps in between (a
    convolution before its activation, pools). All layers that can be dreamed of are returned with
    `everything`, or if there is at most one main layer.

    Raises
    ------
    LayerError
        No layer can be dreamed of.
    """
    usable = [x for x in network.layers() if x.reason is None]
    if not usable:
        raise LayerError(
            f"no layer of network {network.name} can be dreamed of; `dreamlayer layers` says why"
        )
    main = [] if everything else _main_layers(network, usable)
    return [Term(layer.name) for layer in (main if len(main) > 1 else usable)]


def _main_layers(network: Network, usable: Sequence[Layer]) -> list[Layer]:
    """Layers at which the graph has a single path, at the end of elementwise operations."""
    nodes = network.model.graph.node
    last = {name: i for i, node in enumerate(nodes) for name in node.input}
    ends = {info.name for info in network.model.graph.output}
    producer = {name: i for i, node in enumerate(nodes) for name in node.output}
    consumers: dict[str, list[str]] = {}
    for node in nodes:
        for name in node.input:
            consumers.setdefault(name, []).append(node.op_type)
    constants = {t.name for t in network.model.graph.initializer}
    constants |= {o for node in nodes if node.op_type == "Constant" for o in node.output}
    names = [n for n in producer if n not in constants and (n in last or n in ends)]
    found = []
    for layer in usable:
        here = producer.get(layer.name)
        if here is None or nodes[here].op_type in _POOLS:
            continue
        # A tensor that is computed before it and read after it bypasses it.
        bypassed = any(
            producer[n] < here and last.get(n, len(nodes)) > here for n in names if n != layer.name
        )
        readers = consumers.get(layer.name, [])
        if not bypassed and not (readers and set(readers) <= _ELEMENTWISE):
            found.append(layer)
    return found


def channel_terms(
    network: Network, layer: str, channels: tuple[int, ...] = (), most: int = 64
) -> tuple[list[Term], int]:
    """One term for each of a layer's channels, and how many channels it has.

    Parameters
    ----------
    network : Network
        Has the layer.
    layer : str
        Name of a layer that can be dreamed of.
    channels : tuple of int
        Channels to use; empty for the first `most`.
    most : int
        How many without `channels`; 0 for all.

    Raises
    ------
    LayerError
        There is no such layer or channel, or the layer cannot be dreamed of or has no channels.
    """
    network.check_layers([layer])
    known = {x.name: x for x in network.layers()}.get(layer)
    count = None if known is None else known.channels
    if known is not None and known.reason is not None:
        raise LayerError(f"layer {layer!r} cannot be dreamed of: {known.reason}; choose another")
    if count is None:
        raise LayerError(
            f"layer {layer!r} of network {network.name} has an unknown number of channels; "
            f"choose one that `dreamlayer layers` lists with channels"
        )
    check_channels(channels, layer, count)
    chosen = channels or tuple(range(min(count, most) if most else count))
    return [Term(layer, channels=(channel,), kind="mean") for channel in chosen], count


def before_relu(model: ModelProto, shapes: Shapes, layer: str, channel: int) -> tuple[str, int]:
    """Find the tensor and channel before the ReLU of a layer's channel.

    A channel that is below zero everywhere has a gradient before its ReLU, but none after it, so
    that a dream from noise could not start. The DeepDream tutorial of TensorFlow 1 uses such
    tensors.

    Parameters
    ----------
    model : onnx.ModelProto
        A network.
    shapes : dict
        What `core.graph.sizes.shapes_at` returned for it.
    layer : str
        A tensor [batch, channels, height, width].
    channel : int
        Counted from 0.

    Returns
    -------
    (str, int)
        Found through concatenations and pools too; the given layer and channel if there is no
        ReLU.
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
    """The input of a Concat that has a channel, and the channel's number in it."""
    for name in node.input:
        count = shapes.get(name, [0, 0])[1]
        if channel < count:
            return name, channel
        if not count:
            break
        channel -= count
    return "", channel
