"""Swap rows and columns throughout a network, before it is differentiated.

The max-pool gradient of `rules.max_pool_compare` joins rows cheaply and columns at a high cost. To
find the first maximum of a window row by row, as everywhere else, it must join columns last, at
full size. In a network that works on the transposed image, the image's columns are rows. By
indices the first maximum would then be found column by column, so every max-pool of the network
must be one that can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import onnx
from onnx import helper

from dreamlayer.core.autodiff.rules.max_pool_compare import comparable
from dreamlayer.core.graph.inference import IMAGE, Dim, Known, attributes, inferred, names_read

_SWAP = [0, 1, 3, 2]
_WINDOWED = {"Conv", "MaxPool", "AveragePool"}
_ALIKE = {
    *("Relu", "LeakyRelu", "Clip", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish"),
    *("Tanh", "Softplus", "Softsign", "Gelu", "Mish", "Exp", "Log", "Sqrt", "Abs", "Neg", "Sin"),
    *("Identity", "Dropout", "Add", "Sub", "Mul", "Div", "Sum", "Pow", "LRN"),
}
"""Operators that treat rows and columns alike, where what they read besides does."""

_PAIRS = ("kernel_shape", "strides", "dilations")


def transposed(model: onnx.ModelProto, keep: Iterable[str]) -> onnx.ModelProto:
    """The same network, working on the transposed image inside.

    Parameters
    ----------
    model : onnx.ModelProto
        A network with the input `image`; it is not changed.
    keep : iterable of str
        Tensors that must stay as they are: they are transposed back. Transposed, they are called
        as `transposed_name` says.

    Returns
    -------
    onnx.ModelProto
        The model itself where an operator is among it that does not treat rows and columns alike,
        or a max-pool that cannot be compared, or no max-pool at all.
    """
    kept = {*keep, *(output.name for output in model.graph.output)}
    known = inferred(model)
    shapes, pools = known.shapes, 0
    moving = {IMAGE}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:], result.graph.value_info[:]
    nodes = result.graph.node
    nodes.append(
        helper.make_node(
            "Transpose", [IMAGE], [transposed_name(IMAGE)], transposed_name(IMAGE), perm=_SWAP
        )
    )
    for node in model.graph.node:
        if not moving.intersection(names_read(node)):
            nodes.append(node)
            continue
        if not _alike(node, moving, known):
            return model
        pools += node.op_type == "MaxPool"
        moving.update(node.output)
        nodes.extend(_transposed_nodes(node, moving, shapes))
        for output in kept.intersection(node.output):
            nodes.append(
                helper.make_node(
                    "Transpose", [transposed_name(output)], [output], output, perm=_SWAP
                )
            )
    return result if pools else model


def transposed_name(tensor: str) -> str:
    """The name of a transposed tensor."""
    return f"transposed/{tensor}"


def _alike(node: onnx.NodeProto, moving: set[str], known: Known) -> bool:
    """Whether a node can be transposed."""
    shapes = known.shapes
    if any(len(shapes.get(output, ())) != 4 for output in node.output if output):
        return False
    steady = [read for read in node.input if read and read not in moving]
    if node.op_type == "Concat":
        return attributes(node)["axis"] in (1, -3) and not steady
    if node.op_type == "MaxPool":
        source = node.input[0]
        return comparable(node, known.dtypes.get(source), shapes.get(source, []))
    if node.op_type in _WINDOWED:
        return len(node.output) == 1 and all(read in shapes for read in steady)
    if node.op_type == "BatchNormalization":
        return True
    return node.op_type in _ALIKE and all(_flat(shapes.get(read)) for read in steady)


def _flat(dims: list[Dim] | None) -> bool:
    """Whether a constant is the same in all rows and columns."""
    return dims is not None and all(dim == 1 for dim in dims[-2:])


def _transposed_nodes(
    node: onnx.NodeProto, moving: set[str], shapes: Mapping[str, list[Dim]]
) -> Iterator[onnx.NodeProto]:
    """The node with its windows transposed, after the node that transposes its kernel."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = transposed_name(node.name or node.output[0])
    for field in (copy.input, copy.output):
        for place, tensor in enumerate(field):
            if tensor in moving:
                field[place] = transposed_name(tensor)
    if node.op_type in _WINDOWED:
        for attribute in copy.attribute:
            if attribute.name in _PAIRS:
                attribute.ints[:] = attribute.ints[::-1]
            elif attribute.name == "pads":
                top, left, bottom, right = attribute.ints
                attribute.ints[:] = [left, top, right, bottom]
    if node.op_type == "Conv" and shapes[node.input[1]][2:] != [1, 1]:
        kernel = f"{transposed_name(node.output[0])}/kernel"
        yield helper.make_node("Transpose", [node.input[1]], [kernel], kernel, perm=_SWAP)
        copy.input[1] = kernel
    yield copy
