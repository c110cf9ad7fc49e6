"""Transpose rows and columns throughout a network, ahead of differentiation.

The max-pool gradient of `rules.max_pool_compare` interleaves rows cheaply and columns slowly. To
find the first maximum of a window in row order, like other variants, it must interleave columns
last, at full size; in a network that works on the transposed image, these are rows. Pools with
indices would find the first maximum in column order there, so all max-pools of the network must be
comparable.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping

import onnx
from onnx import helper

from dreamlayer.core.autodiff.passes.sink_relu import nonnegative
from dreamlayer.core.autodiff.rules.max_pool_compare import comparable
from dreamlayer.core.graph.inference import Dim, TensorInfo, attributes, inferred, names_read
from dreamlayer.core.graph.names import IMAGE

_SWAP = [0, 1, 3, 2]
_WINDOWED = {"Conv", "MaxPool", "AveragePool"}
_ALIKE = {
    *("Relu", "LeakyRelu", "Clip", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish"),
    *("Tanh", "Softplus", "Softsign", "Gelu", "Mish", "Exp", "Log", "Sqrt", "Abs", "Neg", "Sin"),
    *("Identity", "Dropout", "Add", "Sub", "Mul", "Div", "Sum", "Pow", "LRN"),
}
"""Operators that treat rows and columns alike, if their constants do."""

_PAIRS = ("kernel_shape", "strides", "dilations")


def transposed(model: onnx.ModelProto, keep: Iterable[str]) -> onnx.ModelProto:
    """The same network, working on the transposed image inside.

    Parameters
    ----------
    model : onnx.ModelProto
        A network with the input `image`; it is not changed.
    keep : iterable of str
        Tensors that are transposed back, under their own names; `transposed_name` gives the names
        of the transposed ones.

    Returns
    -------
    onnx.ModelProto
        The model itself if an operator does not treat rows and columns alike, a max-pool is not
        comparable, or there is no max-pool.
    """
    kept = {*keep, *(output.name for output in model.graph.output)}
    known, positive = inferred(model), nonnegative(model)
    shapes, pools = known.shapes, 0
    moving = {IMAGE}
    result = copy.deepcopy(model)
    del result.graph.node[:], result.graph.value_info[:]
    nodes = result.graph.node
    nodes.append(_swap(IMAGE, transposed_name(IMAGE)))
    for node in model.graph.node:
        if not moving.intersection(names_read(node)):
            nodes.append(node)
            continue
        if not _transposable(node, moving, known, positive):
            return model
        pools += node.op_type == "MaxPool"
        moving.update(node.output)
        nodes.extend(_transposed_nodes(node, moving, shapes))
        for output in kept.intersection(node.output):
            nodes.append(_swap(transposed_name(output), output))
    return result if pools else model


def transposed_name(tensor: str) -> str:
    """The name of a transposed tensor."""
    return f"transposed/{tensor}"


def _swap(source: str, result: str) -> onnx.NodeProto:
    return helper.make_node("Transpose", [source], [result], result, perm=_SWAP)


def _transposable(
    node: onnx.NodeProto, moving: set[str], known: TensorInfo, positive: set[str]
) -> bool:
    """Whether a node can be transposed."""
    shapes = known.shapes
    if any(len(shapes.get(output, ())) != 4 for output in node.output if output):
        return False
    constants = [read for read in node.input if read and read not in moving]
    if node.op_type == "Concat":
        return attributes(node)["axis"] in (1, -3) and not constants
    if node.op_type == "MaxPool":
        source = node.input[0]
        dims = shapes.get(source, [])
        return comparable(node, known.dtypes.get(source), dims, source in positive)
    if node.op_type in _WINDOWED:
        return len(node.output) == 1 and all(read in shapes for read in constants)
    if node.op_type == "BatchNormalization":
        return True
    return node.op_type in _ALIKE and all(_uniform(shapes.get(read)) for read in constants)


def _uniform(dims: list[Dim] | None) -> bool:
    """Whether a constant is uniform over rows and columns."""
    return dims is not None and all(dim == 1 for dim in dims[-2:])


def _transposed_nodes(
    node: onnx.NodeProto, moving: set[str], shapes: Mapping[str, list[Dim]]
) -> Iterator[onnx.NodeProto]:
    """The node with transposed windows, after the one that transposes its kernel, if any."""
    result = copy.deepcopy(node)
    result.name = transposed_name(node.name or node.output[0])
    for field in (result.input, result.output):
        for place, tensor in enumerate(field):
            if tensor in moving:
                field[place] = transposed_name(tensor)
    if node.op_type in _WINDOWED:
        for attribute in result.attribute:
            if attribute.name in _PAIRS:
                attribute.ints[:] = attribute.ints[::-1]
            elif attribute.name == "pads":
                top, left, bottom, right = attribute.ints
                attribute.ints[:] = [left, top, right, bottom]
    if node.op_type == "Conv" and shapes[node.input[1]][2:] != [1, 1]:
        kernel = f"{transposed_name(node.output[0])}/kernel"
        yield _swap(node.input[1], kernel)
        result.input[1] = kernel
    yield result
