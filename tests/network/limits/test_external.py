"""Weights in other files: only beside the network, only what is there, never much."""

from __future__ import annotations

import os
from pathlib import Path

import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.files import read_model
from dreamlayer.core.network.limits.file_size import size_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A network whose weights lie in `weights.bin`, in a folder of its own."""
    (tmp_path / "networks").mkdir()
    path = tmp_path / "networks" / "outside.onnx"
    onnx.save(
        small_model(), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    return path


def _set(path: Path, **entries: str) -> None:
    """Change what the network says of its first weights."""
    model = onnx.load(path, load_external_data=False)
    tensor = model.graph.initializer[0]
    known = {entry.key: entry.value for entry in tensor.external_data} | entries
    del tensor.external_data[:]
    for key, value in known.items():
        tensor.external_data.add(key=key, value=value)
    onnx.save(model, path)


def test_weights_beside_the_network_are_read(path: Path) -> None:
    """As they are, also from a folder below."""
    assert read_model(path).graph.initializer[0].raw_data
    below = path.parent / "data"
    below.mkdir()
    (path.parent / "weights.bin").rename(below / "weights.bin")
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        tensor.external_data[0].value = "data/weights.bin"
    onnx.save(model, path)
    assert read_model(path).graph.initializer[0].raw_data


@pytest.mark.parametrize(
    "location",
    [
        *("../weights.bin", "x/../../weights.bin", "/etc/passwd", "C:\\weights.bin", "c:weights"),
        *("\\\\host\\share\\weights.bin", "//host/share/weights.bin", "..\\weights.bin", ""),
        *("a\0b", "x" * 2000),
    ],
)
def test_other_folders_and_machines_are_not_touched(path: Path, location: str) -> None:
    """A file that somebody sent decides nothing about what is opened elsewhere."""
    (path.parents[1] / "weights.bin").write_bytes((path.parent / "weights.bin").read_bytes())
    _set(path, location=location)
    with pytest.raises(NetworkError, match=r"weights in '.*', which is no"):
        read_model(path)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_links_out_of_the_folder_are_refused(path: Path) -> None:
    """Whatever they are called."""
    beside = path.parent / "weights.bin"
    beside.rename(path.parents[1] / "elsewhere.bin")
    beside.symlink_to(path.parents[1] / "elsewhere.bin")
    with pytest.raises(NetworkError, match="a link to another folder"):
        read_model(path)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"offset": "-8"}, "whose offset in 'weights.bin' is '-8'"),
        ({"offset": "9" * 5000}, "whose offset"),
        ({"length": "1e3"}, "whose length"),
        ({"offset": "100000"}, "missing or too short"),
        ({"length": "5"}, "of 648 bytes, but '5' in another file"),
        ({"location": "none.bin"}, "missing or too short"),
        ({"location": "."}, "missing or too short"),
    ],
)
def test_places_that_are_not_there(path: Path, entries: dict[str, str], words: str) -> None:
    """Each is told by what is wrong."""
    _set(path, **entries)
    with pytest.raises(NetworkError, match=words):
        read_model(path)


@pytest.mark.skipif(os.name != "posix", reason="files with holes take room on Windows")
def test_three_gigabytes_of_holes_are_not_read(path: Path) -> None:
    """Neither as weights nor as the network itself; nor do they buy time."""
    model = onnx.load(path, load_external_data=False)
    tensor = model.graph.initializer[0]
    tensor.dims[:] = [3 << 20, 256]
    onnx.save(model, path)
    _set(path, offset="0", length=str(3 << 30))
    with (path.parent / "weights.bin").open("r+b") as file:
        file.truncate(3 << 30)
    with pytest.raises(NetworkError, match=r"more than 2047 MiB of weights|of 3072 MiB"):
        read_model(path)
    assert size_of(path) < 1 << 20
    with path.open("r+b") as file:
        file.truncate(3 << 30)
    with pytest.raises(NetworkError, match="has 3072 MiB, but a network can have at most 2047"):
        read_model(path)


def test_size_counts_weights_in_other_files(path: Path) -> None:
    """They are read too, and it takes time."""
    beside = path.parent / "weights.bin"
    assert size_of(path) == path.stat().st_size + beside.stat().st_size
    assert size_of(path.with_name("none.onnx")) == 0
