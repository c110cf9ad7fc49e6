"""The networks of Keras that can be exported, and the variants of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dreamlayer.export.keras.classifier import classifier_nodes
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.tf.network import TensorFlowNetwork

LOGITS = "logits"
_CAFFE = Pixels("pixels", channels="bgr", range="0..255", mean=(123.68, 116.779, 103.939))
_APACHE = "Apache License 2.0 (the Keras documentation on its InceptionV3 ImageNet weights)"
_ATTRIBUTION = (
    "CC BY 4.0, Creative Commons Attribution (Karen Simonyan and Andrew Zisserman, Visual Geometry "
    "Group at Oxford, whose ImageNet weights Keras ported; the Keras documentation on them)"
)


@dataclass(frozen=True)
class Kind:
    """One network of Keras.

    Attributes
    ----------
    name
        Its name in the command and in the network file.
    title
        Its name in ``keras.applications``.
    pixels
        The pixels that Keras's own preprocessing gives it.
    features
        The last layer before the classifier.
    compared
        Layers, as far as a model has them, that are compared with Keras.
    license
        Terms of Keras's ImageNet weights.
    chain
        Whether it is a chain of convolutions and pools, whose weights any ONNX file can give.
    """

    name: str
    title: str
    pixels: Pixels
    features: str
    compared: Sequence[str]
    license: str
    chain: bool = False


_VGG_LAYERS = (*(f"block{block}_pool" for block in range(1, 6)), LOGITS)

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "inception_v3",
            "InceptionV3",
            Pixels("pixels", range="-1..1"),
            "mixed10",
            (*(f"mixed{number}" for number in range(11)), LOGITS),
            _APACHE,
        ),
        Kind("vgg16", "VGG16", _CAFFE, "block5_pool", _VGG_LAYERS, _ATTRIBUTION, chain=True),
        Kind("vgg19", "VGG19", _CAFFE, "block5_pool", _VGG_LAYERS, _ATTRIBUTION, chain=True),
    )
}
"""By name."""


@dataclass(frozen=True)
class Variant:
    """A network and how it differs from Keras's; None for no difference.

    Attributes
    ----------
    kind
        Which network.
    pooling
        ``average`` for average pools in place of max pools.
    channels
        ``rgb`` or ``bgr``: the order of the colours that the first layer sees.
    mean
        ``none`` to subtract no mean.
    top
        With the classifier.
    """

    kind: Kind
    pooling: str | None = None
    channels: str | None = None
    mean: str | None = None
    top: bool = False

    @property
    def name(self) -> str:
        """The kind's name and a word for each difference."""
        parts = [
            self.kind.name,
            "average" * (self.pooling == "average"),
            (self.channels or "") * (self.channels != self.kind.pixels.channels),
            "no_mean" * (self.mean == "none"),
            "top" * self.top,
        ]
        return "_".join(part for part in parts if part)

    @property
    def pixels(self) -> Pixels:
        """The pixels that the first layer expects."""
        return replace(
            self.kind.pixels,
            channels=self.channels or self.kind.pixels.channels,
            mean=(0.0, 0.0, 0.0) if self.mean == "none" else self.kind.pixels.mean,
        )


def layer_names(model: Any) -> list[str]:
    """Return the names of all layers of a Keras model but the input, in topological order."""
    return [layer.name for layer in model.layers if type(layer).__name__ != "InputLayer"]


def network(model: Any, variant: Variant) -> TensorFlowNetwork:
    """Wrap a Keras model for conversion and comparison.

    Parameters
    ----------
    model
        What `keras_weights.load` gave.
    variant
        The variant that it is.

    Returns
    -------
    TensorFlowNetwork
        Its layers have their Keras names.
    """
    import keras

    def run(values: Any, layers: Sequence[str]) -> Sequence[Any]:
        tapped = keras.Model(model.inputs[0], [model.get_layer(name).output for name in layers])
        maps = tapped(values, training=False)
        return [maps] if len(layers) == 1 else maps

    layers = layer_names(model)
    classifier = layers[layers.index(variant.kind.features) + 1 :]
    if not classifier:
        return TensorFlowNetwork(layers, variant.pixels, run)
    tail = classifier_nodes(model, classifier)
    return TensorFlowNetwork(layers, variant.pixels, run, tail)
