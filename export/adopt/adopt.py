"""``python -m export adopt``: bring any ONNX convolutional network to the network-file contract."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.files import check_writable, replace_file
from dreamlayer.core.graph import sizes
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.network.files import read_model
from dreamlayer.export import conform, preprocessing, usage
from dreamlayer.export import network_file as contract
from dreamlayer.export.adopt import layers as foreign_layers
from dreamlayer.export.adopt import modernise as foreign
from dreamlayer.export.adopt.input_guess import Wishes, find_pixels
from dreamlayer.export.pixels import Pixels


def adopt(
    source: onnx.ModelProto, wishes: Wishes, *, name: str, origin: str, license_text: str
) -> tuple[onnx.ModelProto, list[str]]:
    """Bring a network to the contract.

    Parameters
    ----------
    source
        Any ONNX network with one image input; not changed.
    wishes
        What is known about its input.
    name
        What recipes shall call it.
    origin, license_text
        Where it comes from and under which terms it may be used.

    Returns
    -------
    tuple
        The network file, and lines that say what was decided.

    Raises
    ------
    NetworkError
        The network cannot be brought to the contract.
    """
    if contract.read_description(source):
        raise NetworkError("the file is a dreamlayer network already; use it as it is")
    modern = foreign.modernise(source)
    pixels = find_pixels(modern, wishes)
    network = _with_preprocessing(modern, pixels)
    layers = foreign_layers.find_layers(network)
    conform.declare_layers(network, layers)
    side, multiple = sizes.accepted_sizes(network, layers)
    contract.describe(
        network,
        contract.Description(
            name=name,
            layers=layers,
            minimum_size=side,
            size_multiple=multiple,
            preprocessing=pixels.record(),
            source=origin,
            license=license_text,
            description=f"{name}, adopted from {origin.split(',')[0]}",
        ),
    )
    try:
        onnx.checker.check_model(network, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise NetworkError(f"the network is not valid at other sizes: {error}") from error
    difference = _difference(source, network, pixels, side)
    notes = [*pixels.notes, f"Layers    {len(layers)}, from {layers[0]} to {layers[-1]}"]
    notes.append(_dreamable(network, layers))
    notes.append(f"Smallest  {side} px" + (f", multiples of {multiple} only" * (multiple > 1)))
    if not foreign_layers.takes_any_size(network):
        notes.append(
            f"Fixed     what follows {layers[-1]} takes one size only and cannot be dreamed"
        )
    if difference is not None:
        notes.append(f"Checked   outputs differ from the source's by at most {difference:.1e}")
    return network, notes


def _with_preprocessing(model: onnx.ModelProto, pixels: Pixels) -> onnx.ModelProto:
    """Return the graph behind ``image`` and the nodes that prepare it."""
    graph = model.graph
    taken = {name for node in graph.node for name in [*node.input, *node.output]}
    prepared = _free("preprocessed", taken)
    names = {pixels.input: prepared}
    if IMAGE in taken and pixels.input != IMAGE:
        names[IMAGE] = _free("image_", taken)
    foreign.rename(graph, names)
    foreign.rename(graph, foreign_layers.better_names(graph))
    nodes, weights = preprocessing.build(pixels, prepared)
    preprocessing.cancel_transposes(nodes, graph)
    return _assembled(model, nodes, weights)


def _assembled(
    model: onnx.ModelProto,
    nodes: Sequence[onnx.NodeProto],
    weights: Sequence[onnx.TensorProto],
) -> onnx.ModelProto:
    """Put `nodes` before the graph of `model`, under a header of ours; metadata stays."""
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")  # it may fix batch or size
    version = foreign.opset(model)
    result = conform.finish(
        [*nodes, *model.graph.node],
        [*weights, *model.graph.initializer],
        model.graph.output,
        name=model.graph.name or "network",
        opset=version,
        ir_version=max(model.ir_version, contract.IR_VERSION),
    )
    result.graph.sparse_initializer.extend(model.graph.sparse_initializer)
    result.metadata_props.extend(model.metadata_props)
    shapes = {info.name: info for info in onnx.shape_inference.infer_shapes(result).graph.output}
    for output in result.graph.output:
        output.CopyFrom(shapes[output.name])
    return result


def _dreamable(network: onnx.ModelProto, layers: Sequence[str]) -> str:
    """Tell how many layers have a gradient, and what stops the first that has none."""
    from dreamlayer.core.autodiff.backward import differentiable

    reasons = differentiable(network, layers)
    stopped = [name for name in layers if reasons[name] is not None]
    if not stopped:
        return "Dreams    on every layer"
    count = len(layers) - len(stopped)
    return f"Dreams    on {count} of them; not on {stopped[0]}: {reasons[stopped[0]]}"


def _difference(
    source: onnx.ModelProto, network: onnx.ModelProto, pixels: Pixels, side: int
) -> float | None:
    """Compare all outputs with the source's on noise; None if the source takes no such image."""
    axes = {"nchw": (2, 3), "nhwc": (1, 2)}[pixels.layout]
    height, width = (pixels.shape[axis] if pixels.shape else None for axis in axes)
    shape = (1, 3, height or max(side, 224), width or max(side, 224))
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    fed = np.ascontiguousarray(
        preprocessing.apply(pixels, image), helper.tensor_dtype_to_np_dtype(pixels.element_type)
    )
    try:
        expected = conform.open_session(source).run(None, {pixels.input: fed})
    except Exception:  # too old for ONNX Runtime, or its head takes another size
        expected = []
    layers = contract.layer_names(network)
    whole = network if expected else conform.tapped(network, layers[-1:])
    try:
        found = conform.open_session(whole).run(None, {IMAGE: image})
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        reason = str(error).splitlines()[0]
        raise NetworkError(f"ONNX Runtime cannot run the network: {reason}") from error
    if pixels.element_type == TensorProto.UINT8:
        return None  # the source was fed rounded pixels
    pairs = zip(found, expected, strict=False)
    errors = [np.abs(a - b).max() / max(np.abs(b).max(), 1e-30) for a, b in pairs if b.size]
    return float(max(errors)) if errors else None


def _free(name: str, taken: set[str]) -> str:
    """Return `name`, with underscores behind it until nothing else bears it."""
    while name in taken:
        name += "_"
    return name


def run(
    model: Path, output: Path | None, wishes: Wishes, name: str | None, license_text: str | None
) -> str:
    """Adopt the network in a file.

    Parameters
    ----------
    model
        The foreign file.
    output
        Where the network goes; ``NAME.onnx`` in the current folder where None.
    wishes
        What the user says about its input.
    name
        What recipes shall call it; the file's stem where None.
    license_text
        Terms of use; recorded as unknown where None.

    Returns
    -------
    str
        What was decided and written, for the terminal.

    Raises
    ------
    NetworkError
        The file is no ONNX, or cannot be brought to the contract.
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
        wishes,
        name=chosen,
        origin=f"{model.name}, SHA-256 {digest}",
        license_text=license_text or "unknown (adopted without --license)",
    )
    content = network.SerializeToString(deterministic=True)
    replace_file(target, content)
    return "\n".join([*notes, usage.written(target, len(content))])
