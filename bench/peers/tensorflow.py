"""The same network, objective and loop in TensorFlow, as its users write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bench.errors import BenchError
from bench.peers.loops import OctaveLoop, gaussian
from bench.peers.plan import Plan, Step, carry_out, padding_of, pair_of, refuse_unknown
from bench.peers.sources import Source
from bench.peers.table import Setting
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

Array = npt.NDArray[np.float32]
Operator = Callable[[Step, list[Any]], Any]


def _padding(step: Step, kernel: tuple[int, int]) -> str:
    """VALID or SAME, whichever gives the file's padding at every size of the image."""
    pads = padding_of(step)
    if pads == (0, 0):
        return "VALID"
    # At stride 1 SAME puts half of (kernel - 1) at each end; at others it depends on the size.
    reach = [(k - 1) * d for k, d in zip(kernel, pair_of(step, "dilations"), strict=True)]
    if pair_of(step, "strides") == (1, 1) and [2 * p for p in pads] == reach:
        return "SAME"
    raise BenchError(
        f"{step.op} ({step.output!r}) pads by {pads} with strides {pair_of(step, 'strides')}, "
        f"which is neither VALID nor SAME in TensorFlow"
    )


def _convolution(step: Step, x: list[Any]) -> Any:
    if step.attributes.get("group", 1) != 1:
        raise BenchError(f"the TensorFlow peer has no grouped convolution ({step.output!r})")
    image, kernel, *bias = x
    result = tf.nn.conv2d(
        image,
        kernel,
        pair_of(step, "strides"),
        _padding(step, tuple(kernel.shape[:2])),
        dilations=pair_of(step, "dilations"),
    )
    return tf.nn.bias_add(result, bias[0]) if bias else result


def _batch_norm(step: Step, x: list[Any]) -> Any:
    image, gamma, beta, mean, variance = x
    # The function that Keras calls at inference.
    epsilon = step.attributes.get("epsilon", 1e-5)
    return tf.nn.batch_normalization(image, mean, variance, beta, gamma, epsilon)


def _max_pool(step: Step, x: list[Any]) -> Any:
    kernel = pair_of(step, "kernel_shape")
    return tf.nn.max_pool2d(x[0], kernel, pair_of(step, "strides"), _padding(step, kernel))


def _average_pool(step: Step, x: list[Any]) -> Any:
    kernel = pair_of(step, "kernel_shape")
    padding = _padding(step, kernel)
    if padding == "SAME" and step.attributes.get("count_include_pad", 0):
        raise BenchError(f"TensorFlow's average pool never counts padding ({step.output!r})")
    return tf.nn.avg_pool2d(x[0], kernel, pair_of(step, "strides"), padding)


def _concat(step: Step, x: list[Any]) -> Any:
    if step.attributes["axis"] != 1:
        raise BenchError(f"the TensorFlow peer concatenates channels only ({step.output!r})")
    return tf.concat(x, axis=-1)


OPERATORS: dict[str, Operator] = {
    "Add": lambda _, x: x[0] + x[1],
    "Sub": lambda _, x: x[0] - x[1],
    "Mul": lambda _, x: x[0] * x[1],
    "Relu": lambda _, x: tf.nn.relu(x[0]),
    "Concat": _concat,
    "Conv": _convolution,
    "BatchNormalization": _batch_norm,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
}


