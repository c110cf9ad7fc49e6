"""The network file, the one format that dreamlayer reads: built, described, checked and written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.files import replace_file
from dreamlayer.core.graph import sizes
from dreamlayer.core.graph.inference import infer_shapes
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.installation import option, quoted
from dreamlayer.core.network import files as network_files
from dreamlayer.core.network.image_size import IMAGE_SIZE
from dreamlayer.core.network.network import Network
from dreamlayer.core.runtime.reasons import reason_of
from dreamlayer.export.suggestion import layer_to_begin_with

INPUT_AXES = ("batch", 3, "height", "width")
OPSET = 18
IR_VERSION = 8  # the oldest that allows opset 18, for old runtimes
PRODUCER = "dreamlayer"
FORMAT = "1"
PREFIX = "dreamlayer."


@dataclass(frozen=True)
class Description:
    """What an exporter knows about a network, for the file's metadata.

    Attributes
    ----------
    name
        Short name of the network, as a recipe gives it.
    source
        Where the weights come from.
    license
        Under which terms the weights may be used.
    summary
        One sentence for a list of networks.
    """

    name: str
    source: str
    license: str
    summary: str


def build(
    nodes: Sequence[onnx.NodeProto],
    initializers: Sequence[onnx.TensorProto],
    outputs: Sequence[onnx.ValueInfoProto],
    *,
    name: str,
    opset: int = OPSET,
    ir_version: int = IR_VERSION,
) -> onnx.ModelProto:
    """Make a model whose one input is ``image``: float32 ``[batch, 3, height, width]``, RGB, 0..1.

    Parameters
    ----------
    nodes, initializers, outputs
        The graph, in topological order.
    name
        Name of the graph.
    opset
        Version of the standard operators, 18 or newer.
    ir_version
        Version of the file format; a newer opset needs a newer one.

    Returns
    -------
    onnx.ModelProto
        A model without metadata.
    """
    image = helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, INPUT_AXES)
    graph = helper.make_graph(list(nodes), name, [image], list(outputs), list(initializers))
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=ir_version,
        producer_name=PRODUCER,
    )


def feature_map(
    name: str, channels: int, sides: tuple[str | None, str | None] = (None, None)
) -> onnx.ValueInfoProto:
    """Declare a float tensor of rank 4 with `channels`, whose other axes are symbolic.

    Feature maps whose `sides` have the same names are known to be of the same size.
    """
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, *sides])


def declare_layers(model: onnx.ModelProto, layers: Sequence[str]) -> dict[str, int]:
    """Replace all shape declarations by newly inferred ones for `layers`.

    Parameters
    ----------
    model
        Changed in place.
    layers
        Names of tensors.

    Returns
    -------
    dict
        Channel count by layer, for the layers that are feature maps ``[batch, channels, h, w]``.

    Raises
    ------
    NetworkError
        The shapes in the graph contradict each other.
    """
    del model.graph.value_info[:]
    inferred = infer_shapes(model)
    known = {info.name: info for info in [*inferred.graph.value_info, *inferred.graph.output]}
    outputs = {info.name for info in model.graph.output}
    channels: dict[str, int] = {}
    for name in layers:
        info = known.get(name)
        if info is None or not info.type.tensor_type.HasField("shape"):
            continue
        dims = info.type.tensor_type.shape.dim
        if len(dims) == 4 and dims[1].dim_value > 0:
            channels[name] = dims[1].dim_value
        if name not in outputs:
            model.graph.value_info.append(info)
    return channels


def weights_sha256(initializers: Iterable[onnx.TensorProto]) -> str:
    """Return the SHA-256 of all weights, which does not change when the graph around them does.

    Parameters
    ----------
    initializers
        The initializers of a graph, in any order.

    Returns
    -------
    str
        Hexadecimal digest over name, element type, shape and raw bytes, sorted by name.
    """
    digest = hashlib.sha256()
    for tensor in sorted(initializers, key=lambda tensor: tensor.name):
        kind = TensorProto.DataType.Name(tensor.data_type)
        digest.update(f"{tensor.name} {kind} {list(tensor.dims)}\n".encode())
        digest.update(onnx.numpy_helper.to_array(tensor).tobytes())
    return digest.hexdigest()


def describe(
    model: onnx.ModelProto,
    layers: Sequence[str],
    preprocessing: Mapping[str, Any],
    description: Description,
    aliases: Mapping[str, str] | None = None,
) -> tuple[int, int]:
    """Write the ``dreamlayer.`` metadata of a network into it, in a fixed order.

    Parameters
    ----------
    model
        Changed in place; other metadata stays, older ``dreamlayer.`` entries are replaced.
    layers
        Layer names in topological order, without the input; each is the name of a tensor.
    preprocessing
        What the graph does to RGB 0..1 before the first layer, for the reader.
    description
        The rest; the digest of the weights is added.
    aliases
        Layers by other names under which they are found too.

    Returns
    -------
    tuple of int
        The smallest side in px at which every layer exists, and what both sides must be a
        multiple of; both are recorded, the second where it is not 1. Of a network that takes one
        size, that is recorded instead; the smallest side is its shorter one.
    """
    only = only_size(model)
    smallest, multiple = sizes.accepted_sizes(model, layers) if only is None else (min(only), 1)
    size = {"minimum_size": str(smallest)}
    if only is not None:
        size = {IMAGE_SIZE.removeprefix(PREFIX): f"{only[0]}x{only[1]}"}
    elif multiple > 1:
        size["size_multiple"] = str(multiple)
    entries = {
        "format": FORMAT,
        "name": description.name,
        "description": description.summary,
        "layers": json.dumps(list(layers)),
        **({"aliases": json.dumps(dict(aliases))} if aliases else {}),
        **size,
        "preprocessing": json.dumps(dict(preprocessing)),
        "source": description.source,
        "license": description.license,
        "weights_sha256": weights_sha256(model.graph.initializer),
    }
    others = {p.key: p.value for p in model.metadata_props if not p.key.startswith(PREFIX)}
    del model.metadata_props[:]
    helper.set_model_props(model, {PREFIX + key: entries[key] for key in entries} | others)
    return smallest, multiple


def only_size(model: onnx.ModelProto) -> tuple[int, int] | None:
    """Height and width of the only images that a network file takes; None if it takes any."""
    (image,) = (info for info in model.graph.input if info.name == IMAGE)
    height, width = (dim.dim_value for dim in image.type.tensor_type.shape.dim[2:])
    return (height, width) if height and width else None


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


def check(model: onnx.ModelProto, problem: str, advice: str = "") -> None:
    """Run ONNX's checker, shapes included.

    Raises
    ------
    NetworkError
        The model is not valid; the message is `problem`, the checker's reason, and `advice`.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise NetworkError(f"{problem} ({reason_of(error)}){advice and '; '}{advice}") from error


