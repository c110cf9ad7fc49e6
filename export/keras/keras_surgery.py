"""Changes to a Keras model that leave its weights as they are: other pools, a classifier of
convolutions."""

from __future__ import annotations

from typing import Any


def with_average_pooling(keras: Any, model: Any) -> Any:
    """Replace every maximum pool by an average pool of the same window, under the same name.

    Parameters
    ----------
    keras
        The module.
    model
        A functional model; not changed.

    Returns
    -------
    keras.Model
        With the same weights.
    """

    def averaged(layer: Any) -> Any:
        if type(layer).__name__ == "MaxPooling2D":
            return keras.layers.AveragePooling2D.from_config(layer.get_config())
        return layer.__class__.from_config(layer.get_config())

    result = keras.models.clone_model(model, clone_function=averaged)
    result.set_weights(model.get_weights())
    return result


def with_classifier(keras: Any, base: Any, whole: Any, logits: str) -> Any:
    """Put the classifier of a model behind its feature maps, as convolutions for any size.

    A dense layer that reads a flattened map of 7 × 7 positions is a convolution with kernels of
    7 × 7, one that reads a vector a convolution with kernels of 1 × 1. Behind a larger map they
    give a map of answers; a global pool gives a map of one position.

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