class TensorFlowPeer:
    """TensorFlow on the CPU; its native form is a tensor [1, height, width, 3].

    Parameters
    ----------
    source : Source
        What to compute.
    setting : Setting
        Threads take effect only before anything else is done with TensorFlow in the process.
    any_size : bool
        Whether to trace once for tiles of all sizes instead of once for each size; known sizes let
        TensorFlow optimise best.
    """

    def __init__(self, source: Source, setting: Setting, *, any_size: bool = False) -> None:
        self._plan = source.plan()
        refuse_unknown(self._plan, OPERATORS, "TensorFlow")
        if setting.threads:
            # TensorFlow's default, too, gives both pools the same number.
            tf.config.threading.set_intra_op_parallelism_threads(setting.threads)
            tf.config.threading.set_inter_op_parallelism_threads(setting.threads)
        self.version, self.grid = f"tensorflow {tf.__version__}", source.grid
        self._constants = {name: _constant(name, self._plan) for name in self._plan.constants}
        signature = [tf.TensorSpec([1, None, None, 3], tf.float32)] if any_size else None
        self.traced = tf.function(self._gradient, input_signature=signature)

    def prepare(self, tile: Array) -> Any:
        """Turn a tile into a batch of one with its channels last."""
        return tf.constant(tile.transpose(1, 2, 0)[np.newaxis])

    def gradient(self, image: Any) -> tuple[float, Any]:
        """The objective and its gradient with respect to the image alone."""
        loss, gradient = self.traced(image)
        return float(loss), gradient

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient, float32 [3, height, width]."""
        loss, gradient = self.gradient(self.prepare(tile))
        return loss, np.ascontiguousarray(gradient.numpy()[0].transpose(2, 0, 1))

    def loop(self) -> OctaveLoop:
        """The loop in TensorFlow, its tiles in Python."""
        return TensorFlowLoop(self)

    def objective(self, image: Any) -> Any:
        """The objective of a batch of one."""
        tapped = carry_out(self._plan, image, self._constants, OPERATORS)
        scores = [term.weight * _score(tapped[term.layer], term) for term in self._plan.terms]
        return tf.add_n(scores)

    def _gradient(self, image: Any) -> tuple[Any, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            loss = self.objective(image)
        return loss, tape.gradient(loss, image)


class TiledPeer(TensorFlowPeer):
    """As in TensorFlow's DeepDream tutorial: one graph rolls, loops over tiles, rolls back.

    The graph does not know its sizes, and each tile's tape reaches back to the whole image.
    """

    def __init__(self, source: Source, setting: Setting) -> None:
        super().__init__(source, setting)
        signature = [
            tf.TensorSpec([1, None, None, 3], tf.float32),
            tf.TensorSpec([2], tf.int32),
            tf.TensorSpec([2], tf.int32),
        ]
        self.over_tiles = tf.function(self._over_tiles, input_signature=signature)

    def gradient(self, image: Any) -> tuple[float, Any]:
        """The same for an image of one tile, not rolled."""
        loss, gradient = self.over_tiles(image, tf.constant([0, 0]), tf.shape(image)[1:3])
        return float(loss), gradient

    def loop(self) -> OctaveLoop:
        """The loop in TensorFlow, its tiles in the graph."""
        return TiledLoop(self)

    def _over_tiles(self, image: Any, shift: Any, tile: Any) -> tuple[Any, Any]:
        rolled = tf.roll(image, -shift, [1, 2])
        total, loss = tf.zeros_like(rolled), tf.constant(0.0)
        for top in tf.range(0, tf.shape(rolled)[1], tile[0]):
            for left in tf.range(0, tf.shape(rolled)[2], tile[1]):
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(rolled)
                    part = rolled[:, top : top + tile[0], left : left + tile[1]]
                    score = self.objective(part)
                total += tape.gradient(score, rolled)
                loss += score
        return loss, tf.roll(total, shift, [1, 2])


class TensorFlowLoop(OctaveLoop):
    """Images are tensors [1, height, width, 3]; each tile is one call of the traced gradient."""

    def __init__(self, peer: TensorFlowPeer) -> None:
        super().__init__(peer.grid)
        self._peer = peer
        self._update = tf.function(_updated, reduce_retracing=True)

    def load(self, planes: Array) -> Any:
        """Turn float32 [3, height, width] into a batch of one, channels last."""
        return self._peer.prepare(planes)

    def unload(self, image: Any) -> Array:
        """Turn an image into float32 [3, height, width]."""
        return np.ascontiguousarray(image.numpy()[0].transpose(2, 0, 1))

    def resize(self, image: Any, size: tuple[int, int]) -> Any:
        """Resize with TensorFlow's bicubic filter and antialiasing."""
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
        tile = [min(self.grid.tile_length(size), size) for size in (height, width)]
        return self._over_tiles(image, tf.constant(shift), tf.constant(tile))[1]


def plain(source: Source, setting: Setting) -> TensorFlowPeer:
    """Traced for each size of tile."""
    return TensorFlowPeer(source, setting)


def plain_for_all(source: Source, setting: Setting) -> TensorFlowPeer:
    """Traced once for tiles of all sizes."""
    return TensorFlowPeer(source, setting, any_size=True)


def tiled(source: Source, setting: Setting) -> TiledPeer:
    """As in the tutorial."""
    return TiledPeer(source, setting)


def _constant(name: str, plan: Plan) -> Any:
    """A constant in TensorFlow's layout: kernels OIHW to HWIO, vectors and scalars unchanged."""
    value = plan.constants[name]
    reader = next(step for step in plan.steps if name in step.inputs)
    if reader.op == "Conv" and value.ndim == 4:
        return tf.constant(value.transpose(2, 3, 1, 0))
    if value.size > 1 and reader.op not in ("Conv", "BatchNormalization"):
        raise BenchError(
            f"{reader.op} ({reader.output!r}) takes a constant of shape {list(value.shape)}; "
            f"the TensorFlow peer takes scalars only, as its channels are last"
        )
    return tf.constant(value)


def _score(activations: Any, term: Term) -> Any:
    chosen = activations
    if term.channels:
        chosen = tf.gather(activations, term.channels, axis=-1)
    return tf.reduce_mean(tf.square(chosen) if term.kind == "squares" else chosen)


def _updated(image: Any, gradient: Any, weights: Any, step_size: Any) -> Any:
    reach = tf.size(weights) // 2
    for rows, columns in ((-1, 1), (1, -1)):
        down, across = (reach, 0) if rows == -1 else (0, reach)
        gradient = tf.pad(gradient, [(0, 0), (down, down), (across, across), (0, 0)], "REFLECT")
        kernel = tf.tile(tf.reshape(weights, [rows, columns, 1, 1]), [1, 1, 3, 1])
        gradient = tf.nn.depthwise_conv2d(gradient, kernel, [1, 1, 1, 1], "VALID")
    gradient *= step_size / tf.reduce_mean(tf.abs(gradient))
    return tf.clip_by_value(image + gradient, 0.0, 1.0)
