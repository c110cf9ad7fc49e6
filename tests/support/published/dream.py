"""What every oracle returns, and what more than one of them needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.float32]
Layer: TypeAlias = Callable[[Any], Any]
Watch: TypeAlias = Callable[[Any], Any]
"""Function of the image at the start of an octave and after each step; the dream goes on from what
it returns."""


@dataclass
class Dream:
    """What an oracle made.

    Attributes
    ----------
    image : array of float32, shape (h, w, 3)
        In the units of the image given, never rounded to 8 bits.
    losses : list of float
        The loss at each step before the update of that step, octave after octave. Of a tiled
        step: the mean of the tiles' losses weighted by their pixels (nobody published prints one).
    stops : list of float
        The losses, if any, that ended an octave's ascent early: they had no update.
    """

    image: Pixels
    losses: list[float]
    stops: list[float] = field(default_factory=list)


def unwatched(image: Any) -> Any:
    """Go on from the image itself."""
    return image


def noise(rng: np.random.Generator, side: int) -> Pixels:
    """Return the noise that seeds 000 (224 pixels) and 003 (300 pixels) start from.

    Returns
    -------
    array of float32, shape (side, side, 3)
        U[0, 1) + 100, on the scale 0..255.
    """
    return (rng.uniform(size=(side, side, 3)) + 100.0).astype(np.float32)


def mean_square(layer: Layer, image: Pixels) -> tuple[float, Pixels]:
    """Differentiate the mean of the squared activations.

    Parameters
    ----------
    layer : callable
        From a tensor (1, h, w, 3), in the image's units, to activations.
    image : array of float32, shape (h, w, 3)
        The image or a tile of it.

    Returns
    -------
    loss : float
        Mean of the squares.
    gradient : array of float32, shape (h, w, 3)
        Of the loss by the image.
    """
    import tensorflow as tf

    x = tf.constant(image, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_mean(tf.square(layer(x[tf.newaxis])))
    return float(loss), tape.gradient(loss, x).numpy()


def weighted_mean(values: list[float], weights: list[int]) -> float:
    """Return the mean of the tiles' losses, weighted by their pixels."""
    return float(np.average(values, weights=weights))
