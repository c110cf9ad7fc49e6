"""Read the InceptionV3 in the npm package nsfwjs: topology and 8-bit weights."""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.shipped.published import Release
from dreamlayer.export.shipped.quantized import QuantizedTensor

VERSION = "4.3.0"
RELEASE = Release(
    registry="npm",
    package="nsfwjs",
    version=VERSION,
    file=f"nsfwjs-{VERSION}.tgz",
    algorithm="sha512",
    digest=(
        "593283b5ed2fa755fdecdd61df83fbf46fe11beb154f7f939c3cfd762d56b1e2"
        "0947ddefd75138be2357ed583d5ac3ba1d8a11efbd8dceada233c8e8dd7059fa"
    ),
    client="npm",
    arguments=("pack", "--ignore-scripts", f"nsfwjs@{VERSION}"),
    option="inception_v3_mixed5 --tarball",
)
FOLDER = "package/dist/models/inception_v3"
LICENSE = "package/LICENSE"

# One JavaScript token: string, boolean as the minifier writes it, word, number, or punctuation.
_TOKEN = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"|!0|!1|[A-Za-z_$][\w$]*|-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\S'
)


@dataclass(frozen=True)
class Package:
    """The InceptionV3 of the npm package.

    Attributes
    ----------
    layers
        Keras 2 layer configurations in topological order.
    weights
        By name, such as ``conv2d_1/kernel``, in Keras's own axis order.
    license
        The licence text of the package, verbatim.
    """

    layers: list[dict[str, Any]]
    weights: dict[str, QuantizedTensor]
    license: str


def parse_literal(source: str) -> Any:
    """Parse the JavaScript literal that starts at the first character of `source`.

    Parameters
    ----------
    source
        A minified object, array or string literal; text after its end is ignored. Keys without
        quotes, ``!0``, ``!1`` and numbers without a leading zero are understood.

    Returns
    -------
    Any
        What `json.loads` gives for the same value.

    Raises
    ------
    NetworkError
        The text holds something other than literals.
    """
    tokens: list[str] = []
    depth = 0
    for match in _TOKEN.finditer(source):
        token = match.group()
        depth += (token in "{[") - (token in "}]")
        tokens.append(_as_json(token))
        if depth == 0:
            break
    try:
        return json.loads("".join(tokens))
    except json.JSONDecodeError as error:
        raise NetworkError(
            f"the script in the {RELEASE.package} package is not plain data ({error}); "
            f"{RELEASE.how_to_get}"
        ) from error


def _as_json(token: str) -> str:
    """Translate one JavaScript token to JSON."""
    if token in ("!0", "!1"):
        return "true" if token == "!0" else "false"
    if token[0].isalpha() or token[0] in "_$":
        return token if token in ("true", "false", "null") else f'"{token}"'
    if re.match(r"-?\.", token):
        return token.replace(".", "0.", 1)
    return re.sub(r"\.(?=[eE]|$)", ".0", token) if token[-1] != '"' else token


def read_package(tarball: Path | None) -> Package:
    """Read and check the package.

    Parameters
    ----------
    tarball
        The file that ``npm pack`` wrote; None to let npm download it.

    Returns
    -------
    Package
        Topology, weights and licence.

    Raises
    ------
    NetworkError
        The file cannot be downloaded or read, or is not exactly the published one.
    """
    content = RELEASE.read(tarball)
    # The digest fixes every byte, so a missing member or an odd script cannot occur from here on.
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        model = _exported(archive, "model")
        (group,) = model["weightsManifest"]
        stream = b"".join(base64.b64decode(_exported(archive, path)) for path in group["paths"])
        license_text = _member(archive, LICENSE)
    layers = model["modelTopology"]["model_config"]["config"]["layers"]
    return Package(layers, _split(stream, group["weights"]), license_text)


def _member(archive: tarfile.TarFile, name: str) -> str:
    """Return a text file of the archive."""
    file = archive.extractfile(name)
    if file is None:
        raise NetworkError(
            f"{name} is missing from the {RELEASE.package} package; {RELEASE.how_to_get}"
        )
    return file.read().decode()


def _exported(archive: tarfile.TarFile, name: str) -> Any:
    """Return what a script of the package exports: the literal after ``exports=``."""
    source = _member(archive, f"{FOLDER}/{name}.min.js")
    # The bundler's own preamble also has `exports=`, followed by a call, never by a literal.
    found = re.search(r'\.exports=(?=["{\[])', source)
    if found is None:
        raise NetworkError(
            f"{name}.min.js of {RELEASE.package} exports no data; {RELEASE.how_to_get}"
        )
    return parse_literal(source[found.end() :])


def _split(stream: bytes, manifest: list[dict[str, Any]]) -> dict[str, QuantizedTensor]:
    """Cut the joined shards into tensors, in the order of the manifest."""
    weights: dict[str, QuantizedTensor] = {}
    start = 0
    for entry in manifest:
        count = int(np.prod(entry["shape"]))
        codes = np.frombuffer(stream, np.uint8, count, start).reshape(entry["shape"])
        rule = entry["quantization"]
        weights[entry["name"]] = QuantizedTensor(codes, float(rule["scale"]), float(rule["min"]))
        start += count
    if start != len(stream):
        raise NetworkError(
            f"the shards of {RELEASE.package} hold {len(stream)} bytes, not {start}; "
            f"{RELEASE.how_to_get}"
        )
    return weights
