"""Metadata that is not true, not JSON, or without end is refused or does no harm."""

from __future__ import annotations

from pathlib import Path

import network_lies as lies
import onnx
import pytest
from network_bases import LAYER, base

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.network import Network


@pytest.mark.parametrize("key", lies.LIES)
def test_metadata_that_lies(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other error comes of it, also where nothing can be tried in a process of its own."""
    monkeypatch.setattr("sys.executable", "/usr/bin/editor")
    for value in lies.LIES[key]:
        model = base("conv")
        lies.set_metadata(model, key, value)
        onnx.save(model, tmp_path / "lying.onnx")
        said = ""
        try:
            network = Network(str(tmp_path / "lying.onnx"))
            network.layers()
        except NetworkError as error:
            said = str(error)
        else:
            assert network.geometry([LAYER]).stride == 2
        assert said.isprintable()
        assert len(said) < 600
