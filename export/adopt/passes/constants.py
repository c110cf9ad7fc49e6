"""Folds what depends on constants alone into weights, with ONNX Runtime's own arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.evaluation.evaluator import Evaluator
from dreamlayer.core.graph.evaluation.tensor import Array, Tensor
from dreamlayer.core.graph.inference import names_read
from dreamlayer.export.adopt.passes.varying import independent_values
from dreamlayer.export.verify import open_session

_MOST_ELEMENTS = 1 << 25
"""Elements of the largest tensor that is computed."""

_MOST_GROWTH = 1 << 26
"""Bytes that folding may add to a file beyond as much as its weights have, 64 MiB."""

_MOST_WORK = 1 << 34
"""Multiplications that folding may take, some ten seconds."""

_RANDOM = {
    *("Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform"),
    "RandomUniformLike",
}


def lift_constants(graph: onnx.GraphProto) -> None:
    """Make initializers of the Constant nodes of a graph, in place; subgraphs keep theirs."""
    kept = []
    for node in graph.node:
        tensor = _tensor(node) if node.op_type == "Constant" else None
        if tensor is None:
            kept.append(node)
        else:
            graph.initializer.append(tensor)
    del graph.node[:]
    graph.node.extend(kept)


def _tensor(node: onnx.NodeProto) -> onnx.TensorProto | None:
    """What a Constant node makes, under its name; None for strings and sparse tensors."""
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        if attribute.name == "value":
            tensor = onnx.TensorProto()
            tensor.CopyFrom(value)
            tensor.name = node.output[0]
            return tensor
        for name, kind in (("int", np.int64), ("float", np.float32)):
            if attribute.name in (f"value_{name}", f"value_{name}s"):
                return numpy_helper.from_array(np.array(value, kind), node.output[0])
    return None


def fold_constants(model: onnx.ModelProto, image: str) -> None:
    """Replace nodes by what they compute, where that is the same for every image, in place.

    Kernels that are standardized in the graph, pads and shapes computed by chains of nodes, weights
    behind a DequantizeLinear, numbers of channels: they become initializers, as large as the
    network's own weights and 64 MiB at most.

    Parameters
    ----------
    model
        Its Constant nodes are lifted; what is no longer read is deleted.
    image
        Name of its input.
    """
    outputs = {info.name for info in model.graph.output}
    values = {
        name: value
        for name, value in independent_values(model, image).items()
        if name not in outputs
    }
    _replace(model, values)
    folded = _foldable(model, image)
    if folded:
        _replace(model, _computed(model, folded, outputs))
    prune(model)


def _foldable(model: onnx.ModelProto, image: str) -> list[onnx.NodeProto]:
    """The nodes that read constants only, and compute no more than is allowed."""
    known = Evaluator(model, image=image).constants
    constant = {tensor.name for tensor in model.graph.initializer}
    found, work = [], 0
    for node in model.graph.node:
        reads = list(names_read(node))
        if node.op_type in _RANDOM or not constant.issuperset(reads) or _has_subgraph(node):
            continue
        sizes = [_elements(known.get(name)) for name in node.output if name]
        if any(size is None or size > _MOST_ELEMENTS for size in sizes):
            continue
        # A product takes each output at most as often as its inputs have elements along an axis.
        longest = max((max(known[name].shape or (1,), default=1) for name in reads), default=1)
        work += max(size or 0 for size in sizes) * longest
        if work > _MOST_WORK:
            break
        found.append(node)
        constant.update(node.output)
    return found


def _has_subgraph(node: onnx.NodeProto) -> bool:
    kinds = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
    return any(attribute.type in kinds for attribute in node.attribute)


def _elements(tensor: Tensor | None) -> int | None:
    return None if tensor is None or tensor.shape is None else math.prod(tensor.shape)


def _computed(
    model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], kept: set[str]
) -> dict[str, Array]:
    """What nodes of constants compute for others, as far as it does not make the file too large."""
    graph = model.graph
    inner = {name for node in nodes for name in node.output}
    places = {id(node) for node in nodes}
    read = {
        name for node in graph.node if id(node) not in places for name in names_read(node)
    } & inner
    wanted = [
        name
        for node in nodes
        if read.intersection(node.output) and not kept.intersection(node.output)
        for name in node.output
        if name
    ]
    values = _run(model, nodes, wanted) if wanted else {}
    room = _MOST_GROWTH + sum(tensor.ByteSize() for tensor in graph.initializer)
    fitting = {}
    for name, value in sorted(values.items(), key=lambda item: item[1].nbytes):
        room -= value.nbytes
        if room < 0:
            break
        fitting[name] = value
    return fitting


def _run(
    model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], wanted: Sequence[str]
) -> dict[str, Array]:
    """Compute tensors by ONNX Runtime, or onnx's own evaluator for what that lacks."""
    part = onnx.ModelProto(ir_version=model.ir_version)
    part.opset_import.extend(model.opset_import)
    part.graph.name = "constants"
    part.graph.node.extend(nodes)
    read = {name for node in nodes for name in names_read(node)}
    part.graph.initializer.extend(t for t in model.graph.initializer if t.name in read)
    part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    for run in (_by_runtime, _by_reference):
        try:
            return dict(zip(wanted, run(part), strict=True))
        except Exception:  # neither has errors with a common base
            continue
    return {}


def _by_runtime(part: onnx.ModelProto) -> list[Array]:
    found: list[Array] = open_session(part, optimize=False).run(None, {})
    return found


def _by_reference(part: onnx.ModelProto) -> list[Array]:
    return list(ReferenceEvaluator(part).run(None, {}))


def _replace(model: onnx.ModelProto, values: dict[str, Array]) -> None:
    """Let initializers take the place of the nodes whose outputs are all known."""
    graph = model.graph
    kept = []
    for node in graph.node:
        names = [name for name in node.output if name]
        if names and all(name in values for name in names):
            for name in names:
                value = np.ascontiguousarray(values[name]).reshape(values[name].shape)
                graph.initializer.append(numpy_helper.from_array(value, name))
        else:
            kept.append(node)
    if len(kept) < len(graph.node):
        del graph.node[:]
        graph.node.extend(kept)
