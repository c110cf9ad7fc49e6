"""Network files that are parsed only when their graph is needed."""

from __future__ import annotations

import sys
from pathlib import Path

import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network import files, trials
from dreamlayer.core.network.lazy_model import LazyModel


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network file that was never seen."""
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path / "cache"))
    onnx.save(small_model(), tmp_path / "small.onnx")
    return tmp_path / "small.onnx"


def _fail(*_: object) -> None:
    raise AssertionError("it was parsed")


def test_a_file_that_was_seen_is_not_parsed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its summary is that of the first time, wherever the file lies; its graph is parsed."""
    first = LazyModel(path)
    moved = path.rename(path.with_name("moved.onnx"))
    with monkeypatch.context() as patched:
        patched.setattr(files, "parsed", _fail)
        second = LazyModel(moved)
        assert second.summary == first.summary
        assert second.digest == first.digest
        with pytest.raises(AssertionError, match="it was parsed"):
            second.model()
    assert second.model() == first.model() == small_model()


def test_summary_is_that_of_the_graph(path: Path) -> None:
    """Metadata, tensors and the number of weights."""
    model = small_model()
    model.metadata_props.add(key="dreamlayer.layers", value='["deep"]')
    model.metadata_props.add(key="dreamlayer.name", value="klein ü")
    onnx.save(model, path)
    summary = LazyModel(path).summary
    assert summary.metadata == {"dreamlayer.layers": '["deep"]', "dreamlayer.name": "klein ü"}
    assert summary.listed == ["deep"]
    assert {"first", "deep"} < {*summary.tensors}
    arrays = [onnx.numpy_helper.to_array(one) for one in model.graph.initializer]
    assert summary.weights == sum(array.size for array in arrays)
    assert not summary.outside


def test_a_file_replaced_meanwhile_is_that_which_was_opened(path: Path) -> None:
    """Digest and graph belong together, or the cache would hold graphs of the other one."""
    LazyModel(path)
    opened = LazyModel(path)
    other = small_model()
    other.graph.name = "other"
    onnx.save(other, path)
    assert opened.model() == small_model()
    assert LazyModel(path).digest != opened.digest
    assert LazyModel(path).model() == other


def test_a_refused_file_is_refused_again(path: Path) -> None:
    """Only what met the contract is known."""
    model = small_model()
    model.graph.input[0].name = "data"
    onnx.save(model, path)
    for _ in range(2):
        with pytest.raises(NetworkError, match="one input called 'image'"):
            LazyModel(path)
    path.write_bytes(b"text")
    for _ in range(2):
        with pytest.raises(NetworkError, match="is not an ONNX file"):
            LazyModel(path)


def test_weights_in_another_file_count(path: Path) -> None:
    """They belong to the digest, and are missed although the network was seen."""
    beside = path.with_name("weights.bin")
    onnx.save(
        small_model(), path, save_as_external_data=True, location=beside.name, size_threshold=0
    )
    first = LazyModel(path)
    assert first.summary.outside
    assert first.digest == LazyModel(path).digest
    content = beside.read_bytes()
    beside.write_bytes(bytes(len(content)))
    assert LazyModel(path).digest != first.digest
    beside.unlink()
    with pytest.raises(NetworkError, match="weights in another file"):
        LazyModel(path)


def test_without_a_cache_files_are_looked_at(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is as it would be the first time."""
    known = LazyModel(path).summary
    monkeypatch.setenv("DREAMLAYER_CACHE", "off")
    assert LazyModel(path).summary == known
    monkeypatch.setattr(trials, "look", _fail)
    with pytest.raises(AssertionError, match="it was parsed"):
        LazyModel(path)


def test_where_no_process_can_be_started_files_are_parsed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an editor's own Python; what is found is the same."""
    known = LazyModel(path).summary
    monkeypatch.setenv("DREAMLAYER_CACHE", "off")
    monkeypatch.setattr(sys, "executable", "/usr/bin/editor")
    monkeypatch.setattr(trials, "look", _fail)
    assert LazyModel(path).summary == known
