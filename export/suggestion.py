"""Which layers of a network to begin with."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from dreamlayer.core.errors import NetworkError, bare
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.trials import refusal

_MIN_CHANNELS = 16
_GATES = frozenset(
    {
        *("Sigmoid", "HardSigmoid", "Tanh", "Softplus", "Erf", "Clip", "Exp", "Log"),
        *("Add", "Sub", "Mul", "Div", "Pow"),
    }
)
_STEPS = 6
"""Nodes of a written-out activation, at most."""

_MOVES = frozenset({"Reshape", "Transpose", "Slice"})
_DREAMT = frozenset(
    {
        *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Clip", "HardSwish", "Softplus"),
        *("Gelu", "Mish", "Swish", "Add", "Sum", "Concat"),
    }
)
"""Operators whose results are worth a dream: activations, and ends of blocks."""


def layer_to_begin_with(network: Network, advice: str = "") -> str | None:
    """The first of the suggested layers on which a trial of a dream succeeds.

    Parameters
    ----------
    network
        Its layers are tried in this process.
    advice
        What to do where no layer dreams, as a clause.

    Returns
    -------
    str or None
        None where there are no layers.

    Raises
    ------
    NetworkError
        No layer dreams; with the reason of the one that is suggested first.
    """
    layers = suggested_layers(network)
    first = ""
    for layer in layers:
        why = refusal(network, layer)
        if why is None:
            return layer
        first = first or why
    if layers:
        raise NetworkError(
            f"a dream on its layer {bare(layers[0])} would be refused: {first}"
            f"{advice and '; '}{advice}"
        )
    return None


def suggested_layers(network: Network) -> list[str]:
    """Layers that can be dreamed of, first the one to begin with: about two thirds on the way.

    Near the image there are edges alone, and at the end a classifier's features. Results of blocks
    and activations are preferred, of as many channels as a picture needs.
    """
    layers = [layer for layer in network.layers() if layer.reason is None]
    # Those of networks that are not adopted may have what stands between layers.
    usable = [layer for layer in layers if not {":", ","} & set(layer.name)]
    makers = {name: node for node in network.model.graph.node for name in node.output}
    wide = [layer for layer in usable if layer.channels is None or layer.channels >= _MIN_CHANNELS]
    good = [layer for layer in wide if _is_worth_a_dream(makers, layer.name)]
    start = len(usable) * 2 // 3
    later = {layer.name for layer in usable[start:]}
    ranked = [
        *(layer for layer in good if layer.name in later),
        *reversed(good),
        *usable[start:],
        *reversed(usable),
    ]
    return list(dict.fromkeys(layer.name for layer in ranked))


def _is_worth_a_dream(makers: Mapping[str, onnx.NodeProto], layer: str) -> bool:
    """Whether an activation or a block ends in a layer, behind what only moves its values."""
    node = makers.get(layer)
    while node is not None and node.op_type in _MOVES:
        node = makers.get(node.input[0])
    if node is None or node.op_type not in ("Mul", "Div"):
        return node is not None and node.op_type in _DREAMT
    # An activation such as x · sigmoid(x), but not what is weighed by something else.
    seen, tensors = set(node.input), list(node.input)
    for _ in range(_STEPS):
        nodes = [makers[name] for name in tensors if name in makers]
        tensors = [one for node in nodes if node.op_type in _GATES for one in node.input[:2]]
        if seen.intersection(tensors):
            return True
        seen.update(tensors)
    return False
