"""``python -m export adopt``: make a network file from any ONNX convolutional network."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.files import check_writable
from dreamlayer.core.graph.edit import rename_tensors
from dreamlayer.core.graph.geometry import round_up
from dreamlayer.core.graph.inference import infer_shapes
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.files import read_model
from dreamlayer.export import network_file, preprocessing
from dreamlayer.export.adopt import comparison
from dreamlayer.export.adopt.aliases import originals_of
from dreamlayer.export.adopt.baked.batch import free_batch
from dreamlayer.export.adopt.choice import choose_layers
from dreamlayer.export.adopt.image_sizes import AUTO, settle_size
from dreamlayer.export.adopt.input_guess import InputOptions, find_pixels
from dreamlayer.export.adopt.inputs import settle_inputs
from dreamlayer.export.adopt.masks import check_masks
from dreamlayer.export.adopt.modernize import free_name, modernize, opset
from dreamlayer.export.network_file import Description
from dreamlayer.export.preprocessing import Pixels

_USUAL = 224
"""Side in pixels of the image that outputs are compared on."""


def adopt(
    source: onnx.ModelProto,
    options: InputOptions,
    *,
    name: str,
    origin: str,
    license_text: str,
    limit: float = comparison.LIMIT,
    size: str | tuple[int, int] = AUTO,
) -> tuple[onnx.ModelProto, list[str]]:
    """Turn a network into one that dreamlayer can dream with.

    Parameters
    ----------
    source
        Any ONNX network with an image among its inputs; not changed.
    options
        What is known about its input.
    name
        What recipes call it.
    origin, license_text
        Where it comes from and under which terms it may be used.
    limit
        The largest difference from the source's outputs that is allowed, relative to the largest
        number of an output.
    size
        As for `export.adopt.image_sizes.settle_size`.

    Returns
    -------
    tuple
        The network file, and lines that say what was decided.

    Raises
    ------
    NetworkError
        The network cannot be adopted, or differs from the source.
    """
    if network_file.read_description(source):
        raise NetworkError("the file is a dreamlayer network already; use it as it is")
    changes: list[str] = []
    given, source = source, settle_inputs(source, options, changes)
    modern = modernize(source, changes)
    pixels = find_pixels(modern, options)
    if pixels.images > 1:
        free_batch(modern, pixels.images)
    settled = settle_size(_with_preprocessing(modern, pixels), _own_size(pixels), size)
    network, own = settled.network, settled.only or _own_size(pixels)
    try:
        layers = choose_layers(network, originals_of(source), settled.only, own)
    except NetworkError:
        check_masks(given, pixels.input, options)
        raise
    network_file.declare_layers(network, layers.names)
    summary = f"{name}, adopted from {origin.split(',')[0]}"
    side, multiple = network_file.describe(
        network,
        layers.names,
        pixels.record(),
        Description(name, origin, license_text, summary),
        layers.aliases,
    )
    network_file.check(network, "the network is not valid ONNX", "export it again")
    usual = round_up(max(side, _USUAL), multiple)
    height, width = own or (given or usual for given in _sides(pixels))
    checked = comparison.compare(source, network, pixels, (height, width), limit)
    notes = [*pixels.notes, *changes, *layers.notes, *settled.notes]
    if settled.only is None:
        notes.append(f"Smallest  {side} px" + (f", multiples of {multiple} only" * (multiple > 1)))
    return network, [*notes, *checked]


def _own_size(pixels: Pixels) -> tuple[int, int] | None:
    """Height and width of the images that the source takes, where it takes one size only."""
    height, width = _sides(pixels)
    return (height, width) if height and width else None


def _sides(pixels: Pixels) -> tuple[int | None, int | None]:
    """Height and width that the source declares; None for any."""
    if not pixels.shape:
        return None, None
    rows, columns = {"nchw": (2, 3), "nhwc": (1, 2)}[pixels.layout]
    return pixels.shape[rows], pixels.shape[columns]


def _with_preprocessing(model: onnx.ModelProto, pixels: Pixels) -> onnx.ModelProto:
    """Put ``image`` and the nodes that preprocess it before the graph."""
    graph = model.graph
    taken = {name for node in graph.node for name in [*node.input, *node.output]}
    prepared = free_name("preprocessed", taken)
    names = {pixels.input: prepared}
    if IMAGE in taken and pixels.input != IMAGE:
        names[IMAGE] = free_name("image_", taken)
    rename_tensors(model, names)
    for output in graph.output:
        output.name = names.get(output.name, output.name)
    nodes, weights = preprocessing.build(pixels, prepared)
    preprocessing.cancel_transposes(nodes, graph)
    ranks = {info.name: len(info.type.tensor_type.shape.dim) for info in graph.output}
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")  # it may fix batch or size
    result = network_file.build(
        [*nodes, *graph.node],
        [*weights, *graph.initializer],
        graph.output,
        name=graph.name or "network",
        opset=opset(model),
        ir_version=max(model.ir_version, network_file.IR_VERSION),
    )
    result.graph.sparse_initializer.extend(graph.sparse_initializer)
    result.metadata_props.extend(model.metadata_props)
    shapes = {info.name: info for info in infer_shapes(result).graph.output}
    for output in result.graph.output:
        output.CopyFrom(shapes[output.name])
    _declare_ranks(result, ranks, pixels)
    return result


def _declare_ranks(model: onnx.ModelProto, ranks: Mapping[str, int], pixels: Pixels) -> None:
    """Declare the number of axes of outputs that inference says nothing of, such as a loop's.

    What the source declares is taken, else what ONNX Runtime gives; what is no tensor is left as it
    is.
    """
    unknown = [
        output
        for output in model.graph.output
        if output.type.HasField("tensor_type") and not output.type.tensor_type.HasField("shape")
    ]
    found = {output.name: ranks.get(output.name, 0) for output in unknown}
    if not all(found.values()):
        height, width = (side or _USUAL for side in _sides(pixels))
        found |= comparison.ranks_of(model, list(found), (height, width))
    for output in unknown:
        for _ in range(found[output.name]):
            output.type.tensor_type.shape.dim.add()


def run(
    model: Path,
    output: Path | None,
    options: InputOptions,
    name: str | None,
    license_text: str | None,
    limit: float = comparison.LIMIT,
    size: str | tuple[int, int] = AUTO,
) -> str:
    """Adopt the network in a file.

    Parameters
    ----------
    model
        The foreign file.
    output
        Where the network goes; ``NAME.onnx`` in the current folder where None.
    options
        What the user says about its input.
    name
        What recipes call it; the file's stem where None.
    license_text
        Terms of use; recorded as unknown where None.
    limit
        As for `adopt`.
    size
        As for `export.adopt.image_sizes.settle_size`.

    Returns
    -------
    str
        What was decided and written, for the terminal.

    Raises
    ------
    NetworkError
        The file is not an ONNX file, or cannot be adopted.
    OutputError
        The network cannot be written.
    """
    chosen = name or re.sub(r"[^\w.-]+", "_", model.stem)
    target = output or Path(f"{chosen}.onnx")
    if target.exists() and model.exists() and target.samefile(model):
        raise NetworkError(f"{target} would overwrite the source; choose another name with -o")
    check_writable(target)
    source = read_model(model)
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    network, notes = adopt(
        source,
        options,
        name=chosen,
        origin=f"{model.name}, SHA-256 {digest}",
        license_text=license_text or "unknown (adopted without --license)",
        limit=limit,
        size=size,
    )
    return "\n".join([*notes, network_file.write(network, target, "give another --size")])
