"""Puts the branch that an If always takes in its place."""

from __future__ import annotations

import math
from collections.abc import Mapping

import onnx
from onnx import helper, numpy_helper

from dreamlayer.core.graph.edit import rename
from dreamlayer.core.graph.inference import attributes


def inline_branches(model: onnx.ModelProto) -> bool:
    """Replace each If whose condition is an initializer by the branch that it takes, in place.

    Returns
    -------
    bool
        Whether there was one; its branch may hold others.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    taken = {name for node in graph.node for name in node.output} | set(weights)
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


def _branch(
    node: onnx.NodeProto, weights: Mapping[str, onnx.TensorProto]
) -> onnx.GraphProto | None:
    """The branch that an If always takes; None if it depends, or is missing."""
    condition = weights.get(node.input[0]) if node.input else None
    if condition is None or math.prod(condition.dims) != 1:
        return None
    yes = bool(numpy_helper.to_array(condition).reshape(-1)[0])
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
