"""Seed 000: octaves of Laplacian residuals and randomly shifted tiles (hjptriplebee).

Source: the document, and for the figures it leaves out ``main.py`` of
hjptriplebee/deep_dream_tensorflow. The image is taken apart into residuals (image minus its
shrunk and enlarged self); the smallest dreams first, each next size gets its residual back. One
gradient per tile of the rolled image, put together and rolled back; the step is divided by the
mean absolute value of the whole. A remainder of at most half a tile is never looked at, and
counts as zeros in that mean: a bug, which ``repaired`` mends. That form also weighs each tile's
mean by the tile's share of the pixels.

All sizes by bilinear interpolation as TensorFlow 1 did it: source = target * (in / out), no
half-pixel centres, no antialiasing. No clipping anywhere. The public code gives the network
the channels in the order in which OpenCV reads them (B, G, R); the document does not say, and
here the order is the caller's.
"""

from __future__ import annotations

import numpy as np

from .dream import Dream, Layer, Pixels, Watch, mean_square, unwatched, weighted_mean

EPSILON = 1e-7


def bilinear(image: Pixels, rows: int, columns: int) -> Pixels:
    """Resize as ``tf.image.resize_bilinear`` of TensorFlow 1 does.

    Parameters
    ----------
    image : array of float32, shape (h, w, 3)
        Any units.
    rows, columns : int
        The size wanted, in pixels.
    """
    import tensorflow as tf

    resized = tf.compat.v1.image.resize_bilinear(
        image[np.newaxis], (rows, columns), align_corners=False, half_pixel_centers=False
    )
    return np.asarray(resized[0].numpy(), np.float32)


def residuals(image: Pixels, count: int, scale: float) -> tuple[Pixels, list[Pixels]]:
    """Take the image apart.

    Parameters
    ----------
    image : array of float32, shape (h, w, 3)
        On the scale 0..255.
    count : int
        How many residuals: one fewer than octaves.
    scale : float
        Ratio of one size to the next; sizes are divided in float32 and cut to integers.

    Returns
    -------
    smallest : array of float32
        What the first octave starts from.
    lost : list of array of float32
        Residuals, largest first.
    """
    lost = []
    for _ in range(count):
        rows, columns = image.shape[:2]
        narrow = (np.array((rows, columns), np.float32) / np.float32(scale)).astype(np.int32)
        small = bilinear(image, int(narrow[0]), int(narrow[1]))
        lost.append(image - bilinear(small, rows, columns))
        image = small
    return image, lost


def tile_starts(length: int, tile_size: int, repaired: bool) -> range:
    """Return where tiles start along an axis of so many pixels."""
    if repaired:
        return range(0, length, tile_size)
    return range(0, max(length - tile_size // 2, tile_size), tile_size)


def tiled_gradient(
    layer: Layer, image: Pixels, tile_size: int, rng: np.random.Generator, repaired: bool
) -> tuple[float, Pixels]:
    """Put together the gradient of a rolled image from its tiles.

    Returns
    -------
    loss : float
        Mean over the tiles, weighted by their pixels.
    gradient : array of float32, shape (h, w, 3)
        Zero where no tile was.
    """
    down = int(rng.integers(0, tile_size))
    right = int(rng.integers(0, tile_size))
    rolled = np.roll(image, (down, right), (0, 1))
    whole = np.zeros_like(image)
    losses, sizes = [], []
    for top in tile_starts(image.shape[0], tile_size, repaired):
        for left in tile_starts(image.shape[1], tile_size, repaired):
            place = np.s_[top : top + tile_size, left : left + tile_size]
            loss, whole[place] = mean_square(layer, rolled[place])
            losses.append(loss)
            sizes.append(rolled[place].size)
            if repaired:
                whole[place] *= sizes[-1] / image.size
    return weighted_mean(losses, sizes), np.roll(whole, (-down, -right), (0, 1))


def laplacian(
    layer: Layer,
    image: Pixels,
    *,
    rng: np.random.Generator,
    octaves: int = 4,
    octave_scale: float = 1.4,
    steps: int = 50,
    step_size: float = 1.5,
    tile_size: int = 512,
    mean: float = 117.0,
    repaired: bool = False,
    watch: Watch = unwatched,
) -> Dream:
    """Dream as seed 000 does.

    Parameters
    ----------
    layer : callable
        From a tensor (1, h, w, 3), pixels minus `mean`, to the activations of ``mixed4c``.
    image : array of float32, shape (h, w, 3)
        On the scale 0..255.
    rng : numpy.random.Generator
        Per step, the shift of the rows in [0, tile_size), then that of the columns.
    octaves, octave_scale, steps, step_size, tile_size, mean
        As published; the step in pixel values, the tile in pixels, 50 steps in every octave.
    repaired : bool
        Whether every remainder has its gradient, weighed by its pixels.
    """
    image, lost = residuals(np.asarray(image, np.float32), octaves - 1, octave_scale)
    losses = []
    for octave in range(octaves):
        if octave > 0:
            detail = lost[-octave]
            image = bilinear(image, *detail.shape[:2]) + detail
        image = watch(image)
        for _ in range(steps):
            loss, gradient = tiled_gradient(
                lambda x: layer(x - mean), image, tile_size, rng, repaired
            )
            losses.append(loss)
            image = watch(image + gradient * (step_size / (np.abs(gradient).mean() + EPSILON)))
    return Dream(image, losses)
