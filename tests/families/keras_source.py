"""Export a network of Keras by tf2onnx, and differentiate it with TensorFlow in float64.

Run as `python tests/families/keras_source.py FOLDER NAME...`, where TensorFlow, tf2onnx and
onnxruntime are installed. dreamlayer is not needed and not asked.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import images
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tf2onnx
from activations import choose
from families import Family, named
from images import first_line

Array = npt.NDArray[Any]
BATCH = 4


def make(family: Family, folder: Path) -> None:
    """Write the family's network and, as .npz, images with activations and gradients.

    A network that is in the folder already is kept: the same seed made it.
    """
    keras.utils.set_random_seed(0)
    _compute_in("float32")
    model = _made(family)
    _shake(model, images.noise(family, 1, BATCH).transpose(0, 2, 3, 1))
    image = images.noise(family, 1, 1).transpose(0, 2, 3, 1)
    file = folder / f"{family.stem}.onnx"
    if not file.exists():
        _export(model, family, file)
    chosen = choose(file, {"image": image}, _outputs(model, image), "nhwc")
    models = {"float32": model}
    _compute_in("float64")
    models["float64"] = _made(family)
    models["float64"].set_weights(model.get_weights())
    names = [layer.name for layer in model.layers]

    def gradients(pixels: Array, kind: str) -> dict[str, Array]:
        # The other model's layers have other numbers in their names.
        layers = [models[kind].layers[names.index(one.module)] for one in chosen.values()]
        found = _gradients(models[kind], pixels.transpose(0, 2, 3, 1).astype(kind), layers)
        return dict(zip(chosen, found, strict=True))

    tried = images.without_ties(family, gradients)
    _compute_in("float32")
    values = _outputs(model, tried[0].pixels.transpose(0, 2, 3, 1))
    activations = {place: _planes(values[one.module]) for place, one in chosen.items()}
    version = f"keras {keras.__version__}, tensorflow {tf.__version__}"
    images.save(folder / f"{family.stem}.npz", chosen, activations, tried, version)


def _compute_in(kind: str) -> None:
    """Make networks from now on of `float32` or `float64`."""
    keras.config.set_floatx(kind)
    keras.config.set_dtype_policy(kind)


def _planes(values: Array) -> Array:
    return np.moveaxis(values, 3, 1) if values.ndim == 4 else values


def _made(family: Family) -> Any:
    size = None if family.dynamic else family.side
    options = {"weights": None, "include_top": False, "input_shape": (size, size, 3)}
    return getattr(keras.applications, family.model)(**options | family.options)


def _shake(model: Any, images: Array) -> None:
    """Give weights that start as constants random values, and batch norms true statistics."""
    random = np.random.default_rng(2)
    for weight in model.weights:
        values = np.asarray(weight)
        if not values.size or values.min() != values.max() or weight.dtype != "float32":
            continue
        start, noise = float(values.flat[0]), random.random(values.shape)
        if abs(start) > 0.1:
            values = start * (0.7 + 0.6 * noise)
        else:
            values = 0.2 + 0.6 * noise if start else 0.4 * (noise - 0.3)
        weight.assign(values.astype(np.float32))
    norms = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    model(images, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        mean, variance = np.asarray(norm.moving_mean), np.asarray(norm.moving_variance)
        deviation = np.sqrt(variance)
        norm.moving_mean.assign(mean + 0.2 * deviation * random.normal(size=mean.shape))
        norm.moving_variance.assign(variance * (0.7 + 0.6 * random.random(mean.shape)) + 1e-6)


def _export(model: Any, family: Family, file: Path) -> None:
    size = None if family.dynamic else family.side
    signature = [tf.TensorSpec((None if family.dynamic else 1, size, size, 3), name="image")]
    tf2onnx.convert.from_keras(model, signature, opset=family.opset, output_path=str(file))


def _outputs(model: Any, image: Array) -> dict[str, Array]:
    layers = [
        layer
        for layer in model.layers[1:]
        if isinstance(getattr(layer, "output", None), keras.KerasTensor)
    ]
    values = keras.Model(model.inputs, [layer.output for layer in layers])(image)
    return {layer.name: np.asarray(value) for layer, value in zip(layers, values, strict=True)}


def _gradients(model: Any, image: Array, layers: list[Any]) -> list[Array]:
    """The gradients of the mean of squares of each layer, as [1, 3, height, width]."""
    part = keras.Model(model.inputs, [layer.output for layer in layers])
    pixels = tf.constant(image)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(pixels)
        losses = [tf.reduce_mean(tf.square(values)) for values in part(pixels)]
    return [np.asarray(tape.gradient(loss, pixels)).transpose(0, 3, 1, 2) for loss in losses]


if __name__ == "__main__":
    for wanted in sys.argv[2:]:
        try:
            make(named(wanted), Path(sys.argv[1]))
        except Exception as error:  # an exporter's; it must not keep the others from their turn
            print(f"{wanted}: {first_line(error)}", file=sys.stderr)
