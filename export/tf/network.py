"""A network that TensorFlow runs: the source of a conversion and of the comparison after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.installation import install_command
from dreamlayer.export.preprocessing import Pixels

Array = NDArray[np.float32]


def import_tensorflow() -> Any:
    """Import TensorFlow, quietly, and tf2onnx with it.

    Returns
    -------
    module
        ``tensorflow``.

    Raises
    ------
    NetworkError
        One of the two is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise NetworkError(
            f"this export needs TensorFlow and tf2onnx ({error}); run: {install_command('export')}"
        ) from error
    return tensorflow


@dataclass(frozen=True)
class Tail:
    """The last layers of a network as ONNX nodes, where converting them would be a detour.

    Attributes
    ----------
    layers
        Names of the last layers.
    nodes, weights
        The graph that computes them from the layers before.
    """

    layers: list[str]
    nodes: list[onnx.NodeProto]
    weights: list[onnx.TensorProto]


@dataclass(frozen=True)
class TensorFlowNetwork:
    """A network that TensorFlow runs.

    Attributes
    ----------
    layers
        Names of its feature maps in topological order; each has rank 4.
    pixels
        The pixels that it expects.
    run
        Takes such pixels, ``[batch, height, width, 3]``, and names of layers; returns their
        activations ``[batch, height, width, channels]``. TensorFlow must be able to trace and to
        differentiate it.
    tail
        The last of `layers` in ONNX, where they need no conversion.
    """

    layers: Sequence[str]
    pixels: Pixels
    run: Callable[[Any, Sequence[str]], Sequence[Any]]
    tail: Tail = field(default_factory=lambda: Tail([], [], []))

    def results(
        self, layers: Sequence[str], image: Array
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Run the network and TensorFlow's automatic differentiation.

        Parameters
        ----------
        layers
            Some of its layers.
        image
            float32 ``[1, 3, height, width]``, RGB in 0..1.

        Returns
        -------
        tuple of dict
            Activations NCHW, and gradients of mean(a²) with respect to `image`, by layer.
        """
        tf = import_tensorflow()
        image_tensor = tf.constant(image)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(image_tensor)
            pixels = self.pixels.preprocess(tf.transpose(image_tensor, [0, 2, 3, 1]))
            maps = self.run(pixels, layers)
            losses = [tf.reduce_mean(tf.square(values)) for values in maps]
        activations = {
            name: values.numpy().transpose(0, 3, 1, 2)
            for name, values in zip(layers, maps, strict=True)
        }
        gradients = {
            name: tape.gradient(loss, image_tensor).numpy()
            for name, loss in zip(layers, losses, strict=True)
        }
        return activations, gradients
