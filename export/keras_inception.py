"""Keras's InceptionV3: its weights from Keras, from a file, or drawn at random."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import NetworkError

INSTALL = "pip install 'dreamlayer[export]'"
SUFFIXES = (".h5", ".hdf5", ".keras")
EXPECTED = "a Keras InceptionV3, the whole model or its weights alone, with or without its top"


def import_keras() -> Any:
    """Import Keras with TensorFlow behind it, quietly.

    Returns
    -------
    module
        ``keras``.

    Raises
    ------
    NetworkError
        TensorFlow is not installed, or Keras runs on another framework.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        import keras
        import tensorflow  # noqa: F401  (Keras alone would import without it)
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise NetworkError(
            f"exporting from Keras needs TensorFlow and tf2onnx ({error}); run `{INSTALL}`"
        ) from error
    if keras.backend.backend() != "tensorflow":
        raise NetworkError(
            f"Keras runs on {keras.backend.backend()} here, and the export needs TensorFlow; "
            "set KERAS_BACKEND=tensorflow"
        )
    return keras


def keras_folder() -> Path:
    """Return the folder where Keras keeps what it downloads."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def download_address() -> str:
    """Return where Keras would download the ImageNet weights from, as Keras itself says."""
    keras = import_keras()
    module = sys.modules[keras.applications.InceptionV3.__module__]
    return str(getattr(module, "WEIGHTS_PATH_NO_TOP", "the place that its source names"))


def load(weights: str, seed: int = 0) -> Any:
    """Build InceptionV3 without its classifier and give it weights.

    Parameters
    ----------
    weights
        ``imagenet`` (Keras downloads them, once), ``random``, or a path to a ``.h5`` or
        ``.keras`` file with the whole model or with weights only, with or without the top.
    seed
        For ``random``.

    Returns
    -------
    keras.Model
        Input ``[batch, height, width, 3]`` in -1..1; layers are named as in a fresh session.

    Raises
    ------
    NetworkError
        The weights cannot be had, read, or are those of another network.
    """
    keras = import_keras()
    if weights == "imagenet":
        return _downloaded(keras)
    if weights == "random":
        return _random(keras, seed)
    return _from_file(keras, Path(weights))


def _fresh(keras: Any, *, top: bool, weights: str | None = None) -> Any:
    """Build the model with layer names that count from the start."""
    keras.backend.clear_session()
    return keras.applications.InceptionV3(weights=weights, include_top=top)


def _downloaded(keras: Any) -> Any:
    """Let Keras download its ImageNet weights, or find them where it keeps them."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the progress bar of the download
            return _fresh(keras, top=False, weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception for a failed download
        address = download_address()
        raise NetworkError(
            f"Keras could not get its ImageNet weights ({str(error).splitlines()[0]}); download "
            f"{address} on a machine with the internet and give the file with --weights FILE"
        ) from error


def _random(keras: Any, seed: int) -> Any:
    """Draw weights that keep activations of order one in all 94 convolutions.

    Batch norm statistics are drawn too, so that a test with these weights notices when two of
    them are swapped.
    """
    model = _fresh(keras, top=False)
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.weights:
            shape = tuple(weight.shape)
            if weight.name == "kernel":
                deviation = np.sqrt(2 / np.prod(shape[:-1]))
                value = generator.normal(0, deviation, shape)
            elif weight.name == "moving_variance":
                value = generator.uniform(0.5, 1.5, shape)
            else:
                value = generator.normal(0, 0.1, shape)
            weight.assign(value.astype(np.float32))
    return model


def _from_file(keras: Any, path: Path) -> Any:
    """Load a file, first as the network without its top, then as the one with it."""
    if not path.is_file():
        raise NetworkError(
            f"there is no weights file {path}; give imagenet, random, or a .h5 or .keras file"
        )
    if path.suffix not in SUFFIXES:
        raise NetworkError(
            f"{path} does not end in .h5 or .keras, the two forms of file that Keras writes"
        )
    reasons = []
    for top in (False, True):
        model = _fresh(keras, top=top)
        try:
            model.load_weights(path)
        except Exception as error:  # h5py, zipfile and Keras each raise their own
            reasons.append(str(error).strip().splitlines()[0])
            continue
        return _without_top(keras, model) if top else model
    raise NetworkError(f"{path} does not hold {EXPECTED}: {reasons[0]}")


def _without_top(keras: Any, whole: Any) -> Any:
    """Copy the weights of the model with its classifier to one without."""
    values = {layer.name: layer.get_weights() for layer in whole.layers}
    model = _fresh(keras, top=False)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(values[layer.name])
    return model
