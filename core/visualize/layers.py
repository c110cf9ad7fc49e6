"""What a gallery shows of a network: its main layers, or channels, before their ReLU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onnx import ModelProto, NodeProto, numpy_helper

from dreamlayer.core.errors import LayerError, shown
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.sizes import Shapes
from dreamlayer.core.network.layers import Layer
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term, check_channels

_ACTIVATIONS = {"Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "Clip"}
_ACTIVATIONS |= {"Sigmoid", "HardSigmoid", "Tanh", "Softplus", "Softsign", "HardSwish", "Mish"}
_ACTIVATIONS |= {"Gelu"}
_ELEMENTWISE = {"BatchNormalization", "Identity", "Add", "Mul", "Sub", "Div", "Dropout"}
_ELEMENTWISE |= _ACTIVATIONS
_POOLS = {"MaxPool", "AveragePool", "LpPool"}
_MOVES = {"Reshape", "Transpose", "Slice"}
_SAME_CHANNELS = {"MaxPool", "AveragePool", "Identity", "Dropout"}


def whole_layers(network: Network, everything: bool = False) -> list[Term]:
    """The main layers of a network, from image to output.

    These are the ends of blocks, through which all data flows, without the steps in between (a
    convolution before its activation, pools). Where a block ends without an activation, as those of
    MobileNetV2 do, the first activation of what follows takes its place. All layers that can be
    dreamed of are returned with `everything`, or if there is at most one main layer.

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
    """Layers at which the graph has a single path, or the activations that follow those."""
    nodes = network.model.graph.node
    # Who asks for its sizes only does not carry a tensor on.
    carrying = [(i, node) for i, node in enumerate(nodes) if node.op_type != "Shape"]
    last = {name: i for i, node in carrying for name in node.input}
    ends = {info.name for info in network.model.graph.output}
    producer = {name: i for i, node in enumerate(nodes) for name in node.output}
    consumers: dict[str, list[str]] = {}
    for _, node in carrying:
        for name in node.input:
            consumers.setdefault(name, []).append(node.op_type)
    constants = {t.name for t in network.model.graph.initializer}
    constants |= {o for node in nodes if node.op_type == "Constant" for o in node.output}
    names = [n for n in producer if n not in constants and (n in last or n in ends)]
    found = []
    for layer in usable:
        here = producer.get(_held(nodes, producer, last, layer.name))
        if here is None or nodes[here].op_type in _POOLS:
            continue
        # A tensor that is computed before it and read after it bypasses it.
        held = nodes[here].output[0]
        bypassed = any(
            producer[n] < here and last.get(n, len(nodes)) > here for n in names if n != held
        )
        readers = consumers.get(held, [])
        if not bypassed and not (readers and set(readers) <= _ELEMENTWISE):
            found.append(layer)
    return _activated(network.model, usable, found)


def _held(
    nodes: Sequence[NodeProto], producer: Mapping[str, int], last: Mapping[str, int], layer: str
) -> str:
    """The tensor of the network's that a layer is made from, if only for those who look at it.

    Tokens are made maps beside the network; see `export.adopt.token_maps`.
    """
    tensor = layer
    while tensor in producer and (tensor == layer or last[tensor] <= producer[layer]):
        node = nodes[producer[tensor]]
        if layer in last or node.op_type not in _MOVES:
            return tensor
        tensor = node.input[0]
    return tensor


def _activated(model: ModelProto, usable: Sequence[Layer], ends: Sequence[Layer]) -> list[Layer]:
    """Ends of blocks, with the first activation after each that is none in its place, each once."""
    producers = {name: (i, node) for i, node in enumerate(model.graph.node) for name in node.output}
    places = {layer.name: producers[layer.name][0] for layer in usable if layer.name in producers}
    following = [x for x in usable if x.name in places and _is_activation(producers, x.name)]
    found = {}
    for end in ends:
        after = (x for x in following if places[x.name] > places[end.name])
        used = end if _is_active(producers, end.name) else next(after, end)
        found[used.name] = used
    return sorted(found.values(), key=lambda layer: places[layer.name])


def _is_active(producers: Mapping[str, tuple[int, NodeProto]], tensor: str) -> bool:
    """Whether a tensor consists of activations only, also concatenated or pooled ones."""
    while tensor in producers:
        node = producers[tensor][1]
        if node.op_type == "Concat":
            return all(_is_active(producers, name) for name in node.input)
        if node.op_type not in _SAME_CHANNELS:
            return _is_activation(producers, tensor)
        tensor = node.input[0]
    return False


def _is_activation(producers: Mapping[str, tuple[int, NodeProto]], tensor: str) -> bool:
    node = producers[tensor][1]
    if node.op_type != "Mul":
        return node.op_type in _ACTIVATIONS
    # A factor that is an activation makes a gate, such as that of x · sigmoid(x).
    factors = (producers[name][1].op_type for name in node.input if name in producers)
    return not _ACTIVATIONS.isdisjoint(factors)


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
    layer = network.tensor(layer)
    known = {x.name: x for x in network.layers()}.get(layer)
    count = None if known is None else known.channels
    if known is not None and known.reason is not None:
        raise LayerError(
            f"layer {shown(layer)} cannot be dreamed of: {known.reason}; choose another"
        )
    if count is None:
        raise LayerError(
            f"layer {shown(layer)} of network {network.name} has an unknown number of channels; "
            f"choose one that `dreamlayer layers` lists with channels"
        )
    check_channels(channels, layer, count)
    chosen = channels or tuple(range(min(count, most) if most else count))
    return [Term(layer, channels=(channel,), kind="mean") for channel in chosen], count


def before_relu(model: ModelProto, shapes: Shapes, layer: str, channel: int) -> tuple[str, int]:
    """Find the tensor and channel before the ReLU, or ReLU6, of a layer's channel.

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
    tensor, place, passed = layer, channel, False
    while tensor in producers:
        node = producers[tensor]
        if _is_relu(model, producers, node):
            tensor, passed = node.input[0], True
        elif passed:
            break
        elif node.op_type == "Concat" and attributes(node)["axis"] in (1, -3):
            tensor, place = _branch(node, shapes, place)
        elif node.op_type in _SAME_CHANNELS:
            tensor = node.input[0]
        else:
            break
    return (tensor, place) if passed and tensor != IMAGE else (layer, channel)


def _is_relu(model: ModelProto, producers: Mapping[str, NodeProto], node: NodeProto) -> bool:
    """Whether a node sets negative values to zero: a ReLU, or a Clip from 0 on, such as ReLU6."""
    if node.op_type != "Clip":
        return node.op_type == "Relu"
    name = node.input[1] if len(node.input) > 1 else ""
    if not name:
        return attributes(node).get("min") == 0
    stored = [t for t in model.graph.initializer if t.name == name]
    if name in producers and producers[name].op_type == "Constant":
        given = attributes(producers[name])
        if "value" not in given:
            return given.get("value_float") == 0
        stored = [given["value"]]
    return bool(stored) and not numpy_helper.to_array(stored[0]).any()


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
