"""Which tensors of a foreign network are layers, and how they are named."""

from __future__ import annotations

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph import sizes

LAYER_OPERATORS = frozenset(
    {
        "Conv",
        "ConvTranspose",
        "BatchNormalization",
        "InstanceNormalization",
        "LRN",
        "Relu",
        "LeakyRelu",
        "PRelu",
        "Elu",
        "Selu",
        "Celu",
        "Clip",
        "Sigmoid",
        "HardSigmoid",
        "HardSwish",
        "Tanh",
        "Softplus",
        "Softsign",
        "Gelu",
        "Mish",
        "MaxPool",
        "AveragePool",
        "Concat",
        "Add",
        "Sum",
        "Mul",
    }
)

SIDES = (256, 320)  # px; a layer that has the same size for both does not grow with the image


def better_names(graph: onnx.GraphProto) -> dict[str, str]:
    """Find better names for tensors that are named by a number or after a node's output.

    Parameters
    ----------
    graph
        A network.

    Returns
    -------
    dict
        The name of the node that computes it, by the name of the tensor. No name is given twice,
        and outputs of the graph keep theirs.
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


def find_layers(network: onnx.ModelProto) -> list[str]:
    """Find the feature maps of a network.

    Parameters
    ----------
    network
        With the input ``image``.

    Returns
    -------
    list of str
        Tensors of rank 4 after the first convolution that grow with the image, in topological
        order.

    Raises
    ------
    NetworkError
        The network has none.
    """
    small = sizes.shapes_at(network, SIDES[0])
    large = sizes.shapes_at(network, SIDES[1])
    before, after = _around_convolutions(network.graph)
    layers = [
        node.output[0]
        for node in network.graph.node
        if node.op_type in LAYER_OPERATORS
        and node.output[0] in after
        and len(small.get(node.output[0], ())) == 4
        and small[node.output[0]][2:] != large.get(node.output[0], ())[2:]
        and 0 not in small[node.output[0]]
        # An average pool after the last convolution is the classifier's, made for one size.
        and (node.op_type != "AveragePool" or node.output[0] in before)
    ]
    if not layers:
        raise NetworkError(
            "the network has no feature map that grows with the image, so it has no layer to dream "
            "with; adopt a convolutional network"
        )
    return layers


def _around_convolutions(graph: onnx.GraphProto) -> tuple[set[str], set[str]]:
    """Return the tensors that some convolution depends on, and those that depend on one.

    What comes before the first is preprocessing; what comes after the last is mostly the head.
    """
    before: set[str] = set()
    after: set[str] = set()
    for node in graph.node:
        if node.op_type == "Conv" or after.intersection(node.input):
            after.update(node.output)
    for node in reversed(graph.node):
        if node.op_type == "Conv" or before.intersection(node.output):
            before.update(node.input)
    return before, after


def takes_any_size(network: onnx.ModelProto) -> bool:
    """Tell whether a whole network, not just its feature maps, takes images of other sizes.

    Its input is ``image``.
    """
    try:
        for side in SIDES:
            sizes.shapes_at(network, side, strict=True)
    except NetworkError:
        return False
    return True
