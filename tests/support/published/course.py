"""Seed 003: the course's dreams, V1 to V4 and both optimisations (TensorFlow 2, InceptionV3).

Source: the document, which is complete. The image is clipped to -1..1 after every step; gradients
are divided by their standard deviation + 1e-8. V1 and V2 maximise the means of one or two channels
of a convolution before its batch norm; V3 and V4 the sum of the means of two mixed layers.
Optimisation 1 resizes the whole image to five sizes in turn, each from the one before, and last to
the original size; optimisation 2 does so in tiles of a rolled image, with every remainder, the
gradient of each tile's loss added up and scaled as a whole.
Sizes by ``tf.image.resize`` of TensorFlow 2: bilinear, half-pixel centres, no antialiasing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .dream import Dream, Pixels, Watch, unwatched, weighted_mean

MIXED = ("mixed3", "mixed5")
EPSILON = 1e-8
Loss = Callable[[Any], Any]


def to_network_units(image: Pixels) -> Pixels:
    """Bring pixels from 0..255 to -1..1, as Keras's ``inception_v3.preprocess_input`` does."""
    return np.asarray(image, np.float32) / np.float32(127.5) - np.float32(1.0)


def channels_loss(model: Any, layer: str, chosen: Sequence[int]) -> Loss:
    """Return V1's and V2's loss of an image tensor (h, w, 3): the sum of the channels' means."""
    import keras
    import tensorflow as tf

    part = keras.Model(model.input, model.get_layer(layer).output)

    def loss(image: Any) -> Any:
        seen = part(image[tf.newaxis], training=False)
        return tf.reduce_sum([tf.reduce_mean(seen[:, :, :, channel]) for channel in chosen])

    return loss


def layers_loss(model: Any, layers: Sequence[str]) -> Loss:
    """Return V3's and V4's loss of an image tensor (h, w, 3): the sum of the layers' means."""
    import keras
    import tensorflow as tf

    part = keras.Model(model.input, {name: model.get_layer(name).output for name in layers})

    def loss(image: Any) -> Any:
        seen = part(image[tf.newaxis], training=False)
        return tf.reduce_sum([tf.reduce_mean(seen[name]) for name in layers])

    return loss


def ascend(
    loss_of: Loss, image: Any, steps: int, step_size: float, watch: Watch
) -> tuple[Any, list[float]]:
    """Climb as ``render_deepdream`` does: steps per deviation of the gradient, in -1..1."""
    import tensorflow as tf

    image, losses = watch(tf.convert_to_tensor(image, tf.float32)), []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = loss_of(image)
        gradient = tape.gradient(loss, image)
        gradient /= tf.math.reduce_std(gradient) + EPSILON
        image = watch(tf.clip_by_value(image + gradient * step_size, -1, 1))
        losses.append(float(loss))
    return image, losses


def plain(loss_of: Loss, image: Pixels, steps: int, step_size: float, watch: Watch) -> Dream:
    """Climb at the image's own size."""
    dreamt, losses = ascend(loss_of, image, steps, step_size, watch)
    return Dream(dreamt.numpy(), losses)


def channel(
    model: Any,
    image: Pixels,
    *,
    layer: str = "conv2d_85",
    index: int = 13,
    steps: int = 100,
    step_size: float = 0.01,
    watch: Watch = unwatched,
) -> Dream:
    """Dream as V1 does: one channel, image (h, w, 3) in -1..1."""
    return plain(channels_loss(model, layer, [index]), image, steps, step_size, watch)


def channels(
    model: Any,
    image: Pixels,
    *,
    layer: str = "conv2d_85",
    indices: Sequence[int] = (13, 139),
    steps: int = 100,
    step_size: float = 0.01,
    watch: Watch = unwatched,
) -> Dream:
    """Dream as V2 does: several channels, image (h, w, 3) in -1..1."""
    return plain(channels_loss(model, layer, indices), image, steps, step_size, watch)


