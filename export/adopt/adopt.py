"""``python -m export adopt``: make a network file from any ONNX convolutional network."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.files import check_writable
from dreamlayer.core.graph.edit import rename_tensors, tap
from dreamlayer.core.graph.geometry import round_up
from dreamlayer.core.graph.inference import infer_shapes
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.graph.sizes import shapes_at
from dreamlayer.core.network.files import read_model
from dreamlayer.export import network_file, preprocessing
from dreamlayer.export.adopt.aliases import originals_of
from dreamlayer.export.adopt.choice import choose_layers
from dreamlayer.export.adopt.image_sizes import Sized, with_sizes
from dreamlayer.export.adopt.input_guess import INTEGERS, InputOptions, find_pixels
from dreamlayer.export.adopt.modernize import free_name, modernize, opset
from dreamlayer.export.network_file import Description
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.verify import open_session

_USUAL = 224


def adopt(
    source: onnx.ModelProto, options: InputOptions, *, name: str, origin: str, license_text: str
) -> tuple[onnx.ModelProto, list[str]]:
    """Turn a network into one that dreamlayer can dream with.

    Parameters
    ----------
    source
        Any ONNX network with one image input; not changed.
    options
        What is known about its input.
    name
        What recipes call it.
    origin, license_text
        Where it comes from and under which terms it may be used.

    Returns
    -------
    tuple
        The network file, and lines that say what was decided.

    Raises
    ------
    NetworkError
        The network cannot be adopted.
    """
    if network_file.read_description(source):
        raise NetworkError("the file is a dreamlayer network already; use it as it is")
    modern = modernize(source)
    pixels = find_pixels(modern, options)
    network = _with_preprocessing(modern, pixels)
    own = _own_size(pixels)
    sized = with_sizes(network, own, options.size)
    network = sized.network
    _declare_outputs(network, sized)
    layers = choose_layers(network, sized.found, originals_of(source), own)
    network_file.declare_layers(network, layers.names)
    summary = f"{name}, adopted from {origin.split(',')[0]}"
    side, multiple = network_file.describe(
        network,
        layers.names,
        pixels.record(),
        Description(name, origin, license_text, summary),
        layers.aliases,
        sized.only,
    )
    network_file.check(network, "the network is not valid at other sizes")
    usual = round_up(max(side, _USUAL), multiple)
    difference = _difference(source, network, pixels, sized.only or own or (usual, usual))
    notes = [*pixels.notes, *layers.notes, *filter(None, [sized.note])]
    if sized.only is None:
        notes.append(f"Smallest  {side} px" + (f", multiples of {multiple} only" * (multiple > 1)))
    if difference is not None:
        notes.append(f"Checked   outputs differ from the source's by at most {difference:.1e}")
    return network, notes


def _own_size(pixels: Pixels) -> tuple[int, int] | None:
    """Height and width of the images that the source takes, where it takes one size only."""
    axes = {"nchw": (2, 3), "nhwc": (1, 2)}[pixels.layout]
    height, width = (pixels.shape[axis] if pixels.shape else None for axis in axes)
    return (height, width) if height and width else None


def _with_preprocessing(model: onnx.ModelProto, pixels: Pixels) -> onnx.ModelProto:
    """Put ``image`` and the nodes that preprocess it before the graph."""
    graph = model.graph
    taken = {name for node in graph.node for name in [*node.input, *node.output]}
    prepared = free_name("preprocessed", taken)
    names = {pixels.input: prepared}
    if IMAGE in taken and pixels.input != IMAGE:
        names[IMAGE] = free_name("image_", taken)
    rename_tensors(model, names)
    nodes, weights = preprocessing.build(pixels, prepared)
    preprocessing.cancel_transposes(nodes, graph)
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
    return result


def _declare_outputs(network: onnx.ModelProto, sized: Sized) -> None:
    """Give the outputs the shapes that inference finds, or at least their number of axes."""
    known = {info.name: info for info in infer_shapes(network).graph.output}
    ranks = {name: len(dims) for name, dims in shapes_at(network, sized.found.sizes[0]).items()}
    for output in network.graph.output:
        output.CopyFrom(known[output.name])
        if not output.type.tensor_type.HasField("shape") and output.name in ranks:
            axes = [None] * ranks[output.name]
            kind = output.type.tensor_type.elem_type
            output.CopyFrom(helper.make_tensor_value_info(output.name, kind, axes))


def _difference(
    source: onnx.ModelProto, network: onnx.ModelProto, pixels: Pixels, size: tuple[int, int]
) -> float | None:
    """Compare all outputs with the source's on noise; None if the source takes no such image."""
    image = np.random.default_rng(0).random((1, 3, *size), dtype=np.float32)
    values = np.ascontiguousarray(
        pixels.preprocess_planes(image), helper.tensor_dtype_to_np_dtype(pixels.element_type)
    )
    try:
        expected = open_session(source).run(None, {pixels.input: values})
    except Exception:  # too old for ONNX Runtime, or its head takes another size
        expected = []
    layers = network_file.layer_names(network)
    whole = network if expected else tap(network, layers[-1:])
    try:
        found = open_session(whole).run(None, {IMAGE: image})
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        reason = network_file.first_line(error)
        raise NetworkError(f"ONNX Runtime cannot run the network: {reason}") from error
    if pixels.element_type in INTEGERS:
        return None  # the source was given rounded pixels
    pairs = zip(found, expected, strict=False)
    errors = [np.abs(a - b).max() / max(np.abs(b).max(), 1e-30) for a, b in pairs if b.size]
    return float(max(errors)) if errors else None


def run(
    model: Path,
    output: Path | None,
    options: InputOptions,
    name: str | None,
    license_text: str | None,
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
    )
    return "\n".join([*notes, network_file.write(network, target)])
