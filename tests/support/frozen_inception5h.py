"""A frozen TensorFlow graph like the published inception5h, with random weights.

It has the operators, node names, branches and channel counts of the published file
(tensorflow_inception_graph.pb), its three classifiers included. What it lacks is training: it
dreams of nothing, and the constants of its two LRN nodes are made up, large enough to matter.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

STEM = {"conv2d0": (7, 2, 64), "conv2d1": (1, 1, 64), "conv2d2": (3, 1, 192)}
"""Kernel, stride and channels of the first three convolutions."""

MIXED = {
    "mixed3a": (64, 96, 128, 16, 32, 32),
    "mixed3b": (128, 128, 192, 32, 96, 64),
    "mixed4a": (192, 96, 204, 16, 48, 64),
    "mixed4b": (160, 112, 224, 24, 64, 64),
    "mixed4c": (128, 128, 256, 24, 64, 64),
    "mixed4d": (112, 144, 288, 32, 64, 64),
    "mixed4e": (256, 160, 320, 32, 128, 128),
    "mixed5a": (256, 160, 320, 48, 128, 128),
    "mixed5b": (384, 192, 384, 48, 128, 128),
}
"""Channels of 1x1, 3x3_bottleneck, 3x3, 5x5_bottleneck, 5x5 and pool_reduce."""

POOLS = {"mixed4a": "maxpool4", "mixed5a": "maxpool10"}
"""The pool in front of a block."""

HEADS = {"mixed4a": ("0", "output"), "mixed4d": ("1", "output1")}
"""Number and output of the classifier behind a block, beside the one at the end."""

LRN = {"depth_radius": 5, "bias": 1.0, "alpha": 0.02, "beta": 0.75}
CLASSES = 1008


def frozen_inception5h(
    path: Path,
    seed: int = 0,
    *,
    width: float = 1.0,
    old: bool = True,
    heads: bool = True,
) -> Path:
    """Write such a graph.

    Parameters
    ----------
    path
        Where to write; the name should end in .pb.
    seed
        Of the weights, which keep activations of order one for pixels in 0..255 minus 117.
    width
        What channel counts are multiplied with, for tests that need less than the whole.
    old
        Join branches with Concat, axis first, as the published file does; else with ConcatV2.
    heads
        With the three classifiers, which take images of 224 px only.

    Returns
    -------
    Path
        `path`.
    """
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        builder = _Builder(tf, np.random.default_rng(seed), width, old)
        builder.build(heads)
    definition = graph.as_graph_def()
    definition.versions.producer = 8  # of the time when the published file was written
    path.write_bytes(definition.SerializeToString())
    return path


class _Builder:
    """Adds nodes to TensorFlow's current graph."""

    def __init__(self, tf: Any, generator: np.random.Generator, width: float, old: bool) -> None:
        self.tf, self.generator, self.width, self.old = tf, generator, width, old

    def build(self, heads: bool) -> None:
        """Add the whole network."""
        tf = self.tf
        x = tf.compat.v1.placeholder(tf.float32, name="input")
        x.set_shape([None, None, None, 3])
        x = self.convolution(x, "conv2d0", *STEM["conv2d0"], gain=2 / 74**2)
        x = tf.raw_ops.LRN(input=self.pool(x, "maxpool0"), name="localresponsenorm0", **LRN)
        x = self.convolution(x, "conv2d1", *STEM["conv2d1"])
        x = self.convolution(x, "conv2d2", *STEM["conv2d2"])
        x = self.pool(tf.raw_ops.LRN(input=x, name="localresponsenorm1", **LRN), "maxpool1")
        ends = {}
        for name in MIXED:
            if name in POOLS:
                x = self.pool(x, POOLS[name])
            ends[name] = x = self.block(x, name)
        if heads:
            for name, (number, output) in HEADS.items():
                self.side_classifier(ends[name], number, output)
            self.classifier(x)

    def convolution(
        self, x: Any, name: str, kernel: int, stride: int, channels: int, gain: float = 2.0
    ) -> Any:
        """Add a convolution with bias and ReLU."""
        tf = self.tf
        shape = (kernel, kernel, int(x.shape[-1]), self.channels(channels))
        weights = self.constant(shape, gain, f"{name}_w")
        bias = self.constant(shape[-1:], 0.01, f"{name}_b")
        before = f"{name}_pre_relu"
        x = tf.raw_ops.Conv2D(
            input=x,
            filter=weights,
            strides=[1, stride, stride, 1],
            padding="SAME",
            name=f"{before}/conv",
        )
        return tf.raw_ops.Relu(
            features=tf.raw_ops.BiasAdd(value=x, bias=bias, name=before), name=name
        )

    def pool(self, x: Any, name: str, stride: int = 2) -> Any:
        """Add a maximum pool with a window of 3 × 3."""
        window, strides = [1, 3, 3, 1], [1, stride, stride, 1]
        return self.tf.raw_ops.MaxPool(
            input=x, ksize=window, strides=strides, padding="SAME", name=name
        )

    def block(self, x: Any, name: str) -> Any:
        """Add four branches and what joins them."""
        tf = self.tf
        one, reduced3, three, reduced5, five, pooled = MIXED[name]
        branches = [self.convolution(x, f"{name}_1x1", 1, 1, one)]
        y = self.convolution(x, f"{name}_3x3_bottleneck", 1, 1, reduced3)
        branches.append(self.convolution(y, f"{name}_3x3", 3, 1, three))
        y = self.convolution(x, f"{name}_5x5_bottleneck", 1, 1, reduced5)
        branches.append(self.convolution(y, f"{name}_5x5", 5, 1, five))
        y = self.pool(x, f"{name}_pool", stride=1)
        branches.append(self.convolution(y, f"{name}_pool_reduce", 1, 1, pooled))
        if self.old:
            axis = tf.constant(3, name=f"{name}/concat_dim")
            return tf.raw_ops.Concat(concat_dim=axis, values=branches, name=name)
        axis = tf.constant(3, name=f"{name}/axis")
        return tf.raw_ops.ConcatV2(values=branches, axis=axis, name=name)

    def side_classifier(self, x: Any, number: str, output: str) -> None:
        """Add the classifier of a block in the middle."""
        tf = self.tf
        x = self.average(x, 5, 3, f"head{number}_pool")
        x = self.convolution(x, f"head{number}_bottleneck", 1, 1, 128)
        length = 4 * 4 * int(x.shape[-1])
        x = self.flat(x, length, f"head{number}_bottleneck")
        x = self.dense(x, f"nn{number}", "_pre_relu", 1024)
        x = tf.raw_ops.Relu(features=x, name=f"nn{number}")
        self.answers(self.flat(x, 1024, f"nn{number}"), number, output)

    def classifier(self, x: Any) -> None:
        """Add the classifier at the end."""
        length = int(x.shape[-1])
        x = self.flat(self.average(x, 7, 1, "avgpool0"), length, "avgpool0")
        self.answers(x, "2", "output2")

    def answers(self, x: Any, number: str, output: str) -> None:
        """Add the probabilities of the classes."""
        tf = self.tf
        x = self.dense(x, f"softmax{number}", "_pre_activation", CLASSES)
        tf.identity(tf.raw_ops.Softmax(logits=x, name=f"softmax{number}"), name=output)

    def average(self, x: Any, side: int, stride: int, name: str) -> Any:
        """Add an average pool without padding."""
        window, strides = [1, side, side, 1], [1, stride, stride, 1]
        return self.tf.raw_ops.AvgPool(
            value=x, ksize=window, strides=strides, padding="VALID", name=name
        )

    def flat(self, x: Any, length: int, name: str) -> Any:
        """Add a reshape to vectors."""
        shape = self.tf.constant([-1, length], name=f"{name}/reshape/shape")
        return self.tf.raw_ops.Reshape(tensor=x, shape=shape, name=f"{name}/reshape")

    def dense(self, x: Any, name: str, ending: str, units: int) -> Any:
        """Add a matrix product with bias."""
        tf = self.tf
        weights = self.constant((int(x.shape[-1]), units), 2.0, f"{name}_w")
        bias = self.constant((units,), 0.01, f"{name}_b")
        x = tf.raw_ops.MatMul(a=x, b=weights, name=f"{name}{ending}/matmul")
        return tf.raw_ops.BiasAdd(value=x, bias=bias, name=f"{name}{ending}")

    def channels(self, published: int) -> int:
        """Return how many channels stand for the published number."""
        return max(1, round(published * self.width))

    def constant(self, shape: tuple[int, ...], gain: float, name: str) -> Any:
        """Add random weights whose variance is `gain` over what each output sums up."""
        deviation = math.sqrt(gain / math.prod(shape[:-1]))
        value = self.generator.normal(0, deviation, shape).astype(np.float32)
        return self.tf.constant(value, name=name)
