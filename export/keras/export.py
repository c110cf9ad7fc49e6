"""``python -m export inception_v3`` and the like: a network of Keras as a network file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dreamlayer.core.files import check_writable
from dreamlayer.export.keras import known_values, onnx_weights
from dreamlayer.export.keras import networks as keras_networks
from dreamlayer.export.keras import weights as keras_weights
from dreamlayer.export.keras.known_values import Proof
from dreamlayer.export.keras.networks import Variant
from dreamlayer.export.network_file import Description
from dreamlayer.export.tf.convert import export_network


def provenance(
    variant: Variant, weights: str, seed: int, proof: Proof | None = None
) -> tuple[str, str]:
    """Return where the weights come from and their licence, for the file's metadata.

    Parameters
    ----------
    variant, weights, seed
        As given to `keras_weights.load`.
    proof
        How far they are known to be Keras's, for those of an ONNX network.

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
    source, terms = f"{Path(weights).name}, SHA-256 {digest}", "that of the weights file"
    if proof is None:
        return source, terms
    # The package's own licence cannot change the terms of the weights that it passes on.
    own = f"{variant.kind.license}; {Path(weights).name} may add terms of its own"
    return f"{source}; {proof.summary}", own if proof.complete else terms


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
        What is proven of an ONNX network's weights, the table of errors and what was written, for
        the terminal.

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
    proof = None
    if Path(weights).suffix in onnx_weights.SUFFIXES:
        proof = known_values.prove(model, variant.kind.name, variant.kind.title)
    source = keras_networks.network(model, variant)
    compared = [name for name in variant.kind.compared if name in source.layers]
    summary = f"{variant.kind.title} from Keras, up to {source.layers[-1]}"
    origin = provenance(variant, weights, seed, proof)
    description = Description(variant.name, *origin, summary)
    table = export_network(source, compared, target, "Keras", description)
    return "\n".join([*(proof.lines if proof else ()), table])
