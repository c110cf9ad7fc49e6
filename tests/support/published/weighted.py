"""Seed 002: a weighted sum of mixed layers, lost detail added back (Keras).

Source: the document, which is complete. Sizes by ``scipy.ndimage.zoom`` of order 1 (linear, the
corners of both images on each other, no antialiasing); each octave's image is the last octave's
result enlarged. After the ascent of an octave the detail that the original has at this size, and
had not at the size before, is added: too late for that octave, which ``repaired`` mends. A loss
above ``max_loss`` ends the octave's ascent before the update, not the dream. No clipping.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy.ndimage

from .dream import Dream, Pixels, Watch, unwatched

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"mixed2": 0.2, "mixed3": 0.5, "mixed4": 1.5, "mixed5": 2.0}
)
EPSILON = 1e-7


def zoom(image: Pixels, rows: int, columns: int) -> Pixels:
    """Resize by linear interpolation between the corners, as the document's ``resize`` does.

    At some sizes, such as 115 to 100, scipy puts the last row beyond the edge by a rounding error,
    and makes it 0. Ours does not.

    Parameters
    ----------
    image : array of float32, shape (1, h, w, 3)
        Any units.
    rows, columns : int
        The size wanted, in pixels.
    """
    factors = (1, float(rows) / image.shape[1], float(columns) / image.shape[2], 1)
    resized: Pixels = scipy.ndimage.zoom(image, factors, order=1)
    return resized


def sizes(rows: int, columns: int, octaves: int, scale: float) -> list[tuple[int, int]]:
    """Return the octaves' sizes in pixels, smallest first, cut to integers."""
    return [
        (int(rows / scale**octave), int(columns / scale**octave))
        for octave in reversed(range(octaves))
    ]


def loss_and_gradient(
    activations: Any, image: Pixels, weights: Mapping[str, float]
) -> tuple[float, Pixels]:
    """Differentiate the weighted sum; divide the gradient by its mean absolute value.

    Parameters
    ----------
    activations : keras.Model
        From the image to a dictionary of the layers' activations.
    image : array of float32, shape (1, h, w, 3)
        In -1..1.
    weights : mapping
        Coefficient of each layer: of the sum of squares two pixels inside its border, divided by
        all its elements.
    """
    import tensorflow as tf

    x = tf.constant(image, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = activations(x, training=False)
        loss = tf.constant(0.0)
        for name, weight in weights.items():
            seen = found[name]
            elements = tf.reduce_prod(tf.cast(tf.shape(seen), tf.float32))
            loss += weight * tf.reduce_sum(tf.square(seen[:, 2:-2, 2:-2, :])) / elements
    gradient = tape.gradient(loss, x)
    gradient /= tf.maximum(tf.reduce_mean(tf.abs(gradient)), EPSILON)
    return float(loss), gradient.numpy()


def weighted(
    model: Any,
    image: Pixels,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    octaves: int = 4,
    octave_scale: float = 1.4,
    steps: int = 5,
    step_size: float = 0.01,
    max_loss: float | None = 10.0,
    repaired: bool = False,
    watch: Watch = unwatched,
) -> Dream:
    """Dream as seed 002 does.

    Parameters
    ----------
    model : keras.Model
        InceptionV3 without its top; any model with layers of these names.
    image : array of float32, shape (h, w, 3)
        In -1..1.
    weights, octaves, octave_scale, steps, step_size, max_loss
        As published; the step in units of -1..1, `steps` in every octave.
    repaired : bool
        Whether the lost detail is added before the ascent of its octave.

    Returns
    -------
    Dream
        With, in `stops`, each loss that exceeded `max_loss`.
    """
    import keras

    outputs = {name: model.get_layer(name).output for name in weights}
    activations = keras.Model(model.input, outputs)
    original = np.array(image, np.float32)[np.newaxis]
    shapes = sizes(image.shape[0], image.shape[1], octaves, octave_scale)
    dreamt = np.copy(original)
    shrunk = zoom(original, *shapes[0])
    losses, stops = [], []
    for shape in shapes:
        dreamt = zoom(dreamt, *shape)
        lost = zoom(original, *shape) - zoom(shrunk, *shape)
        if repaired:
            dreamt += lost
        dreamt = watch(dreamt)
        for _ in range(steps):
            loss, gradient = loss_and_gradient(activations, dreamt, weights)
            if max_loss is not None and loss > max_loss:
                stops.append(loss)
                break
            losses.append(loss)
            dreamt = watch(dreamt + step_size * gradient)
        if not repaired:
            dreamt += lost
        shrunk = zoom(original, *shape)
    return Dream(dreamt[0], losses, stops)
