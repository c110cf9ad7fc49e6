"""Convert a network that TensorFlow runs to a network file, and check that the two agree."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.edit import FLOAT, untyped
from dreamlayer.export import network_file, preprocessing, verify
from dreamlayer.export.network_file import Description
from dreamlayer.export.tf.network import TensorFlowNetwork, import_tensorflow

PREPARED = "preprocessed"


def convert(source: TensorFlowNetwork, name: str) -> onnx.ModelProto:
    """Convert a network to a network file without metadata.

    Parameters
    ----------
    source
        What to convert.
    name
        Name of the graph.

    Returns
    -------
    onnx.ModelProto
        Input ``image``, NCHW in 0..1; the tensor of every layer has the layer's name; the last
        layer is the output.

    Raises
    ------
    NetworkError
        tf2onnx lost a layer or left an operator that is not allowed.
    """
    tail = source.tail
    layers = list(source.layers)
    traced = layers[: len(layers) - len(tail.layers)]
    converted = _converted(source, traced).graph
    produced = {name for node in converted.node for name in node.output}
    lost = [layer for layer in traced if layer not in produced]
    strays = [node.op_type for node in converted.node if node.op_type == "Transpose" or node.domain]
    if lost or strays:
        raise NetworkError(
            f"tf2onnx lost the layers {lost} or left the operators {strays}; please report this "
            "with the versions of tensorflow, keras and tf2onnx"
        )
    nodes, weights = preprocessing.build(source.pixels, PREPARED)
    result = network_file.build(
        [*nodes, *converted.node, *tail.nodes],
        [*weights, *converted.initializer, *tail.weights],
        [untyped(layers[-1], FLOAT)],
        name=name,
    )
    channels = network_file.declare_layers(result, layers)
    # Heights and widths have the converter's own symbols; only ranks and channels are promised.
    maps = [network_file.feature_map(layer, channels[layer]) for layer in layers]
    del result.graph.value_info[:], result.graph.output[:]
    result.graph.value_info.extend(maps[:-1])
    result.graph.output.append(maps[-1])
    return result


def _converted(source: TensorFlowNetwork, layers: Sequence[str]) -> onnx.ModelProto:
    """Run tf2onnx on a function that returns `layers`, NCHW to NCHW.

    All of them are outputs, so that the converter can neither fuse a batch norm into its
    convolution nor rename anything. Only the optimizers that these graphs need are run, once each:
    with 310 outputs a pass can take seconds, and `convert` checks the result.
    """
    tf = import_tensorflow()
    from tf2onnx import optimizer, tf_loader, tfonnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)

    def forward(pixels: object) -> list[object]:
        maps = source.run(tf.transpose(pixels, [0, 2, 3, 1]), layers)
        return [tf.transpose(result, [0, 3, 1, 2]) for result in maps]

    signature = tf.TensorSpec((None, 3, None, None), tf.float32, name=PREPARED)
    concrete = tf.function(forward).get_concrete_function(signature)
    inputs = [tensor.name for tensor in concrete.inputs if tensor.dtype != tf.resource]
    outputs = [tensor.name for tensor in concrete.outputs]
    with tf.device("/cpu:0"):
        frozen = tf_loader.from_function(concrete, inputs, outputs)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(frozen, name="")
            result = tfonnx.process_tf_graph(
                graph,
                opset=network_file.OPSET,
                input_names=inputs,
                output_names=outputs,
                tensors_to_rename={
                    **dict(zip(inputs, [PREPARED], strict=True)),
                    **dict(zip(outputs, layers, strict=True)),
                },
            )
    for rewrite in (
        optimizer.TransposeOptimizer,
        optimizer.ConstFoldOptimizer,
        optimizer.BackToBackOptimizer,
        optimizer.IdentityOptimizer,
    ):
        result = rewrite().optimize(result, 0)
    proto: onnx.ModelProto = result.make_model("network")
    return proto


def export_network(
    source: TensorFlowNetwork,
    compared: Sequence[str],
    output: Path,
    framework: str,
    description: Description,
) -> str:
    """Convert a network, compare it with its source, and write it.

    Parameters
    ----------
    source
        What to export.
    compared
        Layers whose activations and gradients are compared.
    output
        Where the network goes.
    framework
        What the user calls the source: ``Keras``, ``TensorFlow``.
    description
        For the file's metadata.

    Returns
    -------
    str
        The table of errors and what was written, for the terminal.

    Raises
    ------
    NetworkError
        The result does not agree with its source; nothing is written.
    OutputError
        The file cannot be written.
    """
    network = convert(source, description.name)
    network_file.describe(network, source.layers, source.pixels.record(), description)
    network_file.check(network, "tf2onnx made a network that is not valid")
    rows = verify.compare(network, source.results, compared)
    table = verify.format_table(rows, framework)
    if not verify.agrees(rows):
        raise NetworkError(f"the exported network does not agree with {framework}:\n{table}")
    return f"{table}\n{network_file.write(network, output)}"
