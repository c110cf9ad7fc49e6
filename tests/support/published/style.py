"""Seed 001: the style of one picture on the content of another (VGG16, L-BFGS).

Source: the document; for the losses and figures it leaves out, the first version of
``Network.py`` of titu1994/Neural-Style-Transfer (May 2016), which the document's code is cut
from. RGB in 0..255 goes into the network as it is. The features are the convolutions' outputs
after their ReLU; pooling is by means. The start is the content image, not noise; each round
of L-BFGS starts from the last round's numbers (float64, unclipped) with a fresh memory.

``scipy.misc.imresize``, before and after, is Pillow's BILINEAR on 8 bits (antialiased); a saved
picture is clipped to 0..255 and cut to 8 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
from scipy.optimize import fmin_l_bfgs_b

from .dream import Pixels

STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")


@dataclass
class Styled:
    """What the rounds made.

    Attributes
    ----------
    image : array of float32, shape (h, w, 3)
        After the last round, on the scale 0..255, unclipped.
    losses : list of float
        After each round.
    images : list of array of float32
        After each round.
    start : float
        The loss of the content image.
    """

    image: Pixels
    losses: list[float]
    images: list[Pixels]
    start: float


def resize(image: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Resize a picture of 8 bits as ``scipy.misc.imresize`` does."""
    picture = PIL.Image.fromarray(image)
    return np.asarray(picture.resize((columns, rows), PIL.Image.Resampling.BILINEAR))


def saved(image: Pixels) -> npt.NDArray[np.uint8]:
    """Return what a picture file of the image (0..255) holds before it is resized back."""
    return np.clip(image, 0, 255).astype(np.uint8)


def gram(features: Any) -> Any:
    """Return the inner products (c, c) of the channels of features (h, w, c)."""
    import tensorflow as tf

    rows = tf.reshape(tf.transpose(features, (2, 0, 1)), (features.shape[2], -1))
    return tf.matmul(rows, rows, transpose_b=True)


def style_distance(wanted: Any, found: Any, area: int) -> Any:
    """Compare two Gram matrices; `area` is that of the image, in pixels, whatever the layer."""
    import tensorflow as tf

    return tf.reduce_sum(tf.square(wanted - found)) / (4.0 * 3**2 * float(area) ** 2)


def total_variation(image: Any, exponent: float) -> Any:
    """Sum the squared differences to the pixels below and to the right, raised to a power."""
    import tensorflow as tf

    below = tf.square(image[:, :-1, :-1, :] - image[:, 1:, :-1, :])
    right = tf.square(image[:, :-1, :-1, :] - image[:, :-1, 1:, :])
    return tf.reduce_sum(tf.pow(below + right, exponent))


def style(
    model: Any,
    content: Pixels,
    reference: Pixels,
    *,
    content_weight: float = 0.025,
    style_weight: float = 1.0,
    variation_weight: float = 1e-3,
    variation_exponent: float = 1.25,
    content_layer: str = "conv5_2",
    style_layers: Sequence[str] = STYLE_LAYERS,
    rounds: int = 10,
    evaluations: int = 20,
) -> Styled:
    """Style as seed 001 does.

    Parameters
    ----------
    model : keras.Model
        VGG16 with average pooling, or any model with layers of these names.
    content, reference : array of float32, shape (h, w, 3)
        On the scale 0..255; as published both squares of one side (512).
    content_weight, style_weight, variation_weight, variation_exponent
        As published; the style's is shared evenly by its layers.
    content_layer, style_layers
        Where the features are taken.
    rounds, evaluations : int
        Rounds of L-BFGS, and after how many evaluations a round ends (``maxfun``).
    """
    import keras
    import tensorflow as tf

    names = {content_layer, *style_layers}
    part = keras.Model(model.input, {name: model.get_layer(name).output for name in names})
    shape = (1, *content.shape)
    area = content.shape[0] * content.shape[1]
    kept = part(content[np.newaxis], training=False)[content_layer]
    shown = part(reference[np.newaxis], training=False)
    wanted = {name: gram(shown[name][0]) for name in style_layers}

    def evaluate(x: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        image = tf.constant(x.reshape(shape), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(image)
            seen = part(image, training=False)
            loss = content_weight * tf.reduce_sum(tf.square(seen[content_layer] - kept))
            for name in style_layers:
                distance = style_distance(wanted[name], gram(seen[name][0]), area)
                loss += (style_weight / len(style_layers)) * distance
            loss += variation_weight * total_variation(image, variation_exponent)
        return float(loss), tape.gradient(loss, image).numpy().flatten().astype(np.float64)

    x = content.astype(np.float64).flatten()
    start = evaluate(x)[0]
    losses, images = [], []
    for _ in range(rounds):
        x, loss, _ = fmin_l_bfgs_b(evaluate, x, maxfun=evaluations)
        losses.append(float(loss))
        images.append(x.reshape(content.shape).astype(np.float32))
    return Styled(images[-1], losses, images, start)
