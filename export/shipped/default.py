"""``python -m export default``: rebuild the network that ships with dreamlayer, byte for byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import onnx

from dreamlayer.core.files import check_writable, replace_file
from dreamlayer.core.network.files import DEFAULT_FILE
from dreamlayer.export import network_file
from dreamlayer.export.network_file import Description
from dreamlayer.export.shipped import inception_v3, nsfwjs

DEFAULT_OUTPUT = DEFAULT_FILE
LICENSE_OUTPUT = "LICENSE-nsfwjs.txt"
COMMAND = "python -m export default"

LICENSES = (
    "MIT (nsfwjs, Copyright (c) 2019 Infinite Red, Inc.); the InceptionV3 ImageNet weights "
    "themselves: Apache License 2.0, as the Keras documentation states"
)
PREPROCESSING = {"channels": "rgb", "range": "-1..1", "formula": "2 * image - 1"}
NOTE = """

--------------------------------------------------------------------------------

The text above is the licence of the npm package nsfwjs, from which the file
inception_v3_mixed5.onnx is made. The weights in that file are those that
nsfwjs left as they were: the ones of Keras's InceptionV3, trained on ImageNet
(keras.applications, by François Chollet and the Keras contributors). The Keras
documentation says of them: "These weights are released under the Apache
License", and refers to the licence of github.com/tensorflow/models, which is
the Apache License, Version 2.0 (https://www.apache.org/licenses/LICENSE-2.0).

What dreamlayer changed: the network ends at the layer mixed5, kernels are
stored with their axes in another order, batch normalisation statistics are
decoded from 8 bits to float32, and the whole is an ONNX file.
"""


def build_default(package: nsfwjs.Package) -> onnx.ModelProto:
    """Build the default network with its metadata.

    Parameters
    ----------
    package
        The InceptionV3 of the npm package.

    Returns
    -------
    onnx.ModelProto
        The network file.

    Raises
    ------
    NetworkError
        The weights were trained further, or the topology has an unknown layer.
    """
    model = inception_v3.build(package)
    layers = inception_v3.layers_to_mixed5(package.layers)
    names = [inception_v3.keras_name(layer["name"]) for layer in layers]
    description = Description(
        name="inception_v3",
        source=f"npm package {nsfwjs.PACKAGE} {nsfwjs.VERSION}, dist/models/inception_v3",
        license=LICENSES,
        summary="InceptionV3, ImageNet, up to mixed5, kernels in 8 bits",
    )
    network_file.describe(model, names, PREPROCESSING, description)
    network_file.check(model, "the rebuilt network is not valid")
    return model


def provenance(content: bytes) -> str:
    """Record where the file comes from, as JSON.

    Parameters
    ----------
    content
        The network file.

    Returns
    -------
    str
        JSON text, the same for the same file.
    """
    model = onnx.load_from_string(content)
    codes = [tensor for tensor in model.graph.initializer if tensor.name.endswith("/codes")]
    weights = sum(len(tensor.raw_data) for tensor in codes)
    record = {
        "file": DEFAULT_OUTPUT.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "command": COMMAND,
        "source": {
            "registry": "npm",
            "package": nsfwjs.PACKAGE,
            "version": nsfwjs.VERSION,
            "tarball_sha512": nsfwjs.SHA512,
            "folder": nsfwjs.FOLDER.removeprefix("package/"),
        },
        "license": LICENSES,
        "license_file": LICENSE_OUTPUT,
        "kept": {
            "last_layer": inception_v3.LAST_LAYER,
            "convolutions": len(codes),
            "convolution_weights": weights,
            "form": "kernels uint8 with one scale and minimum each, statistics float32",
        },
        "why_these_are_the_imagenet_weights": (
            "The package's topology marks the first "
            f"{inception_v3.FROZEN_CONVOLUTIONS} convolutions and their batch "
            "normalisations, which include everything up to mixed5, as not trainable: its authors "
            "started from Keras's InceptionV3 with weights='imagenet' (their published training "
            "scripts, github.com/GantMan/nsfw_model) and retrained only what follows. What "
            "follows is not kept."
        ),
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def run(tarball: Path | None, output: Path) -> str:
    """Rebuild the default network, and write its provenance and licence next to it.

    Parameters
    ----------
    tarball
        nsfwjs-4.3.0.tgz; None to let npm download it.
    output
        Where the network goes; the provenance gets the same name with ``.json``.

    Returns
    -------
    str
        What was done, for the terminal.

    Raises
    ------
    NetworkError
        The package cannot be downloaded or read, or is not the published one.
    OutputError
        The files cannot be written.
    """
    check_writable(output)
    package = nsfwjs.read_package(tarball)
    content = build_default(package).SerializeToString(deterministic=True)
    same = DEFAULT_OUTPUT.is_file() and DEFAULT_OUTPUT.read_bytes() == content
    replace_file(output, content)
    replace_file(output.with_suffix(".json"), provenance(content).encode())
    license_text = package.license.rstrip() + NOTE
    replace_file(output.with_name(LICENSE_OUTPUT), license_text.encode())
    digest = hashlib.sha256(content).hexdigest()
    verdict = "byte for byte the shipped network" if same else "NOT the shipped network"
    return f"{output}: {len(content) / 1e6:.2f} MB, SHA-256 {digest}, {verdict}"
