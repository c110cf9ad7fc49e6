"""What there is to choose from in a network: its main layers, or the channels of one."""

from __future__ import annotations

from collections.abc import Sequence

from dreamlayer.core.errors import LayerError
from dreamlayer.core.network.network import Layer, Network
from dreamlayer.core.recipe.term import Term, check_channels

_SHAPELESS = {"BatchNormalization", "Relu", "Clip", "LeakyRelu", "PRelu", "Elu", "Sigmoid", "Tanh"}
_SHAPELESS |= {"Identity", "Add", "Mul", "Sub", "Div", "HardSwish", "HardSigmoid", "Dropout"}
_POOLS = {"MaxPool", "AveragePool", "LpPool"}


def whole_layers(network: Network, everything: bool = False) -> list[Term]:
    """Layers that are worth a choice, from image to output.

    Those that everything passes through: ends of blocks, without the steps in between (a
    convolution before its activation, pools). Where that leaves fewer than two, or `everything`
    is wished, all that can be dreamed.

    Raises
    ------
    LayerError
        None can be dreamed.
    """
    usable = [x for x in network.layers() if x.reason is None]
    if not usable:
        raise LayerError(
            f"no layer of network {network.name} can be dreamed; `dreamlayer layers` says why"
        )
    main = [] if everything else _main_layers(network, usable)
    return [Term(layer.name) for layer in (main if len(main) > 1 else usable)]


def _main_layers(network: Network, usable: Sequence[Layer]) -> list[Layer]:
    """Layers at which the graph has one path only, ends of elementwise chains alone."""
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
        # Something computed before and read after it goes another way.
        around = any(
            producer[n] < here and last.get(n, len(nodes)) > here for n in names if n != layer.name
        )
        goes_on = consumers.get(layer.name, [])
        if not around and not (goes_on and set(goes_on) <= _SHAPELESS):
            found.append(layer)
    return found


def channel_terms(
    network: Network, layer: str, channels: tuple[int, ...] = (), most: int = 64
) -> tuple[list[Term], int]:
    """One term for each of a layer's channels, and how many channels it has.

    Parameters
    ----------
    network : Network
        Whose.
    layer : str
        Name of a layer that can be dreamed.
    channels : tuple of int
        Which; empty for all, from the first.
    most : int
        At most so many of those not named; 0 for all.

    Raises
    ------
    LayerError
        There is no such layer or channel, it cannot be dreamed, or has no channels.
    """
    network.check_layers([layer])
    known = {x.name: x for x in network.layers()}.get(layer)
    count = None if known is None else known.channels
    if known is not None and known.reason is not None:
        raise LayerError(f"layer {layer!r} cannot be dreamed: {known.reason}; choose another")
    if count is None:
        raise LayerError(
            f"layer {layer!r} of network {network.name} has no known number of channels; "
            f"choose one that `dreamlayer layers` lists with its channels"
        )
    check_channels(channels, layer, count)
    chosen = channels or tuple(range(min(count, most) if most else count))
    return [Term(layer, channels=(channel,), kind="mean") for channel in chosen], count
