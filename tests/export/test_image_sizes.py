"""Whether a foreign network takes any size, or one only: decided, obeyed, and told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import token_network
from token_network import FIXED

from dreamlayer.core.network.network import Network
from dreamlayer.export.adopt.adopt import adopt
from dreamlayer.export.adopt.input_guess import InputOptions
from dreamlayer.export.cli import main

NAMES = {"name": "sized", "origin": "sized.onnx", "license_text": "CC0"}


def adopted(source: onnx.ModelProto, folder: Path, **options: object) -> tuple[Network, str]:
    """The network file in use, and what adopting it told."""
    network, notes = adopt(source, InputOptions(range="0..1"), **NAMES, **options)
    path = folder / "sized.onnx"
    onnx.save(network, path)
    return Network(str(path)), "\n".join(notes)


def fixed_convnext(height: int, width: int) -> onnx.ModelProto:
    """A network whose only fixed size is that of its input."""
    source = token_network.channels_last()
    dims = source.graph.input[0].type.tensor_type.shape.dim
    for dim, size in zip(dims, (1, 3, height, width), strict=True):
        dim.dim_value = size
    return source


def test_a_network_that_loses_nothing_is_freed(tmp_path: Path) -> None:
    """A fixed input alone keeps nothing from other sizes."""
    network, told = adopted(fixed_convnext(32, 48), tmp_path)
    assert network.image_size is None
    assert "tiles of that size" not in told
    assert len(network.layers()) == 7


def test_a_network_that_would_lose_layers_keeps_its_size(tmp_path: Path) -> None:
    """A token mixer has all its layers, at its one size."""
    network, told = adopted(token_network.mixer(), tmp_path)
    assert network.image_size == FIXED
    assert "Size      48 × 32 only, since " in told
    assert "pictures are dreamed in tiles of that size" in told
    assert [layer.name for layer in network.layers() if layer.reason is None][-1] == "blocks"
    assert "Checked   outputs differ" in told


def test_the_size_can_be_asked_for(tmp_path: Path) -> None:
    """A free network takes one size only where that is wanted, and a fixed one loses its layers."""
    source = token_network.vision_transformer(1)
    network, told = adopted(source, tmp_path, size=(64, 96))
    assert network.image_size == (64, 96)
    assert "Size      96 × 64 only; pictures are dreamed in tiles of that size" in told
    assert len(network.layers()) == 13
    network, told = adopted(token_network.mixer(), tmp_path, size="any")
    assert network.image_size is None
    assert "of 4, because " in told.replace("of 5", "of 4")


@pytest.mark.parametrize("size", ["0x8", "axb", "224", "8x8x8", "99999x5", "-4x4"])
def test_sizes_of_another_form_are_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says which form they have."""
    assert main(["adopt", "some.onnx", f"--size={size}"]) == 2
    assert "HEIGHTxWIDTH" in capsys.readouterr().err


def test_a_network_of_one_size_dreams(tmp_path: Path) -> None:
    """By the command that adopt prints, on a picture of another size."""
    from dreamlayer import Recipe, Term
    from dreamlayer.core.dreaming.dreamer import Dreamer

    network, _ = adopted(token_network.mixer(), tmp_path)
    pixels = np.random.default_rng(0).random((70, 110, 3), dtype=np.float32)
    recipe = Recipe(layers=(Term("blocks"),), octaves=1, steps=2)
    dreamt = Dreamer(network).dream(pixels, recipe)
    assert dreamt.shape == pixels.shape
    assert np.abs(dreamt - pixels).max() > 0.001