def write(model: onnx.ModelProto, output: Path, advice: str = "") -> str:
    """Write a network file, atomically, once a dream on it has been tried.

    Where the layer to begin with does not dream, others are tried.

    Parameters
    ----------
    model
        The network.
    output
        Where it goes.
    advice
        What to do where no layer dreams, as a clause.

    Returns
    -------
    str
        Two lines for the terminal: what was written, and the command that dreams with it.

    Raises
    ------
    NetworkError
        dreamlayer would not read it, or not dream on any of its layers.
    OutputError
        The file cannot be written.
    """
    content = model.SerializeToString(deterministic=True)
    network = Network(str(output.absolute()), content)
    layer = layer_to_begin_with(network, advice)
    replace_file(output, content)
    return f"{output}: {len(content) / 1e6:.1f} MB\n{_how_to_use(output, layer)}"


def _how_to_use(output: Path, layer: str | None) -> str:
    """Give the command that dreams with a network, and the folder where its name is enough."""
    given = option("--layer", layer) if layer else ""
    command = "Use it with: dreamlayer dream photo.jpg"
    known = network_files.available().get(output.stem)
    if known is not None and known.samefile(output):
        return f"{command}{option('--network', output.stem)}{given}"
    told = f"{command}{option('--network', str(output))}{given}"
    called = quoted(output.stem)
    if known is not None:
        return f"{told}\nIts name is not enough, since there is another network called {called}"
    return f"{told}\nIn the folder {network_files.folders()[-1]} it can be called {called}"
