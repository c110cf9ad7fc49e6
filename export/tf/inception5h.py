"""``python -m export inception5h``: the frozen graph of the first DeepDreams as a network file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.files import check_writable
from dreamlayer.export.network_file import Description
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.tf import frozen_graph
from dreamlayer.export.tf.convert import export_network
from dreamlayer.export.tf.network import TensorFlowNetwork, import_tensorflow

ADDRESS = "https://storage.googleapis.com/download.tensorflow.org/models/inception5h.zip"
INPUT = "input"
LAST_LAYER = "mixed5b"
MEAN = 117.0
COMPARED = (
    *("conv2d0", "conv2d1", "conv2d2", "mixed3a", "mixed3b"),
    *("mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e", "mixed5a", "mixed5b"),
)
LAYER_OPERATORS = ("BiasAdd", "Relu", "MaxPool", "LRN", "Concat", "ConcatV2")
LICENSE = "that of the weights file"


def pixel_format(*, mean: bool, channels: str) -> Pixels:
    """Return the pixels that the graph is given.

    Parameters
    ----------
    mean
        Subtract 117, as in training; some published dreams do not.
    channels
        ``rgb``, as in training, or ``bgr``.

    Returns
    -------
    Pixels
        In 0..255.
    """
    value = MEAN if mean else 0.0
    return Pixels(INPUT, channels=channels, range="0..255", mean=(value, value, value))


def variant_name(pixels: Pixels) -> str:
    """Return the network's name: ``inception5h`` and a word for each difference."""
    name = "inception5h" + "_bgr" * (pixels.channels == "bgr")
    return name + "_no_mean" * (not any(pixels.mean))


def network(graph: Any, pixels: Pixels, name: str) -> TensorFlowNetwork:
    """Wrap a frozen graph for conversion and comparison.

    Parameters
    ----------
    graph
        The GraphDef of inception5h. Its classifiers, which `LAST_LAYER` does not depend on and
        which take images of one size, are left out.
    pixels
        From `pixel_format`.
    name
        Name of the graph in an error.

    Returns
    -------
    TensorFlowNetwork
        Its layers are the nodes that compute feature maps, under their own names.

    Raises
    ------
    NetworkError
        The graph is that of another network, or damaged.
    """
    held = {node.name for node in graph.node}
    missing = [layer for layer in (INPUT, *COMPARED) if layer not in held]
    if missing:
        raise NetworkError(
            f"{name} is the graph of another network: it has no node {missing[0]}; give the "
            f"graph in {ADDRESS}"
        )
    tf = import_tensorflow()
    nodes = frozen_graph.ancestors(graph, LAST_LAYER)
    part = tf.compat.v1.GraphDef(node=nodes, versions=graph.versions)

    def run(values: Any, layers: Sequence[str]) -> Sequence[Any]:
        tensors = [f"{layer}:0" for layer in layers]
        maps = tf.graph_util.import_graph_def(part, {INPUT: values}, tensors, name="frozen")
        return list(maps)

    layers = [node.name for node in nodes if node.op in LAYER_OPERATORS]
    return TensorFlowNetwork(layers, pixels, tf.function(run, autograph=False))


def run(weights: Path | None, output: Path | None, pixels: Pixels) -> str:
    """Export inception5h and compare it with TensorFlow, layer by layer.

    Parameters
    ----------
    weights
        tensorflow_inception_graph.pb, or the .zip that it comes in.
    output
        Where the network goes; its name in the current folder where None.
    pixels
        From `pixel_format`.

    Returns
    -------
    str
        The table of errors and what was written, for the terminal.

    Raises
    ------
    NetworkError
        The graph cannot be read, or the result does not agree with TensorFlow; nothing is written.
    OutputError
        The file cannot be written.
    """
    if weights is None:
        raise NetworkError(
            f"inception5h needs its weights: download {ADDRESS} and give the file with "
            "--weights inception5h.zip"
        )
    name = variant_name(pixels)
    target = output or Path(f"{name}.onnx")
    check_writable(target)
    content = frozen_graph.read_bytes(weights)
    source = network(frozen_graph.parse(content, str(weights)), pixels, str(weights))
    origin = f"{weights.name}, graph with SHA-256 {hashlib.sha256(content).hexdigest()}"
    summary = f"inception5h (GoogLeNet of 2014, ImageNet), up to {LAST_LAYER}"
    description = Description(name, origin, LICENSE, summary)
    return export_network(source, COMPARED, target, "TensorFlow", description)
