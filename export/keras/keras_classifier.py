"""A classifier of Keras, written down as ONNX nodes at once.

tf2onnx would copy its weights, 500 MB for VGG16, a dozen times over in minutes, and leave
transpositions around a global pool.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from dreamlayer.export.tf.network import Appendix


def appendix(model: Any, layers: list[str]) -> Appendix:
    """Write the last layers of a Keras model as ONNX nodes.

    Parameters
    ----------
    model
        What `keras_surgery.with_classifier` gave.
    layers
        Names of its last layers, a chain.

    Returns
    -------
    Appendix
        Nodes that begin at the layer before the first of `layers`.
    """
    names = [layer.name for layer in model.layers]
    result = Appendix(layers, [], [])
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
    """Make a node that bears the name of its output."""
    return helper.make_node(kind, inputs, [output], name=output, **attributes)
