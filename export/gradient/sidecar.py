"""The JSON beside a gradient model, for runtimes that read no metadata; both written together."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto

from dreamlayer.core.errors import OptionError, OutputError, shown
from dreamlayer.core.files import check_writable, replace_file
from dreamlayer.core.files.replacement import replacing
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.inputs import references
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.version import VERSION
from dreamlayer.export.adopt.modernize import opset
from dreamlayer.export.gradient.sizes import Sizes

FORMAT = 1
"""Raised when an entry changes its meaning or goes; new entries may come at any time."""


def beside(output: Path) -> Path:
    """The JSON file of a model.

    Raises
    ------
    OptionError
        The model would have its name.
    """
    path = output.with_suffix(".json")
    if path == output:
        raise OptionError(
            f"{shown(output)} is the name of the JSON file that describes the model; give -o a "
            f"name that ends in .onnx"
        )
    return path


def check_both(output: Path) -> None:
    """Raise `OutputError` unless the model and its JSON can be written."""
    check_writable(output)
    check_writable(beside(output))


def describe(
    model: onnx.ModelProto,
    content: bytes,
    name: str,
    network: Network,
    terms: Sequence[Term],
    sizes: Sizes,
    *,
    variant: str,
    folded: bool,
) -> dict[str, Any]:
    """Describe a gradient model as plain values; docs/gradients.md explains each.

    Parameters
    ----------
    model, content
        The model, and its file's content.
    name
        The file's name.
    network, terms
        What it was made from.
    sizes
        The images that it takes.
    variant, folded
        How it was written.
    """
    compared = {one.input: {"source": one.source, "layer": one.layer} for one in references(terms)}
    inputs = []
    for info in model.graph.input:
        entry = _tensor(info)
        if info.name == IMAGE:
            entry |= {"layout": "NCHW", "colors": "RGB", "range": [0, 1], "encoding": "sRGB"}
        inputs.append(entry | ({"reference": compared[info.name]} if info.name in compared else {}))
    return {
        "format": FORMAT,
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "dreamlayer": VERSION,
        "network": {
            "name": network.name,
            "license": network.metadata.get("dreamlayer.license", "unknown"),
            "source": network.metadata.get("dreamlayer.source", "unknown"),
            "sha256": network.digest,
        },
        "objective": [term.to_dict() for term in terms],
        "inputs": inputs,
        "outputs": [_tensor(info) for info in model.graph.output],
        "size": list(sizes.fixed) if sizes.fixed else None,
        "smallest_side": sizes.smallest,
        "side_multiple": sizes.multiple,
        "opset": opset(model),
        "ir_version": model.ir_version,
        "variant": variant,
        "folded": folded,
    }


def write(output: Path, content: bytes, description: dict[str, Any]) -> None:
    """Write a model and its JSON, both or neither.

    Raises
    ------
    OutputError
        One of them cannot be written; older files of these names are as they were.
    """
    text = json.dumps(description, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    before = output.read_bytes() if output.is_file() else None
    written = False
    try:
        with replacing(beside(output)) as file:
            file.write(text.encode())
            # What a full disk refuses is known before the model is replaced.
            file.flush()
            os.fsync(file.fileno())
            replace_file(output, content)
            written = True
    except OutputError:
        if written and before is None:
            output.unlink(missing_ok=True)
        elif written and before is not None:
            replace_file(output, before)
        raise


def _tensor(info: onnx.ValueInfoProto) -> dict[str, Any]:
    kind = info.type.tensor_type
    shape: list[int | str | None] | None = None
    if kind.HasField("shape"):
        shape = [
            dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
            for dim in kind.shape.dim
        ]
    known = kind.elem_type != TensorProto.UNDEFINED
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name if known else None
    return {"name": info.name, "type": dtype, "shape": shape}
