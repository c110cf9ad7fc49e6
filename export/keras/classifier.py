"""The classifier of a Keras network for images of any size: its layers as convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from dreamlayer.export.tf.network import Tail


def with_classifier(keras: Any, base: Any, whole: Any, logits: str) -> Any:
    """Append the classifier of a model to its feature maps, as convolutions for any size.

    A dense layer that reads a flattened map of 7 × 7 positions is a convolution with kernels of
    7 × 7; one that reads a vector is a convolution with kernels of 1 × 1. On a larger map they
    give a map of class scores; a global pool gives a map of one position.

    Parameters
    ----------
    keras
        The module.
    base
        The model without its classifier.
    whole
        The same with it: after the last layer of `base` only Flatten, GlobalAveragePooling2D and
        Dense, the last with a softmax.
    logits
        Name for the values before the softmax.

    Returns
    -------
    keras.Model
        `base` and the layers of the classifier under their own names, without Flatten.
    """
    known = {layer.name for layer in base.layers}
    values, kernels, window = base.output, {}, (1, 1)
    for layer in whole.layers:
        if layer.name in known or type(layer).__name__ == "InputLayer":
            continue
        config = layer.get_config()
        if type(layer).__name__ == "Flatten":
            window = layer.input.shape[1:3]
        elif type(layer).__name__ == "GlobalAveragePooling2D":
            values = keras.layers.GlobalAveragePooling2D(keepdims=True, name=layer.name)(values)
        elif config["activation"] == "softmax":
            values = keras.layers.Conv2D(config["units"], window, name=logits)(values)
            values = keras.layers.Softmax(name=layer.name)(values)
            kernels[logits] = layer.get_weights()
        else:
            values = keras.layers.Conv2D(
                config["units"], window, activation=config["activation"], name=layer.name
            )(values)
            kernels[layer.name], window = layer.get_weights(), (1, 1)
    result = keras.Model(base.inputs[0], values)
    for name, (kernel, bias) in kernels.items():
        shape = tuple(result.get_layer(name).kernel.shape)
        result.get_layer(name).set_weights([kernel.reshape(shape), bias])
    return result


def classifier_nodes(model: Any, layers: list[str]) -> Tail:
    """Write the classifier of a Keras model as ONNX nodes.

    tf2onnx would copy its weights, 500 MB for VGG16, a dozen times over in minutes, and leave
    transpositions around a global pool.

    Parameters
    ----------
    model
        What `with_classifier` gave.
    layers
        Names of the classifier's layers, a chain that ends the model.

    Returns
    -------
    Tail
        Nodes that begin at the layer before the first of `layers`.
    """
    names = [layer.name for layer in model.layers]
    result = Tail(layers, [], [])
    previous = names[names.index(layers[0]) - 1]
    for name in layers:
        layer = model.get_layer(name)
        match type(layer).__name__:
            case "GlobalAveragePooling2D":
                result.nodes.append(_node("GlobalAveragePool", [previous], name))
            case "Softmax":
                result.nodes.append(_node("Softmax", [previous], name, axis=1))
            case "Conv2D":
                kernel, bias = layer.get_weights()
                kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))  # HWIO to OIHW
                result.weights.append(numpy_helper.from_array(kernel, f"{name}/kernel"))
                result.weights.append(numpy_helper.from_array(bias, f"{name}/bias"))
                relu = layer.activation.__name__ == "relu"
                inner = f"{name}/convolution" if relu else name
                inputs = [previous, f"{name}/kernel", f"{name}/bias"]
                result.nodes.append(_node("Conv", inputs, inner, kernel_shape=kernel.shape[2:]))
                if relu:
                    result.nodes.append(_node("Relu", [inner], name))
            case other:
                raise AssertionError(f"{other} is not made by with_classifier")
        previous = name
    return result


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    """Make a node that has the name of its output."""
    return helper.make_node(kind, inputs, [output], name=output, **attributes)
