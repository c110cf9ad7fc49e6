"""Networks from strangers are tried in a process of their own, once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import network_bombs as bombs
import onnx
import pytest
from network_bases import LAYER, base

from dreamlayer.core.errors import LayerError, NetworkError
from dreamlayer.core.isolation import process
from dreamlayer.core.network import trials
from dreamlayer.core.network.files import DEFAULT_FILE
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution

CPU = Execution("cpu")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that were run in processes of their own, with a cache that is empty."""
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path / "cache"))
    names: list[str] = []
    run = process.run

    def noted(budget: Any, function: Any, *arguments: Any, **named: Any) -> Any:
        names.append(function.__name__)
        return run(budget, function, *arguments, **named)

    monkeypatch.setattr(process, "run", noted)
    return names


def _saved(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "net.onnx")
    return folder / "net.onnx"


def test_a_network_is_looked_at_once(tmp_path: Path, started: list[str]) -> None:
    """Its layers too, whoever asks what of them, and by whatever name the file goes."""
    path = _saved(base("residual"), tmp_path)
    for _ in range(2):
        network = Network(str(path))
        network.layers()
        network.geometry([LAYER])
        network.activation_bytes([LAYER])
        GradientSession(network, [Term(LAYER)], CPU)
        path = path.rename(tmp_path / "moved.onnx")
    assert started == ["_look", "_try_layers"]


def test_layers_that_are_tried_together_are_tried(tmp_path: Path, started: list[str]) -> None:
    """One by one too, in one process; another layer needs another."""
    network = Network(str(_saved(base("residual"), tmp_path)))
    network.prepare(["b", LAYER])
    network.geometry(["b"])
    network.geometry([LAYER])
    network.geometry(["b", LAYER])
    assert started == ["_look", "_try_layers"]
    network.geometry(["a"])
    assert started == ["_look", "_try_layers", "_try_layers"]


def test_a_network_that_ships_needs_no_process(started: list[str]) -> None:
    """Its content is ours."""
    network = Network(str(DEFAULT_FILE))
    network.geometry([network.layer_names[0]])
    assert started == []


def test_what_is_found_is_the_same_without_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layers, sizes, and the refusal of a layer that is not there."""
    path = str(_saved(base("qdq"), tmp_path))
    monkeypatch.setenv("DREAMLAYER_CACHE", "off")
    found = []
    for program in (None, "/usr/bin/editor"):
        if program:
            monkeypatch.setattr("sys.executable", program)
        network = Network(path)
        found.append((network.layers(), network.geometry(["a"]), network.activation_bytes(["a"])))
        with pytest.raises(LayerError, match="no layer 'none'"):
            GradientSession(network, [Term("none")], CPU)
    assert found[0] == found[1]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_layer_that_ends_the_process_is_refused(tmp_path: Path) -> None:
    """Those before it can be used, and it is refused again."""
    model = base("conv")
    bombs.divided(model, "Div", -1)
    # The first convolution sees the image, as the second sees what the division gave.
    for node in model.graph.node:
        if "a" in node.output:
            node.input[0] = "image"
        if LAYER in node.output:
            node.input[0] = "summed"
    add = onnx.helper.make_node("Add", ["b", "bomb_mean"], ["summed"])
    model.graph.node.insert(len(model.graph.node) - 1, add)
    network = Network(str(_saved(model, tmp_path)))
    assert LAYER in [layer.name for layer in network.layers()]
    assert GradientSession(network, [Term("b")], CPU).provider == "cpu"
    for _ in range(2):
        with pytest.raises(NetworkError, match=r"ended the program .*signal SIGFPE"):
            GradientSession(network, [Term(LAYER)], CPU)


def test_a_file_that_changes_meanwhile_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at is what was read."""
    path = _saved(base("conv"), tmp_path)
    other = _saved(base("residual"), tmp_path / "..")
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path / "cache"))
    look = trials.look
    monkeypatch.setattr(trials, "look", lambda *_: look(other, None))
    with pytest.raises(NetworkError, match="changed while it was read"):
        Network(str(path))
    monkeypatch.setattr(trials, "look", look)
    network = Network(str(path))
    path.write_bytes(other.read_bytes())
    with pytest.raises(NetworkError, match="changed while it was read"):
        network.geometry([LAYER])


def test_what_nobody_expects_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors of Python on odd files are no tracebacks."""
    path = _saved(base("conv"), tmp_path)

    def fails(*_: object) -> None:
        raise process.UnexpectedError("IndexError")

    monkeypatch.setattr(process, "run", fails)
    with pytest.raises(NetworkError, match=r"not built as networks are \(IndexError"):
        trials.look(path, None)
