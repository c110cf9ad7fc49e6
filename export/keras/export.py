"""``python -m export inception_v3`` and the like: a network of Keras as a network file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dreamlayer.core.files import check_writable
from dreamlayer.export.keras import networks as keras_networks
from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.networks import Variant
from dreamlayer.export.network_file import Description
from dreamlayer.export.tf.convert import export_network


def provenance(variant: Variant, weights: str, seed: int) -> tuple[str, str]:
    """Return where the weights come from and their licence, for the file's metadata.

    Parameters
    ----------
    variant, weights, seed
        As given to `keras_weights.load`.

    Returns
    -------
    tuple of str
        Source and licence.
    """
    if weights == "imagenet":
        address = keras_weights.download_address(variant.kind, top=variant.top)
        return f"Keras, {address}", variant.kind.license
    if weights == "random":
        return f"random weights, seed {seed}", "none needed"
    with Path(weights).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{Path(weights).name}, SHA-256 {digest}", "that of the weights file"


def run(variant: Variant, weights: str, output: Path | None, seed: int) -> str:
    """Export a network of Keras and compare it with Keras, layer by layer.

    Parameters
    ----------
    variant
        Which network, and which variant of it.
    weights
        ``imagenet``, ``random`` or a file.
    output
        Where the network goes; the variant's name in the current folder where None.
    seed
        For random weights.

    Returns
    -------
    str
        The table of errors and what was written, for the terminal.

    Raises
    ------
    NetworkError
        The weights cannot be read or downloaded, or the result does not agree with
        Keras; nothing is written.
    OutputError
        The file cannot be written.
    """
    target = output or Path(f"{variant.name}.onnx")
    check_writable(target)
    if weights == "imagenet":
        address = keras_weights.download_address(variant.kind, top=variant.top)
        print(f"Weights: {address}", flush=True)
        print(f"Keras stores them in {keras_weights.keras_folder()}", flush=True)
    model = keras_weights.load(variant, weights, seed)
    source = keras_networks.network(model, variant)
    compared = [name for name in variant.kind.compared if name in source.layers]
    summary = f"{variant.kind.title} from Keras, up to {source.layers[-1]}"
    description = Description(variant.name, *provenance(variant, weights, seed), summary)
    return export_network(source, compared, target, "Keras", description)
