"""Static inspection of models: attributes, element types and shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.ranks import declare_ranks

_SUBGRAPHS = {onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS}

Dim = int | str | None
"""One dimension: a number, the name of a symbolic size, or None if unknown."""


@dataclass(frozen=True)
class TensorInfo:
    """Result of inference.

    Attributes
    ----------
    dtypes : dict
        Element type by tensor name.
    shapes : dict
        Dimensions by tensor name, if the rank is known.
    """

    dtypes: dict[str, int]
    shapes: dict[str, list[Dim]]


def inferred(model: onnx.ModelProto, image: Sequence[int] | None = None) -> TensorInfo:
    """Element types and shapes of all tensors of a model, as far as they are known.

    With `image`, what they are for an input `image` of these sizes; behind pools with ceil_mode
    sizes may then differ from what runtimes compute, by the same for all tensors.
    """
    known = TensorInfo({}, {})
    doubtful: set[str] = after_ceil_mode(model) if image is None else set()
    graph = infer_shapes(model, image=image).graph
    for info in [*graph.input, *graph.value_info, *graph.output]:
        tensor = info.type.tensor_type
        if tensor.elem_type:
            known.dtypes[info.name] = tensor.elem_type
        if tensor.HasField("shape"):
            dims = [_dim(d) for d in tensor.shape.dim]
            if info.name in doubtful:
                dims = [d if i == 1 and len(dims) > 2 else None for i, d in enumerate(dims)]
            known.shapes[info.name] = dims
    for constant in model.graph.initializer:
        known.dtypes[constant.name] = constant.data_type
        known.shapes[constant.name] = list(constant.dims)
    return known


def infer_shapes(
    model: onnx.ModelProto, *, strict: bool = False, image: Sequence[int] | None = None
) -> onnx.ModelProto:
    """Infer shapes, with propagation of small integer data through shape arithmetic.

    Large weights are replaced by inputs of their shape, so that they need not be copied.

    Parameters
    ----------
    model : onnx.ModelProto
        Any model; it is not changed.
    strict : bool
        Refuse contradictory shapes instead of inferring what is possible.
    image : sequence of int, optional
        Sizes of the input `image`, in place of its own.

    Returns
    -------
    onnx.ModelProto
        A model with these types and shapes, which is not to be run.

    Raises
    ------
    NetworkError
        The shapes contradict one another.
    """
    skeleton = onnx.ModelProto(ir_version=model.ir_version)
    skeleton.opset_import.extend(model.opset_import)
    skeleton.functions.extend(model.functions)
    graph = skeleton.graph
    graph.name = model.graph.name
    graph.node.extend(_inferable(node) for node in model.graph.node)
    graph.input.extend(model.graph.input)
    graph.output.extend(model.graph.output)
    if image is None:
        graph.value_info.extend(model.graph.value_info)
    else:
        _set_image(graph, image)
    add_constants(graph, model)
    try:
        found = onnx.shape_inference.infer_shapes(skeleton, data_prop=True, strict_mode=strict)
        while declare_ranks(found.graph):
            found = onnx.shape_inference.infer_shapes(found, data_prop=True, strict_mode=strict)
        return found
    except (onnx.shape_inference.InferenceError, ValueError) as error:
        raise NetworkError(f"the network's shapes contradict one another: {error}") from error


def _inferable(node: onnx.NodeProto) -> onnx.NodeProto:
    """The node, or for the one operator that onnx infers nothing for, one of the same shape."""
    if node.op_type != "GroupNormalization":
        return node
    return helper.make_node("Identity", node.input[:1], node.output, name=node.name)


def _set_image(graph: onnx.GraphProto, sizes: Sequence[int]) -> None:
    """Give the input `image` these sizes, and forget those of the outputs."""
    for info in graph.input:
        if info.name == IMAGE:
            for dim, size in zip(info.type.tensor_type.shape.dim, sizes, strict=True):
                dim.dim_value = size
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")


def add_constants(graph: onnx.GraphProto, model: onnx.ModelProto) -> None:
    """Add a model's small constants to a graph, and an input for each large one."""
    named = {info.name for info in graph.input}
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) <= 64:
            graph.initializer.append(tensor)
        elif tensor.name not in named:
            graph.input.append(
                helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node as Python numbers, strings, lists and tensors."""
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        found[attribute.name] = value.decode() if isinstance(value, bytes) else value
    return found


def names_read(node: onnx.NodeProto) -> Iterator[str]:
    """Names that a node reads, including those that its subgraphs capture."""
    yield from (name for name in node.input if name)
    for inner in nodes_within(node):
        yield from names_read(inner)


def nodes_within(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a node's subgraphs, without those of their own subgraphs."""
    for attribute in node.attribute:
        if attribute.type in _SUBGRAPHS:
            for graph in [attribute.g, *attribute.graphs]:
                yield from graph.node


def after_ceil_mode(model: onnx.ModelProto) -> set[str]:
    """Tensors whose sizes differ between shape inference and runtimes.

    With ceil_mode, ONNX Runtime drops a last window that lies entirely in the padding, and
    inference does not.
    """
    found: set[str] = set()
    for node in model.graph.node:
        if attributes(node).get("ceil_mode", 0) or found.intersection(node.input):
            found.update(node.output)
    return found


def _dim(dim: onnx.TensorShapeProto.Dimension) -> Dim:
    if dim.HasField("dim_value"):
        return int(dim.dim_value)
    return dim.dim_param or None
