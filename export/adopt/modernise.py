"""Reading an ONNX file that somebody else wrote, and bringing it to plain operators of today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import onnx
from onnx.inliner import inline_local_functions

from dreamlayer.core.errors import NetworkError
from dreamlayer.export import network_file as contract


def modernise(model: onnx.ModelProto) -> onnx.ModelProto:
    """Bring a model to opset 18 or newer, with standard operators only.

    Parameters
    ----------
    model
        As loaded; not changed.

    Returns
    -------
    onnx.ModelProto
        Functions are inlined and weights are no longer inputs.

    Raises
    ------
    NetworkError
        The model uses operators of other domains, or ones that cannot be brought to opset 18.
    """
    model = inline_local_functions(model) if model.functions else _copy(model)
    foreign = Counter(f"{n.domain}.{n.op_type}" for n in model.graph.node if not is_standard(n))
    if foreign:
        raise NetworkError(
            f"the network uses operators that are not standard ONNX: {', '.join(sorted(foreign))}; "
            "export it again without them"
        )
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in weights]
    if opset(model) < contract.OPSET:
        try:
            model = onnx.version_converter.convert_version(model, contract.OPSET)
        except Exception as error:  # the converter, in C++, raises RuntimeError and others
            raise NetworkError(
                f"the network cannot be brought from opset {opset(model)} to {contract.OPSET} "
                f"({_first_line(error)}); export it again with opset {contract.OPSET} or newer"
            ) from error
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    _name_for_recipes(model.graph)
    return model


def opset(model: onnx.ModelProto) -> int:
    """Return the version of the standard operators that `model` uses."""
    return max((entry.version for entry in model.opset_import if not entry.domain), default=1)


def is_standard(node: onnx.NodeProto) -> bool:
    """Tell whether `node` is an operator of the ONNX standard."""
    return node.domain in ("", "ai.onnx")


def rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Give tensors new names wherever they are read or written, in subgraphs too.

    Parameters
    ----------
    graph
        Changed in place; its inputs and outputs keep their names.
    names
        New name by old name.
    """
    for node in graph.node:
        for field in (node.input, node.output):
            for position, name in enumerate(field):
                if name in names:
                    field[position] = names[name]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                rename(attribute.g, names)
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)


def _name_for_recipes(graph: onnx.GraphProto) -> None:
    """Take the colons out of tensor names: ``a:0``, read as a layer with a weight, is ``a_0``.

    Inputs are found by their names and keep them.
    """
    taken = {name for node in graph.node for name in node.output}
    names: dict[str, str] = {}
    for name in sorted(taken):
        if ":" in name:
            plain = name.replace(":", "_")
            while plain in taken:
                plain += "_"
            taken.add(plain)
            names[name] = plain
    rename(graph, names)
    for info in [*graph.output, *graph.value_info]:
        info.name = names.get(info.name, info.name)


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return an independent copy."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    return result


def _first_line(error: Exception) -> str:
    """Return the first line of what an exception says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
