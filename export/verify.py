"""Comparing a network file with the Keras model it was made from: activations and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from core.errors import NetworkError
from core.inference import IMAGE
from export import conform, contract

Array = NDArray[np.float32]
SIDE = 107  # px; every layer of InceptionV3 has at least 2 × 2 positions, and it is quick
ATTEMPTS = 3
ACTIVATION_LIMIT = 1e-3
GRADIENT_LIMIT = 1e-4
COSINE_LIMIT = 0.9999


@dataclass(frozen=True)
class Row:
    """How one layer agrees.

    Attributes
    ----------
    layer
        Its name.
    activation_error
        Largest difference of activations over the largest activation.
    gradient_error
        The same for the gradient of mean(a²) with respect to the image, with ONNX Runtime's
        graph optimisation off.
    cosine
        Between the two gradients as vectors, with graph optimisation on.
    """

    layer: str
    activation_error: float
    gradient_error: float
    cosine: float


def noise_image(side: int = SIDE, seed: int = 0) -> Array:
    """Return one image of uniform noise, float32 ``[1, 3, side, side]`` in 0..1."""
    return np.random.default_rng(seed).random((1, 3, side, side), dtype=np.float32)


def relative_error(value: Array, reference: Array) -> float:
    """Return the largest absolute difference over the largest absolute value of `reference`."""
    return float(np.abs(value - reference).max() / max(float(np.abs(reference).max()), 1e-30))


def cosine(value: Array, reference: Array) -> float:
    """Return the cosine of the angle between two arrays taken as vectors."""
    left = value.astype(np.float64).ravel()
    right = reference.astype(np.float64).ravel()
    lengths = float(np.linalg.norm(left)) * float(np.linalg.norm(right))
    return float(left @ right) / max(lengths, 1e-300)


def mixed_layers(network: onnx.ModelProto) -> list[str]:
    """Return ``mixed0`` … ``mixed10`` as far as `network` has them, in order."""
    names = set(contract.layer_names(network))
    return [name for name in (f"mixed{number}" for number in range(11)) if name in names]


def keras_results(
    model: Any, layers: Sequence[str], image: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Run Keras and its automatic differentiation.

    Parameters
    ----------
    model
        Keras model, input ``[batch, height, width, 3]`` in -1..1.
    layers
        Names of its layers.
    image
        float32 ``[1, 3, height, width]`` in 0..1.

    Returns
    -------
    tuple of dict
        Activations NCHW, and gradients of mean(a²) with respect to `image`, by layer.
    """
    import keras
    import tensorflow as tf

    tapped = keras.Model(model.inputs, [model.get_layer(name).output for name in layers])
    pixels = tf.constant(image)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(pixels)
        maps = tapped(tf.transpose(pixels, [0, 2, 3, 1]) * 2.0 - 1.0, training=False)
        maps = [maps] if len(layers) == 1 else maps
        losses = [tf.reduce_mean(tf.square(values)) for values in maps]
    gradients = {
        name: tape.gradient(loss, pixels).numpy() for name, loss in zip(layers, losses, strict=True)
    }
    activations = {
        name: values.numpy().transpose(0, 3, 1, 2)
        for name, values in zip(layers, maps, strict=True)
    }
    return activations, gradients


def activations(network: onnx.ModelProto, layers: Sequence[str], image: Array) -> dict[str, Array]:
    """Run `network` and return the activations of `layers`, NCHW, by name."""
    session = conform.open_session(conform.tapped(network, layers))
    return dict(zip(layers, session.run(None, {IMAGE: image}), strict=True))


def gradients(network: onnx.ModelProto, layer: str, image: Array) -> tuple[Array, Array]:
    """Compute the gradient of mean(a²) of a layer with respect to the image, by ONNX Runtime.

    Parameters
    ----------
    network
        The network file.
    layer
        Name of a tensor in it.
    image
        float32 ``[1, 3, height, width]`` in 0..1.

    Returns
    -------
    tuple of ndarray
        With graph optimisation off, and on.
    """
    from core.gradient import gradient_model
    from core.term import Term

    model = gradient_model(conform.tapped(network, [layer]), [Term(layer, kind="squares")])
    plain, optimised = (
        conform.open_session(model, optimise=optimise).run(["gradient"], {IMAGE: image})
        for optimise in (False, True)
    )
    return plain[0], optimised[0]


def compare(
    network: onnx.ModelProto,
    model: Any,
    layers: Sequence[str] = (),
    image: Array | None = None,
) -> list[Row]:
    """Compare a network file with the Keras model it was made from.

    Where a ReLU's input lies within rounding of zero, or two values in a pooling window within
    rounding of each other, two right answers decide differently, and the gradient differs in that
    unit's receptive field by 1e-3 and more (so do Keras in float32 and in float64). The image is
    small to make that rare, and a layer with a difference is looked at on another image; a wrong
    gradient is wrong on each.

    Parameters
    ----------
    network
        The network file.
    model
        The Keras model.
    layers
        Which layers; every ``mixed*`` layer where none is named.
    image
        float32 ``[1, 3, height, width]`` in 0..1; noise, drawn up to three times, where none is
        given.

    Returns
    -------
    list of Row
        One a layer.

    Raises
    ------
    NetworkError
        The network has no ``mixed*`` layer and none is named.
    """
    names = list(layers) or mixed_layers(network)
    if not names:
        raise NetworkError("the network has no mixed layer to compare; name the layers")
    if image is not None:
        return _rows(network, model, names, image)
    rows: dict[str, Row] = {}
    for seed in range(ATTEMPTS):
        doubtful = [n for n in names if n not in rows or rows[n].gradient_error > GRADIENT_LIMIT]
        if doubtful:
            rows |= {r.layer: r for r in _rows(network, model, doubtful, noise_image(seed=seed))}
    return [rows[name] for name in names]


def _rows(network: onnx.ModelProto, model: Any, names: Sequence[str], pixels: Array) -> list[Row]:
    """Compare some layers on one image."""
    expected, slopes = keras_results(model, names, pixels)
    found = activations(network, names, pixels)
    return [_row(network, name, pixels, found, expected, slopes) for name in names]


def _row(
    network: onnx.ModelProto,
    name: str,
    pixels: Array,
    found: Mapping[str, Array],
    expected: Mapping[str, Array],
    slopes: Mapping[str, Array],
) -> Row:
    """Compare one layer."""
    plain, optimised = gradients(network, name, pixels)
    return Row(
        layer=name,
        activation_error=relative_error(found[name], expected[name]),
        gradient_error=relative_error(plain, slopes[name]),
        cosine=cosine(optimised, slopes[name]),
    )


def agrees(rows: Sequence[Row]) -> bool:
    """Tell whether every layer agrees well enough to be written."""
    return all(
        row.activation_error <= ACTIVATION_LIMIT and row.cosine >= COSINE_LIMIT for row in rows
    )


def format_table(rows: Sequence[Row]) -> str:
    """Return `rows` as aligned text with a head that says what the figures are."""
    lines = [
        "Against Keras, largest error over largest value:",
        f"{'layer':<8}  {'activation':>10}  {'gradient':>8}  {'cosine':>10}",
    ]
    lines += [
        f"{row.layer:<8}  {row.activation_error:>10.1e}  {row.gradient_error:>8.1e}"
        f"  {row.cosine:>10.8f}"
        for row in rows
    ]
    return "\n".join(lines)