def layers(
    model: Any,
    image: Pixels,
    *,
    names: Sequence[str] = MIXED,
    steps: int = 100,
    step_size: float = 0.01,
    watch: Watch = unwatched,
) -> Dream:
    """Dream as V3 (from noise, 100 steps) and V4 (from a photograph, 200) do, in -1..1."""
    return plain(layers_loss(model, names), image, steps, step_size, watch)


def size_of_octave(rows: int, columns: int, scale: float, octave: int) -> Any:
    """Return a tensor of an octave's rows and columns: a float32 product, cut to integers."""
    import tensorflow as tf

    return tf.cast(tf.constant([rows, columns], tf.float32) * (scale**octave), tf.int32)


def octaves(
    model: Any,
    image: Pixels,
    *,
    names: Sequence[str] = MIXED,
    octave_range: Iterable[int] = range(-2, 3),
    octave_scale: float = 1.30,
    steps: int = 30,
    step_size: float = 0.01,
    watch: Watch = unwatched,
) -> Dream:
    """Dream as optimisation 1 does, `steps` in every octave; image (h, w, 3) in -1..1."""
    import tensorflow as tf

    rows, columns = image.shape[:2]
    loss_of = layers_loss(model, names)
    dreamt, losses = tf.constant(image, tf.float32), []
    for octave in octave_range:
        dreamt = tf.image.resize(dreamt, size_of_octave(rows, columns, octave_scale, octave))
        dreamt, found = ascend(loss_of, dreamt, steps, step_size, watch)
        losses += found
    return Dream(tf.image.resize(dreamt, (rows, columns)).numpy(), losses)


def tiled_gradient(
    loss_of: Loss, image: Any, tile_size: int, rng: np.random.Generator, repaired: bool
) -> tuple[float, Any]:
    """Add up the tiles' gradients by the rolled image; divide by the whole's deviation.

    ``repaired`` weighs each tile's by the tile's share of the pixels.
    """
    import tensorflow as tf

    down = int(rng.integers(-tile_size, tile_size))
    right = int(rng.integers(-tile_size, tile_size))
    rolled = tf.roll(image, (down, right), axis=(0, 1))
    total = tf.zeros_like(rolled)
    losses, areas = [], []
    for top in range(0, rolled.shape[0], tile_size):
        for left in range(0, rolled.shape[1], tile_size):
            with tf.GradientTape() as tape:
                tape.watch(rolled)
                tile = rolled[top : top + tile_size, left : left + tile_size]
                loss = loss_of(tile)
            losses.append(float(loss))
            areas.append(tile.shape[0] * tile.shape[1])
            share = areas[-1] / (image.shape[0] * image.shape[1]) if repaired else 1.0
            total += tape.gradient(loss, rolled) * share
    total = tf.roll(total, (-down, -right), axis=(0, 1))
    return weighted_mean(losses, areas), total / (tf.math.reduce_std(total) + EPSILON)


def tiled(
    model: Any,
    image: Pixels,
    *,
    rng: np.random.Generator,
    names: Sequence[str] = MIXED,
    tile_size: int = 150,
    octave_range: Iterable[int] = range(-2, 3),
    octave_scale: float = 1.30,
    steps: int = 50,
    step_size: float = 0.01,
    repaired: bool = False,
    watch: Watch = unwatched,
) -> Dream:
    """Dream as optimisation 2 does, `steps` in every octave; image (h, w, 3) in -1..1.

    Per step `rng` gives the roll of the rows in [-tile_size, tile_size), then of the columns.
    """
    import tensorflow as tf

    rows, columns = image.shape[:2]
    loss_of = layers_loss(model, names)
    dreamt, losses = tf.constant(image, tf.float32), []
    for octave in octave_range:
        dreamt = tf.image.resize(dreamt, size_of_octave(rows, columns, octave_scale, octave))
        dreamt = watch(dreamt)
        for _ in range(steps):
            loss, gradient = tiled_gradient(loss_of, dreamt, tile_size, rng, repaired)
            dreamt = watch(tf.clip_by_value(dreamt + gradient * step_size, -1, 1))
            losses.append(loss)
    return Dream(tf.image.resize(dreamt, (rows, columns)).numpy(), losses)
