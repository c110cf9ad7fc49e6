"""Numbers of axes that shape inference leaves open although they follow from the graph.

Exporters reshape to computed shapes; their length is the number of axes, which gradient rules need.
"""

from __future__ import annotations

import onnx


def declare_ranks(graph: onnx.GraphProto) -> bool:
    """Give tensors of unknown shape as many unknown axes as they must have, in place.

    Parameters
    ----------
    graph : onnx.GraphProto
        With what inference found; inferred again, it may give more.

    Returns
    -------
    bool
        Whether there were any.
    """
    infos = {i.name: i for i in [*graph.input, *graph.value_info, *graph.output]}
    ranks = {name: _rank(info) for name, info in infos.items()}
    lengths = {name: _length(info) for name, info in infos.items()}
    for constant in graph.initializer:
        ranks[constant.name] = len(constant.dims)
        lengths[constant.name] = constant.dims[0] if len(constant.dims) == 1 else None
    added = False
    for node in graph.node:
        rank = _found(node, ranks, lengths)
        for output in node.output if rank is not None else ():
            info = infos.get(output)
            if info is not None and ranks[output] is None and info.type.HasField("tensor_type"):
                info.type.tensor_type.shape.SetInParent()
                for _ in range(rank or 0):
                    info.type.tensor_type.shape.dim.add()
                ranks[output] = rank
                added = True
    return added


def _found(
    node: onnx.NodeProto, ranks: dict[str, int | None], lengths: dict[str, int | None]
) -> int | None:
    """The number of axes of a node's outputs, if its inputs tell."""
    if node.op_type == "Reshape":
        return lengths.get(node.input[1])
    if node.op_type == "ConstantOfShape":
        return lengths.get(node.input[0])
    if node.op_type == "Split":
        return ranks.get(node.input[0])
    if node.op_type == "Expand":
        own, target = ranks.get(node.input[0]), lengths.get(node.input[1])
        return None if own is None or target is None else max(own, target)
    return None


def _rank(info: onnx.ValueInfoProto) -> int | None:
    tensor = info.type.tensor_type
    return len(tensor.shape.dim) if tensor.HasField("shape") else None


def _length(info: onnx.ValueInfoProto) -> int | None:
    """The length of a vector, if it is known."""
    dims = info.type.tensor_type.shape.dim
    return dims[0].dim_value if len(dims) == 1 and dims[0].HasField("dim_value") else None
