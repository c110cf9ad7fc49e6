"""Frozen TensorFlow graphs: read from both kinds of file, and what is none is told."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.tf import frozen_graph


def test_the_graph_is_found_in_an_archive(tmp_path: Path) -> None:
    """The one .pb in a .zip is read, whatever the archive is called."""
    with zipfile.ZipFile(tmp_path / "download", "w") as archive:
        archive.writestr("LICENSE", "terms")
        archive.writestr("folder/graph.pb", "graph")
    assert frozen_graph.read_bytes(tmp_path / "download") == b"graph"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A missing file, a folder, an archive without a graph and a damaged one: a sentence each."""
    with pytest.raises(NetworkError, match=r"there is no file .*none\.pb; give"):
        frozen_graph.read_bytes(tmp_path / "none.pb")
    with pytest.raises(NetworkError, match="cannot be read"):
        frozen_graph.read_bytes(tmp_path)
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("LICENSE", "terms")
    with pytest.raises(NetworkError, match=r"holds 0 \.pb files \(LICENSE\)"):
        frozen_graph.read_bytes(tmp_path / "none.zip")
    (tmp_path / "damaged.zip").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(NetworkError, match="damaged archive"):
        frozen_graph.read_bytes(tmp_path / "damaged.zip")
    with zipfile.ZipFile(tmp_path / "flipped.zip", "w") as archive:
        archive.writestr("graph.pb", b"graph" * 100)
    content = bytearray((tmp_path / "flipped.zip").read_bytes())
    content[60] ^= 1
    (tmp_path / "flipped.zip").write_bytes(content)
    with pytest.raises(NetworkError, match="damaged archive"):
        frozen_graph.read_bytes(tmp_path / "flipped.zip")


@pytest.mark.parametrize("content", [b"", b"some text\n", b"\x0a\xff\xff\xff\x7f", bytes(1000)])
def test_what_is_no_graph_is_told(content: bytes) -> None:
    """Nothing, text, a message cut short and zeros are all no frozen graph."""
    pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[export]'")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx: pip install 'dreamlayer[export]'")
    with pytest.raises(NetworkError, match=r"file\.pb is not a frozen TensorFlow graph; give"):
        frozen_graph.parse(content, "file.pb")


def test_ancestors_come_in_order() -> None:
    """Inputs come first, control inputs and ports are understood, the rest is left out."""
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")
    graph = tf.compat.v1.GraphDef()
    for name, inputs in {"c": ["b:1", "^a"], "b": ["a"], "d": ["c"], "a": []}.items():
        graph.node.add(name=name, op="Identity", input=inputs)
    assert [node.name for node in frozen_graph.ancestors(graph, "c")] == ["a", "b", "c"]


@pytest.mark.parametrize(("inputs", "message"), [("b", "lacks the node b"), ("a", "on itself")])
def test_a_damaged_graph_is_told(inputs: str, message: str) -> None:
    """A node that is not there, and one that reads itself."""
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")
    graph = tf.compat.v1.GraphDef()
    graph.node.add(name="a", op="Identity", input=[inputs])
    with pytest.raises(NetworkError, match=message):
        frozen_graph.ancestors(graph, "a")
