"""From a network that TensorFlow runs to a network file that is known to agree with it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.files import replace_file
from dreamlayer.core.graph import sizes
from dreamlayer.export import conform, preprocessing, usage, verify
from dreamlayer.export import network_file as contract
from dreamlayer.export.tf.network import TensorFlowNetwork, import_tensorflow

PREPARED = "preprocessed"


def convert(source: TensorFlowNetwork, name: str) -> onnx.ModelProto:
    """Convert a network to the contract, without its description.

    Parameters
    ----------
    source
        What to convert.
    name
        Name of the graph.

    Returns
    -------
    onnx.ModelProto
        Input ``image``, NCHW in 0..1; the tensor of every layer bears the layer's name; the last
        layer is the output.

    Raises
    ------
    NetworkError
        The converted graph is not what the contract asks for.
    """
    appendix = source.appendix
    layers = list(source.layers)
    traced = layers[: len(layers) - len(appendix.layers)]
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
    result = conform.finish(
        [*nodes, *converted.node, *appendix.nodes],
        [*weights, *converted.initializer, *appendix.weights],
        [conform.unshaped(layers[-1])],
        name=name,
    )
    channels = conform.declare_layers(result, layers)
    # Heights and widths carry the converter's own symbols; only ranks and channels are promised.
    del result.graph.value_info[:], result.graph.output[:]
    result.graph.output.append(conform.feature_map(layers[-1], channels[layers[-1]]))
    result.graph.value_info.extend(
        conform.feature_map(layer, channels[layer]) for layer in layers[:-1]
    )
    return result


def _converted(source: TensorFlowNetwork, layers: Sequence[str]) -> onnx.ModelProto:
    """Run tf2onnx over a function that gives `layers`, NCHW to NCHW.

    All of them are outputs, for then the converter can neither fuse a batch norm into its
    convolution nor rename anything. Of its optimisers only those that these graphs need are run,
    once each: with 310 outputs a pass can take seconds, and `convert` checks the result.
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
                opset=contract.OPSET,
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


def describe(
    network: onnx.ModelProto,
    source: TensorFlowNetwork,
    *,
    name: str,
    origin: str,
    license_text: str,
    description: str,
) -> None:
    """Write the description of a converted network into it.

    Parameters
    ----------
    network
        What `convert` gave; changed in place.
    source
        What it was made from.
    name
        What recipes call it.
    origin, license_text
        Where the weights come from and under which terms.
    description
        One sentence for a list of networks.
    """
    minimum_size, multiple = sizes.accepted_sizes(network, source.layers)
    contract.describe(
        network,
        contract.Description(
            name=name,
            layers=source.layers,
            minimum_size=minimum_size,
            size_multiple=multiple,
            preprocessing=source.pixels.record(),
            source=origin,
            license=license_text,
            description=description,
        ),
    )


def export(
    source: TensorFlowNetwork,
    compared: Sequence[str],
    output: Path,
    *,
    framework: str,
    name: str,
    origin: str,
    license_text: str,
    description: str,
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
    name, origin, license_text, description
        As for `describe`.

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
    network = convert(source, name)
    describe(
        network,
        source,
        name=name,
        origin=origin,
        license_text=license_text,
        description=description,
    )
    onnx.checker.check_model(network, full_check=True)
    rows = verify.compare(network, source.results, compared)
    table = verify.format_table(rows, framework)
    if not verify.agrees(rows):
        raise NetworkError(f"the exported network does not agree with {framework}:\n{table}")
    content = network.SerializeToString(deterministic=True)
    replace_file(output, content)
    return f"{table}\n{usage.written(output, len(content))}"
