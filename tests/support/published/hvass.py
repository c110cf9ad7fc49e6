"""Seed 004: smoothed gradients of random tiles, and recursion (Hvass's tutorial 14).

Source: the document; for ``resize_image``, which it uses and does not show, the public tutorial
14 of Hvass-Labs/TensorFlow-Tutorials: clip to 0..255, cut to 8 bits (no rounding), Pillow's
LANCZOS (antialiased, half-pixel centres), sizes by a factor cut to integers. ``repaired`` resizes
in floating point.

Each tile's gradient is divided by its own standard deviation + 1e-8. Strips of rows start
between -3/4 and -1/4 of a side; within each strip the tiles start anew between -3/4 and, in this
document, +1/4 (its own comment, and the tutorial, say -1/4): what lies left of a positive start
gets no gradient. ``repaired`` mends it. The whole gradient is smoothed by three Gaussians over all
three axes, colours too, and added up. No clipping but in ``resize_image``.

The published ``optimize_image`` never hands its tile size on, so it is always 400; here it counts.
"""

from __future__ import annotations

import math

import numpy as np
import PIL.Image
from scipy.ndimage import gaussian_filter

from .dream import Dream, Layer, Pixels, Watch, mean_square, unwatched, weighted_mean

EPSILON = 1e-8


def resize_image(image: Pixels, rows: int, columns: int, repaired: bool = False) -> Pixels:
    """Resize the image by Pillow's LANCZOS, cut to 8 bits unless `repaired`.

    Parameters
    ----------
    image : array of float32, shape (h, w, 3)
        On the scale 0..255; what lies outside is clipped where it is cut.
    rows, columns : int
        The size wanted, in pixels.
    """
    how = PIL.Image.Resampling.LANCZOS
    if repaired:
        planes = [PIL.Image.fromarray(plane.copy()) for plane in image.transpose(2, 0, 1)]
        return np.stack([np.asarray(plane.resize((columns, rows), how)) for plane in planes], 2)
    picture = PIL.Image.fromarray(np.clip(image, 0.0, 255.0).astype(np.uint8))
    return np.array(picture.resize((columns, rows), how), np.float32)


def tile_side(length: int, tile_size: int) -> int:
    """Return the side, in pixels, nearest to `tile_size` that divides the axis about evenly."""
    return math.ceil(length / max(1, round(length / tile_size)))


def tiled_gradient(
    layer: Layer,
    image: Pixels,
    *,
    rng: np.random.Generator,
    tile_size: int = 400,
    repaired: bool = False,
) -> tuple[float, Pixels]:
    """Put together the gradient of randomly placed tiles.

    Parameters
    ----------
    layer : callable
        From a tensor (1, h, w, 3) on the scale 0..255 to activations.
    image : array of float32, shape (h, w, 3)
        On the scale 0..255.
    rng : numpy.random.Generator
        The start of the rows once, then for each strip of rows that of the columns.
    tile_size : int
        Side wished for, in pixels.
    repaired : bool
        Whether the columns start at -1/4 of a side at the latest, not at +1/4.

    Returns
    -------
    loss : float
        Mean over the tiles, weighted by their pixels.
    gradient : array of float32, shape (h, w, 3)
        Each tile's divided by its own standard deviation + 1e-8; zero where no tile was.
    """
    rows, columns = image.shape[:2]
    high, wide = tile_side(rows, tile_size), tile_side(columns, tile_size)
    latest = -(wide // 4) if repaired else wide // 4
    whole = np.zeros_like(image)
    losses, sizes = [], []
    top = int(rng.integers(-3 * (high // 4), -(high // 4) + 1))
    while top < rows:
        left = int(rng.integers(-3 * (wide // 4), latest + 1))
        while left < columns:
            place = np.s_[
                max(top, 0) : min(top + high, rows), max(left, 0) : min(left + wide, columns)
            ]
            loss, gradient = mean_square(layer, image[place])
            whole[place] = gradient / (np.std(gradient) + EPSILON)
            losses.append(loss)
            sizes.append(gradient.size)
            left += wide
        top += high
    return weighted_mean(losses, sizes), whole


def optimize_image(
    layer: Layer,
    image: Pixels,
    *,
    rng: np.random.Generator,
    steps: int = 10,
    step_size: float = 6.0,
    tile_size: int = 400,
    repaired: bool = False,
    watch: Watch = unwatched,
) -> Dream:
    """Climb with smoothed gradients, as preset ``smooth`` does.

    Parameters
    ----------
    layer, image, rng, tile_size, repaired
        As in `tiled_gradient`.
    steps : int
        How many; the smoothing grows from sigma 0.5 by 4 / steps pixels a step.
    step_size : float
        Pixel values per standard deviation of the smoothed gradient.
    """
    dreamt = watch(np.array(image, np.float32))
    losses = []
    for step in range(steps):
        loss, gradient = tiled_gradient(
            layer, dreamt, rng=rng, tile_size=tile_size, repaired=repaired
        )
        sigma = (step * 4.0) / steps + 0.5
        smooth = gaussian_filter(gradient, sigma=sigma)
        smooth = smooth + gaussian_filter(gradient, sigma=sigma * 2)
        smooth = smooth + gaussian_filter(gradient, sigma=sigma * 0.5)
        dreamt = watch(dreamt + smooth * (step_size / (np.std(smooth) + EPSILON)))
        losses.append(loss)
    return Dream(dreamt, losses)


def recursive_optimize(
    layer: Layer,
    image: Pixels,
    *,
    rng: np.random.Generator,
    repeats: int = 4,
    factor: float = 0.7,
    blend: float = 0.2,
    steps: int = 10,
    step_size: float = 3.0,
    tile_size: int = 400,
    repaired: bool = False,
    watch: Watch = unwatched,
) -> Dream:
    """Climb on ever smaller copies first, as preset ``recursive`` does: `repeats` + 1 sizes.

    Parameters
    ----------
    layer, image, rng, steps, step_size, tile_size, repaired
        As in `optimize_image`; `steps` at every size. The losses begin with the smallest size.
    repeats : int
        How often the image is shrunk.
    factor : float
        By what, after a Gaussian of sigma 0.5 pixels over rows and columns.
    blend : float
        Share of the image itself, at each size, in what the smaller size has dreamt.
    """
    image = np.asarray(image, np.float32)
    losses: list[float] = []
    if repeats > 0:
        blurred = gaussian_filter(image, sigma=(0.5, 0.5, 0.0))
        rows, columns = (np.array(image.shape[:2]) * factor).astype(int)
        smaller = recursive_optimize(
            layer,
            resize_image(blurred, int(rows), int(columns), repaired),
            rng=rng,
            repeats=repeats - 1,
            factor=factor,
            blend=blend,
            steps=steps,
            step_size=step_size,
            tile_size=tile_size,
            repaired=repaired,
            watch=watch,
        )
        losses = smaller.losses
        image = blend * image + (1.0 - blend) * resize_image(
            smaller.image, *image.shape[:2], repaired
        )
    dream = optimize_image(
        layer,
        image,
        rng=rng,
        steps=steps,
        step_size=step_size,
        tile_size=tile_size,
        repaired=repaired,
        watch=watch,
    )
    return Dream(dream.image, losses + dream.losses)
