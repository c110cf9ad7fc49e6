"""The network-file contract: what every file that dreamlayer can dream with says about itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx

from dreamlayer.core.graph.inference import IMAGE

INPUT_AXES = ("batch", 3, "height", "width")
OPSET = 18
IR_VERSION = 8  # the oldest that opset 18 may stand in, for old runtimes
PRODUCER = "dreamlayer"
FORMAT = "1"
PREFIX = "dreamlayer."


@dataclass(frozen=True)
class Description:
    """What a network file records about itself, under keys that start with ``dreamlayer.``.

    Attributes
    ----------
    name
        Short name of the network, as a recipe gives it.
    layers
        Layer names in topological order, without the input; each is the name of a tensor.
    minimum_size
        Smallest side in px at which every layer exists.
    preprocessing
        What the graph does to RGB 0..1 before the first layer, for the reader.
    source
        Where the weights come from.
    license
        Under which terms the weights may be used.
    description
        One sentence for a list of networks.
    size_multiple
        Both sides of the image must be multiples of this; recorded where it is not 1.
    """

    name: str
    layers: Sequence[str]
    minimum_size: int
    preprocessing: Mapping[str, Any]
    source: str
    license: str
    description: str
    size_multiple: int = 1


def image_input() -> onnx.ValueInfoProto:
    """Return the one input: float32 ``[batch, 3, height, width]``, RGB, 0..1."""
    return onnx.helper.make_tensor_value_info(IMAGE, onnx.TensorProto.FLOAT, INPUT_AXES)


def weights_sha256(initializers: Iterable[onnx.TensorProto]) -> str:
    """Return the SHA-256 of all weights, which does not change when the graph around them does.

    Parameters
    ----------
    initializers
        The initialisers of a graph, in any order.

    Returns
    -------
    str
        Hexadecimal digest over name, element type, shape and raw bytes, sorted by name.
    """
    digest = hashlib.sha256()
    for tensor in sorted(initializers, key=lambda tensor: tensor.name):
        kind = onnx.TensorProto.DataType.Name(tensor.data_type)
        digest.update(f"{tensor.name} {kind} {list(tensor.dims)}\n".encode())
        digest.update(onnx.numpy_helper.to_array(tensor).tobytes())
    return digest.hexdigest()


def describe(model: onnx.ModelProto, description: Description) -> None:
    """Write `description` into the metadata of `model`, in a fixed order.

    Parameters
    ----------
    model
        Changed in place; other metadata stays, older ``dreamlayer.`` entries are replaced.
    description
        What to record; the digest of the weights is added.
    """
    entries = {
        "format": FORMAT,
        "name": description.name,
        "description": description.description,
        "layers": json.dumps(list(description.layers)),
        "minimum_size": str(description.minimum_size),
        **({"size_multiple": str(many)} if (many := description.size_multiple) > 1 else {}),
        "preprocessing": json.dumps(dict(description.preprocessing)),
        "source": description.source,
        "license": description.license,
        "weights_sha256": weights_sha256(model.graph.initializer),
    }
    kept = [entry for entry in model.metadata_props if not entry.key.startswith(PREFIX)]
    foreign = [(entry.key, entry.value) for entry in kept]
    del model.metadata_props[:]
    for key, value in [(PREFIX + key, value) for key, value in entries.items()] + foreign:
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value


def read_description(model: onnx.ModelProto) -> dict[str, str]:
    """Return the ``dreamlayer.`` metadata of `model` without that prefix.

    Parameters
    ----------
    model
        Any ONNX model; one that dreamlayer did not write gives an empty dictionary.

    Returns
    -------
    dict
        For example ``{"name": "inception_v3", "layers": '["conv2d", …]', …}``.
    """
    return {
        entry.key.removeprefix(PREFIX): entry.value
        for entry in model.metadata_props
        if entry.key.startswith(PREFIX)
    }


def layer_names(model: onnx.ModelProto) -> list[str]:
    """Return the layers that `model` lists, in topological order."""
    return list(json.loads(read_description(model).get("layers", "[]")))
