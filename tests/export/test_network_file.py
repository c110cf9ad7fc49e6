"""The network file, and the last lines of every export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.installation import quoted
from dreamlayer.core.network import files as network_files
from dreamlayer.core.network import trials
from dreamlayer.core.network.network import Network
from dreamlayer.export import network_file, suggestion

MODEL = small_model()
# 1.25 MB of weights.
MODEL.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(312_500, np.float32), "w"))


def test_the_command_and_the_folder_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file anywhere is given by its path, or moved to where its name is enough."""
    monkeypatch.delenv("DREAMLAYER_NETWORKS", raising=False)
    target = tmp_path / "vgg16.onnx"
    told = network_file.write(MODEL, target).splitlines()
    assert told[0] == f"{target}: 1.3 MB"
    assert told[1].endswith(f"dreamlayer dream photo.jpg --network {target} --layer deep_conv")
    assert str(network_files.folders()[-1]) in told[2]
    assert len(told) == 3


def test_a_network_in_its_folder_is_called_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where networks are looked for, the name is enough."""
    monkeypatch.setenv("DREAMLAYER_NETWORKS", str(tmp_path))
    target = tmp_path / "vgg16.onnx"
    told = network_file.write(MODEL, target).splitlines()
    assert told[1] == "Use it with: dreamlayer dream photo.jpg --network vgg16 --layer deep_conv"


def refusing(monkeypatch: pytest.MonkeyPatch, refused: set[str]) -> list[str]:
    """Let dreams on some layers be refused, and return those that are tried."""
    tried: list[str] = []

    def refusal(network: Network, layer: str) -> str | None:
        tried.append(layer)
        return f"{layer} fails" if layer in refused else trials.refusal(network, layer)

    monkeypatch.setattr(suggestion, "refusal", refusal)
    return tried


def test_another_layer_is_suggested_where_the_first_does_not_dream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One layer that fails is no reason to refuse the network."""
    tried = refusing(monkeypatch, {"deep_conv"})
    told = network_file.write(MODEL, tmp_path / "vgg16.onnx")
    assert tried[0] == "deep_conv"
    assert len(tried) == 2
    assert told.splitlines()[1].endswith(f" --layer {tried[1]}")


@pytest.mark.parametrize("advice", ["", "give another --size"])
def test_a_network_on_which_nothing_dreams_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, advice: str
) -> None:
    """With the reason of the layer that would have been suggested, and what to do."""
    layers = {"first_conv", "first", "deep_conv", "deep"}
    tried = refusing(monkeypatch, layers)
    with pytest.raises(NetworkError) as caught:
        network_file.write(MODEL, tmp_path / "vgg16.onnx", advice)
    assert set(tried) == layers
    end = f"; {advice}" if advice else ""
    assert str(caught.value) == (
        f"a dream on its layer deep_conv would be refused: deep_conv fails{end}"
    )
    assert not list(tmp_path.iterdir())


def test_a_path_with_spaces_is_quoted(tmp_path: Path) -> None:
    """The command can be pasted into a terminal."""
    target = tmp_path / "my network.onnx"
    assert f"--network {quoted(str(target))} " in network_file.write(MODEL, target)
