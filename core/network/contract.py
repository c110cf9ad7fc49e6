"""The contract that network files meet: their input, operators, tensors and metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.installation import command
from dreamlayer.core.network.image_size import wrong_size

if TYPE_CHECKING:
    import onnx

_COUNT = re.compile("[0-9]{1,4}")
_MULTIPLE = 1024
"""The largest number of pixels that sides may have to be a multiple of."""

_ALIASES = 4_000_000
"""Characters of the other names of layers; deep networks have a tenth."""


def check(model: onnx.ModelProto, path: Path) -> None:
    """Check a model, read from `path`, against the contract.

    Raises
    ------
    NetworkError
        It does not meet it; the message says what is missing.
    """
    for problem in _breaches(model):
        raise NetworkError(
            f"network {shown(path)} {problem}; bring it to the contract with "
            f"`{command('export')} adopt {path.name}`"
        )


def _breaches(model: onnx.ModelProto) -> Iterator[str]:
    """Violations of the network contract, as parts of a sentence."""
    from onnx import TensorProto

    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in constants]
    if [info.name for info in inputs] != [IMAGE]:
        came = ", ".join(info.name for info in inputs) or "none"
        yield f"must have one input called 'image', but has: {came}"
        return
    kind = inputs[0].type.tensor_type
    dims = [d.dim_value or None for d in kind.shape.dim]
    if kind.elem_type != TensorProto.FLOAT or len(dims) != 4 or dims[1] != 3:
        yield "must accept a float32 image [batch, 3, height, width]"
    else:
        yield from wrong_size(dims, {p.key: p.value for p in model.metadata_props})
    versions = {o.domain: o.version for o in model.opset_import}
    foreign = {node.domain for node in model.graph.node} - {"", "ai.onnx"}
    if foreign:
        yield f"uses operators outside the ONNX standard (domain {', '.join(sorted(foreign))})"
    if max(versions.get("", 0), versions.get("ai.onnx", 0)) < 18:
        yield "uses an ONNX opset older than 18"
    if model.functions:
        yield "has functions of its own"
    computed = {IMAGE, *(name for node in model.graph.node for name in node.output)}
    known = {*computed, *constants, *(t.values.name for t in model.graph.sparse_initializer)}
    for name in (name for node in model.graph.node for name in node.input if name):
        if name not in known:
            yield f"reads the tensor {shown(name)}, which nothing computes"
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    yield from _wrong_metadata(metadata, computed)


def _wrong_metadata(metadata: Mapping[str, str], computed: set[str]) -> Iterator[str]:
    try:
        listed = json.loads(metadata.get("dreamlayer.layers", "[]"))
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        yield "has metadata dreamlayer.layers that is not a list of names"
        return
    for name in listed:
        if name not in computed:
            yield f"has metadata dreamlayer.layers with {shown(name)}, which nothing computes"
    if len(listed) != len(set(listed)):
        yield "has metadata dreamlayer.layers with a name twice"
    yield from _wrong_aliases(metadata.get("dreamlayer.aliases", "{}"))
    multiple = metadata.get("dreamlayer.size_multiple", "1")
    if not (_COUNT.fullmatch(multiple) and 1 <= int(multiple) <= _MULTIPLE):
        yield f"has metadata dreamlayer.size_multiple {shown(multiple)}, which is not a size"


def _wrong_aliases(text: str) -> Iterator[str]:
    try:
        aliases = json.loads(text) if len(text) <= _ALIASES else None
    except (ValueError, RecursionError):
        aliases = None
    if not isinstance(aliases, dict) or not all(isinstance(one, str) for one in aliases.values()):
        yield "has metadata dreamlayer.aliases that does not give a layer for each other name"
