"""The default recipe in TensorFlow, with tiles cut in Python or in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bench.peers.loops import OctaveLoop, gaussian
from dreamlayer.core.recipe.recipe import Recipe

if TYPE_CHECKING:
    from bench.peers.tensorflow import TensorFlowPeer, TiledPeer

Array = npt.NDArray[np.float32]


class TensorFlowLoop(OctaveLoop):
    """Images are tensors [1, height, width, 3]; each tile is one call of the traced gradient."""

    def __init__(self, peer: TensorFlowPeer) -> None:
        super().__init__(peer.grid)
        self._peer = peer
        self._update = tf.function(_updated, reduce_retracing=True)

    def load(self, planes: Array) -> Any:
        """Channels last."""
        return self._peer.prepare(planes)

    def unload(self, image: Any) -> Array:
        """NumpyBackend again."""
        return np.ascontiguousarray(image.numpy()[0].transpose(2, 0, 1))

    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """TensorFlow's bicubic with antialiasing."""
        if tuple(image.shape[1:3]) == size:
            return image
        return tf.image.resize(image, size, "bicubic", antialias=True)

    def step(self, image: Any, shift: tuple[int, int], recipe: Recipe) -> Any:
        """One step."""
        gradient = self._gradient(image, shift)
        weights = tf.constant(gaussian(recipe.smoothing))
        return self._update(image, gradient, weights, tf.constant(recipe.step_size))

    def _gradient(self, image: Any, shift: tuple[int, int]) -> Any:
        rolled = tf.roll(image, [-shift[0], -shift[1]], [1, 2])
        rows, columns = self.rows_and_columns(*image.shape[1:3])
        lines = []
        for top, row, bottom in rows:
            line = []
            for left, column, right in columns:
                _, part = self._peer.traced(rolled[:, top:bottom, left:right])
                line.append(part[:, row - top :, column - left :])
            lines.append(tf.concat(line, 2))
        return tf.roll(tf.concat(lines, 1), shift, [1, 2])


class TiledLoop(TensorFlowLoop):
    """The same, but all tiles of a step are one call, as in the tutorial."""

    def __init__(self, peer: TiledPeer) -> None:
        super().__init__(peer)
        self._over_tiles = peer.over_tiles

    def _gradient(self, image: Any, shift: tuple[int, int]) -> Any:
        height, width = image.shape[1:3]
        tile = [min(self.grid.longest(size), size) for size in (height, width)]
        return self._over_tiles(image, tf.constant(shift), tf.constant(tile))[1]


def _updated(image: Any, gradient: Any, weights: Any, step_size: Any) -> Any:
    reach = tf.size(weights) // 2
    for rows, columns in ((-1, 1), (1, -1)):
        down, across = (reach, 0) if rows == -1 else (0, reach)
        gradient = tf.pad(gradient, [(0, 0), (down, down), (across, across), (0, 0)], "REFLECT")
        kernel = tf.tile(tf.reshape(weights, [rows, columns, 1, 1]), [1, 1, 3, 1])
        gradient = tf.nn.depthwise_conv2d(gradient, kernel, [1, 1, 1, 1], "VALID")
    gradient *= step_size / tf.reduce_mean(tf.abs(gradient))
    return tf.clip_by_value(image + gradient, 0.0, 1.0)
