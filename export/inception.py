"""``python -m export inception_v3``: Keras's InceptionV3 as a network file."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import onnx

from core import sizes
from core.errors import NetworkError
from core.files import check_writable, replace_file
from core.inference import IMAGE
from export import conform, contract, keras_inception, verify

PREPROCESSING = {"channels": "rgb", "range": "-1..1", "formula": "2 * image - 1"}
KERAS_LICENSE = "Apache License 2.0 (the Keras documentation on its InceptionV3 ImageNet weights)"


def convert(model: Any) -> onnx.ModelProto:
    """Convert a Keras model to a network without its description.

    Parameters
    ----------
    model
        A Keras model that takes ``[batch, height, width, 3]`` in -1..1 and whose layers give
        feature maps.

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
    converted = _converted(model)
    layers = _layer_names(model)
    produced = {name for node in converted.graph.node for name in node.output}
    lost = [name for name in layers if name not in produced]
    strays = [n.op_type for n in converted.graph.node if n.op_type == "Transpose" or n.domain]
    if lost or strays:
        raise NetworkError(
            f"tf2onnx lost the layers {lost} or left the operators {strays}; please report this "
            "with the versions of tensorflow, keras and tf2onnx"
        )
    output = next(info for info in converted.graph.output if info.name == layers[-1])
    result = conform.finish(
        converted.graph.node, converted.graph.initializer, [output], name="inception_v3"
    )
    channels = conform.declare_layers(result, layers)
    # Heights and widths carry the converter's own symbols; only ranks and channels are promised.
    del result.graph.value_info[:], result.graph.output[:]
    result.graph.output.append(conform.feature_map(layers[-1], channels[layers[-1]]))
    result.graph.value_info.extend(
        conform.feature_map(name, channels[name]) for name in layers[:-1]
    )
    return result


def _layer_names(model: Any) -> list[str]:
    """Return the names of all layers but the input, in topological order."""
    return [layer.name for layer in model.layers if type(layer).__name__ != "InputLayer"]


def _converted(model: Any) -> onnx.ModelProto:
    """Run tf2onnx over a function that gives every layer, NCHW to NCHW.

    All layers are outputs, for then the converter can neither fuse a batch norm into its
    convolution nor rename anything. Of its optimisers only those that this graph needs are run,
    once each: with 310 outputs a pass can take seconds, and `convert` checks the result.
    """
    import keras
    import tensorflow as tf
    from tf2onnx import optimizer, tf_loader, tfonnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    complete = keras.Model(model.inputs, [layer.output for layer in layers])

    def forward(image: Any) -> list[Any]:
        maps = complete(tf.transpose(image, [0, 2, 3, 1]) * 2.0 - 1.0, training=False)
        return [tf.transpose(result, [0, 3, 1, 2]) for result in maps]

    signature = tf.TensorSpec((None, 3, None, None), tf.float32, name=IMAGE)
    concrete = tf.function(forward).get_concrete_function(signature)
    inputs = [tensor.name for tensor in concrete.inputs if tensor.dtype != tf.resource]
    outputs = [tensor.name for tensor in concrete.outputs]
    names = [layer.name for layer in layers]
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
                    **dict(zip(inputs, [IMAGE], strict=True)),
                    **dict(zip(outputs, names, strict=True)),
                },
            )
    for rewrite in (
        optimizer.TransposeOptimizer,
        optimizer.ConstFoldOptimizer,
        optimizer.BackToBackOptimizer,
        optimizer.IdentityOptimizer,
    ):
        result = rewrite().optimize(result, 0)
    proto: onnx.ModelProto = result.make_model("inception_v3")
    return proto


def describe(network: onnx.ModelProto, model: Any, source: str, license_text: str) -> None:
    """Write the description of an exported InceptionV3 into `network`.

    Parameters
    ----------
    network
        What `convert` gave; changed in place.
    model
        The Keras model that it was made from.
    source, license_text
        Where the weights come from and under which terms.
    """
    layers = _layer_names(model)
    contract.describe(
        network,
        contract.Description(
            name="inception_v3",
            layers=layers,
            minimum_size=sizes.accepted_sizes(network, layers)[0],
            preprocessing=PREPROCESSING,
            source=source,
            license=license_text,
            description=f"InceptionV3 from Keras, up to {layers[-1]}",
        ),
    )


def provenance(weights: str, seed: int) -> tuple[str, str]:
    """Return where the weights come from and under which terms, for the file's metadata.

    Parameters
    ----------
    weights, seed
        As given to `keras_inception.load`.

    Returns
    -------
    tuple of str
        Source and licence.
    """
    if weights == "imagenet":
        return f"Keras, {keras_inception.download_address()}", KERAS_LICENSE
    if weights == "random":
        return f"random weights, seed {seed}", "none needed"
    digest = hashlib.sha256(Path(weights).read_bytes()).hexdigest()
    return f"{Path(weights).name}, SHA-256 {digest}", "that of the weights file"


def run(weights: str, output: Path, seed: int) -> str:
    """Export InceptionV3 and compare it with Keras, layer by layer.

    Parameters
    ----------
    weights
        ``imagenet``, ``random`` or a file.
    output
        Where the network goes.
    seed
        For random weights.

    Returns
    -------
    str
        The table of errors and what was written, for the terminal.

    Raises
    ------
    NetworkError
        The weights cannot be had, or the result does not agree with Keras; nothing is written.
    OutputError
        The file cannot be written.
    """
    check_writable(output)
    if weights == "imagenet":
        keras_inception.import_keras()
        print(f"Weights: {keras_inception.download_address()}", flush=True)
        print(f"Keras keeps them in {keras_inception.keras_folder()}", flush=True)
    model = keras_inception.load(weights, seed)
    network = convert(model)
    describe(network, model, *provenance(weights, seed))
    onnx.checker.check_model(network, full_check=True)
    rows = verify.compare(network, model)
    table = verify.format_table(rows)
    if not verify.agrees(rows):
        raise NetworkError(f"the exported network does not agree with Keras:\n{table}")
    content = network.SerializeToString(deterministic=True)
    replace_file(output, content)
    return f"{table}\n{output}: {len(content) / 1e6:.1f} MB"
