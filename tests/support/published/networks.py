"""Networks of the published kinds with random weights, for the oracles and what they judge.

Those of dreams are smooth, with Softplus for ReLU and average pools for max-pools: where a ReLU's
input is within rounding of zero, or two values in a pool's window are within rounding of each
other, two right gradients differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .dream import Layer

# Widths of a mixed layer: 1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5, after pooling.
MIXED = (8, 6, 12, 4, 6, 6)
MODULES = ("mixed3a", "mixed3b", "mixed4a", "mixed4b", "mixed4c")


def he_normal(rng: np.random.Generator, shape: Sequence[int]) -> Any:
    """Return weights of float32 that keep activations at order one."""
    return rng.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape).astype(np.float32)


def inception_v3(seed: int = 0) -> Any:
    """Build Keras's InceptionV3 without its top (image in -1..1), random batch norms included.

    Convolutions are ``conv2d_0`` on in order of creation, whatever the process has built before.
    """
    import keras

    rng = np.random.default_rng(seed)
    built = keras.applications.InceptionV3(weights=None, include_top=False)
    names = [layer.name for layer in built.layers if isinstance(layer, keras.layers.Conv2D)]
    names.sort(key=lambda name: int(name.removeprefix("conv2d").strip("_") or 0))

    def smooth(layer: Any) -> Any:
        if isinstance(layer, keras.layers.Activation):
            return keras.layers.Activation("softplus", name=layer.name)
        kind, config = type(layer), layer.get_config()
        if kind is keras.layers.MaxPooling2D:
            kind = keras.layers.AveragePooling2D
        if kind is keras.layers.Conv2D:
            config["name"] = f"conv2d_{names.index(layer.name)}"
        return kind.from_config(config)

    model = keras.models.clone_model(built, clone_function=smooth)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([he_normal(rng, layer.kernel.shape)])
        elif isinstance(layer, keras.layers.BatchNormalization):
            width = layer.beta.shape[0]
            draws = rng.normal(0, 0.2, width), rng.normal(0, 0.2, width), rng.uniform(0.5, 2, width)
            layer.set_weights(draws)
    return model


def vgg16(seed: int = 0, share: float = 0.25) -> Any:
    """Build VGG16 without its top, pooling by means (image in 0..255), layers ``conv1_1`` on.

    Parameters
    ----------
    seed : int
        Of the weights.
    share : float
        Of the published numbers of channels.
    """
    import keras

    rng = np.random.default_rng(seed)
    x = image = keras.Input((None, None, 3))
    for block, (count, width) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        for number in range(1, count + 1):
            x = keras.layers.Conv2D(
                int(width * share),
                3,
                padding="same",
                activation="relu",
                name=f"conv{block}_{number}",
            )(x)
        x = keras.layers.AveragePooling2D(2, 2)(x)
    model = keras.Model(image, x)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            bias = rng.normal(0, 0.1, layer.bias.shape)
            layer.set_weights([he_normal(rng, layer.kernel.shape), bias])
    return model


def inception_5h(seed: int = 0) -> Any:
    """Build a narrow graph with the operators and names of inception5h, up to ``mixed4c``.

    Returns
    -------
    tensorflow.compat.v1.GraphDef
        ``input`` (1, h, w, 3) of pixels on the scale 0..255, SAME padding, two LRN nodes.
    """
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    v1, nn = tf.compat.v1, tf.nn

    def convolve(x: Any, size: int, width: int, name: str, stride: int = 1) -> Any:
        weights = he_normal(rng, (size, size, int(x.shape[3]), width))
        bias = rng.normal(0, 0.1, width).astype(np.float32)
        x = nn.conv2d(x, tf.constant(weights), stride, "SAME", name=f"{name}_conv")
        return nn.softplus(nn.bias_add(x, bias, name=f"{name}_pre_relu"), name=name)

    def normalise(x: Any, name: str) -> Any:
        return nn.lrn(x, depth_radius=5, bias=1.0, alpha=1e-4, beta=0.5, name=name)

    def mix(x: Any, name: str) -> Any:
        one, three_in, three, five_in, five, pooled = MIXED
        branches = [
            convolve(x, 1, one, f"{name}_1x1"),
            convolve(convolve(x, 1, three_in, f"{name}_3x3_in"), 3, three, f"{name}_3x3"),
            convolve(convolve(x, 1, five_in, f"{name}_5x5_in"), 5, five, f"{name}_5x5"),
            convolve(nn.avg_pool2d(x, 3, 1, "SAME"), 1, pooled, f"{name}_pool_reduce"),
        ]
        return tf.concat(branches, 3, name=name)

    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, (None, None, None, 3), name="input")
        x = convolve(x, 7, 16, "conv2d0", stride=2)
        x = normalise(nn.avg_pool2d(x, 3, 2, "SAME"), "localresponsenorm0")
        x = convolve(convolve(x, 1, 16, "conv2d1"), 3, 24, "conv2d2")
        x = nn.avg_pool2d(normalise(x, "localresponsenorm1"), 3, 2, "SAME", name="maxpool1")
        for name in MODULES:
            if name == "mixed4a":
                x = nn.avg_pool2d(x, 3, 2, "SAME", name="maxpool4")
            x = mix(x, name)
        return graph.as_graph_def()


def frozen_layer(graph: Any, name: str) -> Layer:
    """Return a callable, differentiable by a tape, from a frozen graph's ``input`` to a node."""
    import tensorflow as tf

    def load() -> None:
        tf.compat.v1.import_graph_def(graph, name="")

    whole = tf.compat.v1.wrap_function(load, [])
    image, activations = (whole.graph.as_graph_element(f"{node}:0") for node in ("input", name))
    part = whole.prune(image, activations)
    return lambda x: part(tf.convert_to_tensor(x, tf.float32))
