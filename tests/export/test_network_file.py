"""The network file, and the last lines of every export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from small_network import small_model

from dreamlayer.core.installation import quoted
from dreamlayer.core.network import files as network_files
from dreamlayer.export import network_file

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


def test_a_path_with_spaces_is_quoted(tmp_path: Path) -> None:
    """The command can be pasted into a terminal."""
    target = tmp_path / "my network.onnx"
    assert f"--network {quoted(str(target))} " in network_file.write(MODEL, target)
