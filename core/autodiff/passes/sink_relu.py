"""Move ReLUs behind the concatenations and max-pools that read them, ahead of differentiation.

The function stays the same to the last bit. Behind a concatenation, one ReLU masks the gradient
of the whole in ONNX Runtime's blocked layout, which each of the parts would leave and enter again.
Behind a pool it masks what is a quarter of the size; but not where the pool gives indices, which
takes ONNX Runtime half as long again on an input that is not cut off at zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import onnx
from onnx import helper

from dreamlayer.core.graph.inference import names_read

_KEEPS_SIGN = {"Relu", "Concat", "MaxPool", "AveragePool"}
"""Operators that give nothing below zero where their inputs have nothing below zero."""


def sink_relus(
    model: onnx.ModelProto, keep: Iterable[str], *, pools: bool = False
) -> onnx.ModelProto:
    """Replace Concat(Relu(x), Relu(y), ...) by Relu(Concat(x, y, ...)), and likewise for MaxPool.

    Other inputs of a concatenation must be known not to be negative, such as pools of ReLUs. Where
    one of those is zero, so are all the ReLUs that it comes from, and the gradient stays the same.

    Parameters
    ----------
    model : onnx.ModelProto
        A network; it is not changed.
    keep : iterable of str
        Tensors that must stay, such as the layers of an objective.
    pools : bool
        Whether max-pools are passed too: their gradient must then not be written by indices.

    Returns
    -------
    onnx.ModelProto
        The same function; the tensors that vanish have one reader each and are not kept.
    """
    kept = {*keep, *(output.name for output in model.graph.output)}
    readers = Counter(name for node in model.graph.node for name in names_read(node))
    relus = {
        node.output[0]: node.input[0]
        for node in model.graph.node
        if node.op_type == "Relu" and node.output[0] not in kept and readers[node.output[0]] == 1
    }
    moved = onnx.ModelProto()
    moved.CopyFrom(model)
    del moved.graph.node[:]
    positive: set[str] = set()
    bare: set[str] = set()
    for node in model.graph.node:
        inputs = list(node.input)
        if node.op_type in _KEEPS_SIGN and (node.op_type == "Relu" or positive.issuperset(inputs)):
            positive.update(node.output)
        parts = [name for name in inputs if name in relus]
        if not parts or not _passes(node, positive, pools):
            moved.graph.node.append(node)
            continue
        bare.update(parts)
        inner = onnx.NodeProto()
        inner.CopyFrom(node)
        del inner.input[:], inner.output[:]
        inner.input.extend(relus.get(name, name) for name in inputs)
        inner.output.append(f"unbent/{node.output[0]}")
        inner.name = inner.output[0]
        outer = helper.make_node("Relu", [inner.output[0]], [node.output[0]], name=node.name)
        moved.graph.node.extend([inner, outer])
    left = [node for node in moved.graph.node if not bare.intersection(node.output)]
    del moved.graph.node[:]
    moved.graph.node.extend(left)
    return moved


def _passes(node: onnx.NodeProto, positive: set[str], pools: bool) -> bool:
    """Whether a ReLU does behind a node what one before each of its inputs does, and cheaper."""
    if node.op_type == "Concat":
        return positive.issuperset(node.input)
    return pools and node.op_type == "MaxPool"
