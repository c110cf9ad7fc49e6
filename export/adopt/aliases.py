"""Other names of an adopted network's layers: the source's, and those that dreamlayer 0.1 gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

MOST_ALIASES = 20_000
MOST_LENGTH = 400
"""Characters of an alias; a longer one is left out."""


def names_of_0_1(graph: onnx.GraphProto) -> dict[str, str]:
    """The names that dreamlayer 0.1 gave to tensors at adoption, by the source's names.

    It renamed tensors that were named by a number or after a node's output, to the node's name.
    """
    outputs = {info.name for info in graph.output}
    taken = {name for node in graph.node for name in [*node.input, *node.output]}
    names: dict[str, str] = {}
    for node in graph.node:
        tensor, wanted = node.output[0], node.name.lstrip("/")
        derived = tensor.isdigit() or tensor.lstrip("/").startswith(wanted)
        if wanted and derived and tensor not in outputs and wanted not in taken:
            names[tensor] = wanted
            taken.add(wanted)
    return names


def originals_of(source: onnx.ModelProto) -> dict[str, str]:
    """The names of a source's tensors, by those without colons and commas."""
    return {
        name.replace(":", "_").replace(",", "_"): name
        for node in source.graph.node
        for name in node.output
        if ":" in name or "," in name
    }


def aliases_of(
    graph: onnx.GraphProto, names: Mapping[str, str], originals: Mapping[str, str]
) -> dict[str, str]:
    """The other names of layers.

    Parameters
    ----------
    graph
        The network with the source's names.
    names
        The layer that each tensor becomes.
    originals
        What tensors were called in the source, where that was something else.

    Returns
    -------
    dict
        The layer by its other name: the one of dreamlayer 0.1, the tensor's and the node's. None of
        them is the name of a layer or of another tensor, and each stands for one layer.
    """
    former = names_of_0_1(graph)
    makers = {name: node for node in graph.node for name in node.output}
    taken = {*names.values(), *(name for name in makers if name not in names)}
    found: dict[str, str] = {}
    ways: Sequence[Mapping[str, str]] = (
        {tensor: former.get(tensor, "") for tensor in names},
        {tensor: tensor for tensor in names},
        {tensor: originals.get(tensor, "") for tensor in names},
        {tensor: makers[tensor].name for tensor in names},
    )
    for way in ways:
        for tensor, layer in names.items():
            alias = way[tensor]
            if alias and alias not in taken and len(alias) <= MOST_LENGTH:
                found.setdefault(alias, layer)
    return dict(list(found.items())[:MOST_ALIASES])
