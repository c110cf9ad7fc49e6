"""Puts the branch that an If always takes in its place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.graph.edit import rename
from dreamlayer.core.graph.evaluation.evaluator import Evaluator
from dreamlayer.core.graph.evaluation.tensor import Array
from dreamlayer.core.graph.inference import attributes


def inline_branches(model: onnx.ModelProto, image: str) -> bool:
    """Replace each If whose condition is constant by the branch that it takes, in place.

    Its condition is an initializer, or computed from sizes in a network that declares the one size
    of its images.

    Parameters
    ----------
    model
        Its constants are folded.
    image
        Name of its input.

    Returns
    -------
    bool
        Whether there was one; its branch may hold others.
    """
    graph = model.graph
    if not any(node.op_type == "If" for node in graph.node):
        return False
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in _short(graph)}
    weights |= _of_one_size(model, image)
    taken = {name for node in graph.node for name in node.output}
    taken |= {tensor.name for tensor in graph.initializer}
    taken |= {info.name for info in graph.input}
    nodes: list[onnx.NodeProto] = []
    found = False
    for node in graph.node:
        branch = _branch(node, weights) if node.op_type == "If" else None
        if branch is None:
            nodes.append(node)
        else:
            found = True
            nodes += _inlined(node, branch, graph, taken)
    if found:
        del graph.node[:]
        graph.node.extend(nodes)
    return found


def _short(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """The initializers of one element, as conditions are."""
    return (tensor for tensor in graph.initializer if math.prod(tensor.dims) == 1)


def _of_one_size(model: onnx.ModelProto, image: str) -> dict[str, Array]:
    """The conditions that follow from the one size of image that a network declares."""
    for info in model.graph.input:
        sizes = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        if info.name == image and len(sizes) == 4 and min(sizes) > 0:
            found = Evaluator(model, image=image).at(sizes)
            conditions = {n.input[0] for n in model.graph.node if n.op_type == "If" and n.input}
            values = {name: found[name].value for name in conditions if name in found}
            return {name: value for name, value in values.items() if value is not None}
    return {}


def _branch(node: onnx.NodeProto, known: Mapping[str, Array]) -> onnx.GraphProto | None:
    """The branch that an If always takes; None if it depends, or is missing."""
    condition = known.get(node.input[0]) if node.input else None
    if condition is None or condition.size != 1:
        return None
    yes = bool(condition.reshape(-1)[0])
    branch = attributes(node).get("then_branch" if yes else "else_branch")
    return branch if isinstance(branch, onnx.GraphProto) else None


def _inlined(
    node: onnx.NodeProto, branch: onnx.GraphProto, graph: onnx.GraphProto, taken: set[str]
) -> list[onnx.NodeProto]:
    """The branch's nodes, with names that are free, and the If's own for its outputs."""
    inner = onnx.GraphProto()
    inner.CopyFrom(branch)
    made = [name for one in inner.node for name in one.output if name]
    names: dict[str, str] = {}
    ends = dict(zip((info.name for info in inner.output), node.output, strict=False))
    for name in [*made, *(tensor.name for tensor in inner.initializer)]:
        names[name] = _free(name, node.output[0], taken)
        taken.add(names[name])
    for info, output in zip(inner.output, node.output, strict=False):
        # A tensor that is several outputs gets the name of one, and is copied for the others.
        if output and info.name in made and ends[info.name] == output:
            names[info.name] = output
    rename(inner.node, names)
    for tensor in inner.initializer:
        tensor.name = names[tensor.name]
    graph.initializer.extend(inner.initializer)
    copies = [
        helper.make_node("Identity", [names.get(info.name, info.name)], [output])
        for info, output in zip(inner.output, node.output, strict=False)
        if output and names.get(info.name, info.name) != output
    ]
    return [*inner.node, *copies]


def _free(name: str, prefix: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{prefix}/{name}"
    return name
