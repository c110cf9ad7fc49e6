"""The same network, objective and loop in TensorFlow, as its users write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bench.errors import BenchError
from bench.peers.plan import (
    RELU6,
    Plan,
    Step,
    carry_out,
    pads_of,
    pair_of,
    refuse_unknown,
    same_upper,
)
from bench.peers.sources import Source
from bench.peers.table import Setting
from bench.peers.tensorflow_loop import TensorFlowLoop
from dreamlayer.core.recipe.term import Term

Array = npt.NDArray[np.float32]
Operator = Callable[[Step, list[Any]], Any]


def _padded(step: Step, image: Any, kernel: tuple[int, int]) -> tuple[Any, str]:
    """The image and VALID or SAME, whichever gives the file's padding at every size of the image.

    Padding that is neither is put around the image first, as Keras's networks do.
    """
    if same_upper(step):
        return image, "SAME"
    top, left, bottom, right = pads_of(step, kernel, (0, 0))
    if not any((top, left, bottom, right)):
        return image, "VALID"
    # At stride 1 SAME puts half of (kernel - 1) at each end; at others it depends on the size.
    reach = [(k - 1) * d for k, d in zip(kernel, pair_of(step, "dilations"), strict=True)]
    even = (top, left) == (bottom, right) and [2 * top, 2 * left] == reach
    if even and pair_of(step, "strides") == (1, 1):
        return image, "SAME"
    if step.op != "Conv":
        raise BenchError(
            f"{step.op} ({step.output!r}) pads by {top, left, bottom, right} with strides "
            f"{pair_of(step, 'strides')}, which is neither VALID nor SAME in TensorFlow"
        )
    return tf.pad(image, [(0, 0), (top, bottom), (left, right), (0, 0)]), "VALID"


def _convolution(step: Step, x: list[Any]) -> Any:
    image, kernel, *bias = x
    strides, dilations = pair_of(step, "strides"), pair_of(step, "dilations")
    image, padding = _padded(step, image, tuple(kernel.shape[:2]))
    if step.attributes.get("group", 1) == 1:
        result = tf.nn.conv2d(image, kernel, strides, padding, dilations=dilations)
    else:
        result = tf.nn.depthwise_conv2d(
            image, kernel, [1, *strides, 1], padding, dilations=dilations
        )
    return tf.nn.bias_add(result, bias[0]) if bias else result


def _batch_norm(step: Step, x: list[Any]) -> Any:
    image, gamma, beta, mean, variance = x
    # The function that Keras calls at inference.
    epsilon = step.attributes.get("epsilon", 1e-5)
    return tf.nn.batch_normalization(image, mean, variance, beta, gamma, epsilon)


def _max_pool(step: Step, x: list[Any]) -> Any:
    kernel = pair_of(step, "kernel_shape")
    image, padding = _padded(step, x[0], kernel)
    return tf.nn.max_pool2d(image, kernel, pair_of(step, "strides"), padding)


def _average_pool(step: Step, x: list[Any]) -> Any:
    kernel = pair_of(step, "kernel_shape")
    image, padding = _padded(step, x[0], kernel)
    if padding == "SAME" and step.attributes.get("count_include_pad", 0):
        raise BenchError(f"TensorFlow's average pool never counts padding ({step.output!r})")
    return tf.nn.avg_pool2d(image, kernel, pair_of(step, "strides"), padding)


def _concat(step: Step, x: list[Any]) -> Any:
    if step.attributes["axis"] != 1:
        raise BenchError(f"the TensorFlow peer concatenates channels only ({step.output!r})")
    return tf.concat(x, axis=-1)


OPERATORS: dict[str, Operator] = {
    "Add": lambda _, x: x[0] + x[1],
    "Sub": lambda _, x: x[0] - x[1],
    "Mul": lambda _, x: x[0] * x[1],
    "Relu": lambda _, x: tf.nn.relu(x[0]),
    RELU6: lambda _, x: tf.nn.relu6(x[0]),
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

    def loop(self) -> TensorFlowLoop:
        """The loop in TensorFlow, its tiles in Python."""
        return TensorFlowLoop(self.prepare, self.traced, self.grid)

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


def plain(source: Source, setting: Setting) -> TensorFlowPeer:
    """Traced for each size of tile."""
    return TensorFlowPeer(source, setting)


def plain_for_all(source: Source, setting: Setting) -> TensorFlowPeer:
    """Traced once for tiles of all sizes."""
    return TensorFlowPeer(source, setting, any_size=True)


def _constant(name: str, plan: Plan) -> Any:
    """A constant in TensorFlow's layout: kernels with channels last, all else unchanged."""
    value = plan.constants[name]
    reader = next(step for step in plan.steps if name in step.inputs)
    if reader.op == "Conv" and value.ndim == 4:
        groups = reader.attributes.get("group", 1)
        if groups == 1:
            return tf.constant(value.transpose(2, 3, 1, 0))
        if groups == value.shape[0]:
            return tf.constant(value.transpose(2, 3, 0, 1))
        raise BenchError(f"the TensorFlow peer has no convolution in groups ({reader.output!r})")
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
