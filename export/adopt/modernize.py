"""Convert a foreign ONNX file to standard operators of opset 18 or newer."""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx.inliner import inline_local_functions

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.edit import rename_tensors
from dreamlayer.export.adopt import group_norm
from dreamlayer.export.network_file import OPSET, first_line


def modernize(model: onnx.ModelProto) -> onnx.ModelProto:
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
    given, model = model, onnx.ModelProto()
    model.CopyFrom(inline_local_functions(given) if given.functions else given)
    foreign = {f"{n.domain}.{n.op_type}" for n in model.graph.node if not is_standard(n)}
    if foreign:
        raise NetworkError(
            f"the network uses operators that are not standard ONNX: {', '.join(sorted(foreign))}; "
            "export it again without them"
        )
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in weights]
    grouped = group_norm.has_group_norms(model)
    by_group = grouped and opset(model) < group_norm.OPSET
    needed = group_norm.OPSET if grouped else OPSET
    if opset(model) < needed:
        try:
            model = onnx.version_converter.convert_version(model, needed)
        except Exception as error:  # the converter, in C++, raises RuntimeError and others
            raise NetworkError(
                f"the network cannot be converted from opset {opset(model)} to {needed} "
                f"({first_line(error)}); export it again with opset {needed} or newer"
            ) from error
    if by_group:
        group_norm.spread_weights(model)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    _remove_separators(model)
    return model


def opset(model: onnx.ModelProto) -> int:
    """Return the version of the standard operators that `model` uses."""
    return max((entry.version for entry in model.opset_import if not entry.domain), default=1)


def is_standard(node: onnx.NodeProto) -> bool:
    """Tell whether `node` is an operator of the ONNX standard."""
    return node.domain in ("", "ai.onnx")


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return `name`, with underscores appended until no other tensor has that name."""
    while name in taken:
        name += "_"
    return name


def _remove_separators(model: onnx.ModelProto) -> None:
    """Take colons and commas out of tensor names, which stand between layers and their weights.

    ``a:0`` is ``a_0``. Inputs are found by their names and keep them.
    """
    taken = {name for node in model.graph.node for name in node.output}
    names: dict[str, str] = {}
    for name in sorted(taken):
        if ":" in name or "," in name:
            plain = name.replace(":", "_").replace(",", "_")
            names[name] = free_name(plain, taken)
            taken.add(names[name])
    rename_tensors(model, names)
    for info in model.graph.output:
        info.name = names.get(info.name, info.name)
