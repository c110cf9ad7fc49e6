"""Convert a foreign ONNX file to standard operators of opset 18 or newer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import onnx

from dreamlayer.core.errors import NetworkError, bare
from dreamlayer.core.graph.edit import rename_tensors
from dreamlayer.export.adopt import group_norm
from dreamlayer.export.adopt.passes.branches import inline_branches
from dreamlayer.export.adopt.passes.constants import fold_constants, lift_constants
from dreamlayer.export.adopt.passes.conversion import convert
from dreamlayer.export.adopt.passes.functions import inline_functions
from dreamlayer.export.adopt.passes.no_ops import remove_no_ops
from dreamlayer.export.adopt.passes.precision import to_float32
from dreamlayer.export.adopt.passes.quantized import refuse_integers, remove_quantizers
from dreamlayer.export.adopt.passes.sparse import make_dense
from dreamlayer.export.network_file import OPSET


def modernize(model: onnx.ModelProto, notes: list[str] | None = None) -> onnx.ModelProto:
    """Bring a model to opset 18 or newer, with standard operators of float32 only.

    What depends on constants alone is folded, and what does nothing is taken out.

    Parameters
    ----------
    model
        As loaded; not changed.
    notes
        Lines are added on what was changed that the user should know.

    Returns
    -------
    onnx.ModelProto
        Functions and constant branches are inlined, and weights are no longer inputs.

    Raises
    ------
    NetworkError
        The model uses operators of other domains, ones that ONNX does not have, ones that compute
        in integers, or ones that cannot be brought to opset 18.
    """
    given, model = model, onnx.ModelProto()
    model.CopyFrom(inline_functions(given))
    refuse_integers(model)
    foreign = {f"{n.domain}.{n.op_type}" for n in model.graph.node if not is_standard(n)}
    if foreign:
        raise NetworkError(
            f"the network uses operators that are not standard ONNX: "
            f"{', '.join(map(bare, sorted(foreign)))}; export it again without them"
        )
    make_dense(model.graph)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in weights]
    grouped = group_norm.has_group_norms(model)
    by_group = grouped and opset(model) < group_norm.OPSET
    _refuse_unknown(model, onnx.defs.has, "no opset of ONNX has")
    model = convert(model, group_norm.OPSET if grouped else OPSET)
    version = opset(model)
    _refuse_unknown(
        model, lambda name: _is_operator(name, version), f"opset {version} of ONNX does not have"
    )
    if by_group:
        group_norm.spread_weights(model)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    told = [] if notes is None else notes
    other = to_float32(model)
    if other is not None:
        told.append(f"Precision {other} in the source, float32 here")
    _simplify(model, told)
    _remove_separators(model)
    return model


def _simplify(model: onnx.ModelProto, notes: list[str]) -> None:
    """Fold constants, branches that are always taken, and quantizers, in place."""
    image = next((info.name for info in model.graph.input), "")
    lift_constants(model.graph)
    fold_constants(model, image)
    while inline_branches(model, image):
        lift_constants(model.graph)
        fold_constants(model, image)
    pairs = remove_quantizers(model)
    if pairs:
        notes.append(
            f"Quantized {pairs} pairs of QuantizeLinear and DequantizeLinear were taken out, since "
            f"rounding has no gradient; this is the float network under them"
        )
        fold_constants(model, image)
    remove_no_ops(model)


def _refuse_unknown(model: onnx.ModelProto, is_known: Callable[[str], bool], lack: str) -> None:
    used = sorted({node.op_type for node in model.graph.node})
    unknown = [name for name in used if not is_known(name)]
    if unknown:
        raise NetworkError(
            f"the network uses operators that {lack}: {', '.join(map(bare, unknown))}; "
            f"export it again"
        )


def _is_operator(name: str, version: int) -> bool:
    try:
        return not onnx.defs.get_schema(name, version, "").deprecated
    except onnx.defs.SchemaError:
        return False


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
