"""The default recipe on tensors of TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bench.peers.loops import OctaveLoop, pyramid_kernel
from dreamlayer.core.ascent.colors import color_matrix
from dreamlayer.core.ascent.pyramid import MIN_RMS
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]


class TensorFlowLoop(OctaveLoop):
    """Images are tensors [1, height, width, 3]; each tile is one call of the traced gradient.

    Parameters
    ----------
    prepare : callable
        Turns float32 [3, height, width] into a batch of one, channels last.
    traced : callable
        The objective and its gradient for a tile.
    grid : Grid
        Divides images into tiles.
    """

    def __init__(
        self, prepare: Callable[[Array], Any], traced: Callable[[Any], Any], grid: Grid
    ) -> None:
        super().__init__(grid)
        self._prepare, self._traced = prepare, traced
        image, matrix, number = (
            tf.TensorSpec(shape, tf.float32) for shape in ([1, None, None, 3], [3, 3], [])
        )
        self._signature = [image, image, matrix, number, number]
        self._updates: dict[int, Any] = {}

    def load(self, planes: Array) -> Any:
        """Turn float32 [3, height, width] into a batch of one, channels last."""
        return self._prepare(planes)

    def unload(self, image: Any) -> Array:
        """Turn an image into float32 [3, height, width]."""
        return np.ascontiguousarray(image.numpy()[0].transpose(2, 0, 1))

    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """Resize with TensorFlow's bicubic filter and antialiasing."""
        if tuple(image.shape[1:3]) == size:
            return image
        return tf.image.resize(image, size, "bicubic", antialias=True)

    def clip(self, image: Any) -> Any:
        """Clamp to 0..1."""
        return tf.clip_by_value(image, 0.0, 1.0)

    def step(self, image: Any, shift: tuple[int, int], recipe: Recipe) -> Any:
        """One step."""
        gradient = tf.roll(self._gradient(image, shift), shift, [1, 2])
        update = self._updates.get(recipe.pyramid)
        if update is None:
            # Traced once for images of all sizes.
            work = functools.partial(_updated, levels=recipe.pyramid)
            update = tf.function(work, input_signature=self._signature)
            self._updates[recipe.pyramid] = update
        values = color_matrix(recipe), recipe.step_size, recipe.headroom
        return update(image, gradient, *(tf.constant(value, tf.float32) for value in values))

    def _gradient(self, image: Any, shift: tuple[int, int]) -> Any:
        rolled = tf.roll(image, [-shift[0], -shift[1]], [1, 2])
        height, width = image.shape[1:3]
        lines: dict[int, list[Any]] = {}
        for row, column in self.tiles(height, width):
            rows = slice(row.start, row.start + row.length)
            columns = slice(column.start, column.start + column.length)
            _, part = self._traced(rolled[:, rows, columns])
            own = part[:, row.skip : row.skip + row.own, column.skip : column.skip + column.own]
            # A mean over a tile weighs each of its pixels by 1 / pixels.
            share = row.length * column.length / (height * width)
            lines.setdefault(row.start, []).append(own * share)
        return tf.concat([tf.concat(line, 2) for line in lines.values()], 1)


def _updated(
    image: Any, gradient: Any, matrix: Any, step_size: Any, headroom: Any, levels: int
) -> Any:
    mixed = tf.einsum("dc,bhwc->bhwd", matrix, gradient)
    change = _normalized(mixed, levels) * step_size
    room = tf.where(change > 0, 1 - image, image) / headroom
    change *= tf.clip_by_value(room, 0.0, 1.0)
    return tf.clip_by_value(image + change, 0.0, 1.0)


def _normalized(gradient: Any, levels: int) -> Any:
    """Divide each band of a Laplacian pyramid by its root mean square, as in its tutorial."""
    kernel = tf.constant(pyramid_kernel()[:, :, np.newaxis, np.newaxis] * np.eye(3, dtype="f4"))
    bands = [gradient]
    for _ in range(levels):
        low = tf.nn.conv2d(bands[-1], kernel, [1, 2, 2, 1], "SAME")
        bands[-1] -= _up(low, kernel, bands[-1])
        bands.append(low)
    bands = [band / tf.maximum(tf.sqrt(tf.reduce_mean(tf.square(band))), MIN_RMS) for band in bands]
    while len(bands) > 1:
        low = bands.pop()
        bands[-1] += _up(low, kernel, bands[-1])
    return bands[0]


def _up(low: Any, kernel: Any, like: Any) -> Any:
    return tf.nn.conv2d_transpose(low, kernel * 4, tf.shape(like), [1, 2, 2, 1])
