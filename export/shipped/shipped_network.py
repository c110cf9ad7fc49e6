"""Rebuild a network that ships with dreamlayer, byte for byte, with its provenance and licence."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from dreamlayer.core.files import check_writable, replace_file
from dreamlayer.core.network.files import SHIPPED
from dreamlayer.export import network_file
from dreamlayer.export.network_file import Description
from dreamlayer.export.shipped.layer_graph import PREPROCESSING
from dreamlayer.export.shipped.published import Release


@dataclass(frozen=True)
class Built:
    """A network as built from its source, without metadata.

    Attributes
    ----------
    model
        The graph.
    layers
        Its layers, each the name of a tensor, in topological order.
    license_text
        Of the source and of what was made of it.
    """

    model: onnx.ModelProto
    layers: list[str]
    license_text: str


@dataclass(frozen=True)
class ShippedNetwork:
    """What is known of a shipped network beside its file.

    Attributes
    ----------
    name
        Its name in recipes; its file in ``core/data`` has the same.
    command
        What rebuilds it, after ``python -m export``.
    description
        What the file says of itself.
    release
        The published file that it is made from.
    inside
        Where in that file the network is, as an entry of the provenance.
    license_file
        The name of the licence text beside the network.
    last_layer, form, evidence
        What is kept, in which form, and why these are ImageNet's weights.
    build
        Makes the network from the published file, which is downloaded where it is None.
    """

    name: str
    command: str
    description: Description
    release: Release
    inside: Mapping[str, str]
    license_file: str
    last_layer: str
    form: str
    evidence: str
    build: Callable[[Path | None], Built]

    @property
    def file(self) -> Path:
        """The network as it ships."""
        return SHIPPED[self.name]


def finished(network: ShippedNetwork, built: Built) -> onnx.ModelProto:
    """Write the metadata into what was built, and check it.

    Raises
    ------
    NetworkError
        It is not a valid model.
    """
    network_file.describe(built.model, built.layers, PREPROCESSING, network.description)
    network_file.check(built.model, "the rebuilt network is not valid")
    return built.model


def provenance(network: ShippedNetwork, content: bytes) -> str:
    """Record where a network file comes from, as JSON.

    Parameters
    ----------
    network
        Which network.
    content
        Its file.

    Returns
    -------
    str
        JSON text, the same for the same file.
    """
    model = onnx.load_from_string(content)
    codes = [tensor for tensor in model.graph.initializer if tensor.name.endswith("/codes")]
    release = network.release
    file = "wheel" if release.file.endswith(".whl") else "tarball"
    record = {
        "file": network.file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "command": f"python -m export {network.command}",
        "source": {
            "registry": release.registry,
            "package": release.package,
            "version": release.version,
            f"{file}_{release.algorithm}": release.digest,
            **network.inside,
        },
        "license": network.description.license,
        "license_file": network.license_file,
        "kept": {
            "last_layer": network.last_layer,
            "convolutions": len(codes),
            "convolution_weights": sum(math.prod(tensor.dims) for tensor in codes),
            "form": network.form,
        },
        "why_these_are_the_imagenet_weights": network.evidence,
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def rebuild(network: ShippedNetwork, source: Path | None, output: Path | None) -> str:
    """Rebuild a network, and write its provenance and licence next to it.

    Parameters
    ----------
    network
        Which network.
    source
        The published file; None to let the registry's client download it.
    output
        Where the network goes, that of the shipped one where None; the provenance gets the same
        name with ``.json``.

    Returns
    -------
    str
        What was done, for the terminal.

    Raises
    ------
    NetworkError
        The published file cannot be downloaded or read, or is another.
    OutputError
        The files cannot be written.
    """
    target = output or network.file
    check_writable(target)
    built = network.build(source)
    content = finished(network, built).SerializeToString(deterministic=True)
    same = network.file.is_file() and network.file.read_bytes() == content
    replace_file(target, content)
    replace_file(target.with_suffix(".json"), provenance(network, content).encode())
    replace_file(target.with_name(network.license_file), built.license_text.encode())
    digest = hashlib.sha256(content).hexdigest()
    verdict = "byte for byte the shipped network" if same else "NOT the shipped network"
    return f"{target}: {len(content) / 1e6:.2f} MB, SHA-256 {digest}, {verdict}"
