"""What adopt decides of networks that were written for one size, and what is then dreamt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from baked_networks import FREED, dense, positions

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import NetworkError, OptionError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.export.adopt.adopt import adopt
from dreamlayer.export.adopt.image_sizes import parse_size
from dreamlayer.export.adopt.input_guess import InputOptions

OWN = (32, 48)


def as_exported(model: onnx.ModelProto, size: tuple[int, int]) -> onnx.ModelProto:
    """The network as its exporter wrote it, for one image of a height and width."""
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for dim, number in zip(dims, (1, 3, *size), strict=True):
        dim.dim_value = number
    return model


def adopted(
    model: onnx.ModelProto, folder: Path, size: str | tuple[int, int] = "auto"
) -> tuple[Network, list[str]]:
    """The network that adopt makes, and what it says."""
    found, notes = adopt(
        model, InputOptions(), name="net", origin="net.onnx", license_text="none", size=size
    )
    onnx.save(found, folder / "net.onnx")
    return Network(str(folder / "net.onnx")), notes


def said(notes: list[str], key: str) -> str:
    """The line of the notes that begins with a word; empty without one."""
    return next((line for line in notes if line.startswith(key)), "")


@pytest.mark.parametrize("name", ["shuffle", "u_net", "windows", "squeeze"])
def test_sizes_are_freed_where_no_layer_is_lost(name: str, tmp_path: Path) -> None:
    """The network takes any size, all layers are offered, and a picture is dreamt on the last."""
    network, notes = adopted(as_exported(FREED[name](*OWN), OWN), tmp_path)
    assert network.image_size is None
    assert "had numbers for images of 48 × 32 pixels" in said(notes, "Size")
    assert " of " not in said(notes, "Layers").partition(",")[0]
    recipe = Recipe(layers=(Term(network.layer_names[-1]),), octaves=1, steps=2)
    pixels = np.random.default_rng(0).random((70, 101, 3), np.float32)
    assert (Dreamer(network, "cpu", 1).dream(pixels, recipe) != pixels).mean() > 0.5


def test_one_size_stays_where_layers_would_be_lost(tmp_path: Path) -> None:
    """All layers are offered, the note says why, and pictures of any size are dreamt."""
    network, notes = adopted(as_exported(positions(*OWN), OWN), tmp_path)
    assert network.image_size == OWN
    line = said(notes, "Size")
    assert line.startswith("Size      48 × 32 only, since Add 'Add")
    assert line.endswith("takes no other; pictures are dreamed in tiles of that size")
    assert not said(notes, "Smallest")
    assert said(notes, "Checked").endswith("0.0e+00")
    for layer in network.layer_names:
        recipe = Recipe(layers=(Term(layer),), octaves=2, steps=1)
        for size in ((70, 101), (20, 30)):
            pixels = np.random.default_rng(0).random((*size, 3), np.float32)
            dreamt = Dreamer(network, "cpu", 1).dream(pixels, recipe)
            assert np.isfinite(dreamt).all()
            assert (dreamt != pixels).mean() > 0.5


def test_any_size_is_had_where_it_is_asked_for(tmp_path: Path) -> None:
    """The layers behind what takes one size only are lost, and the line says so."""
    network, notes = adopted(as_exported(positions(*OWN), OWN), tmp_path, "any")
    assert network.image_size is None
    assert " of " in said(notes, "Layers")
    assert 0 < len(network.layer_names) < 4


def test_classifier_of_one_size_costs_no_layer(tmp_path: Path) -> None:
    """So the network takes any size."""
    network, notes = adopted(as_exported(dense(*OWN), OWN), tmp_path)
    assert network.image_size is None
    assert "only for images of 48 × 32 pixels" in said(notes, "Outputs")


def test_free_network_takes_one_size_where_it_is_asked_for(tmp_path: Path) -> None:
    """Its file says the size."""
    free = FREED["u_net"](*OWN)
    network, notes = adopted(as_exported(free, OWN), tmp_path, (96, 64))
    assert network.image_size == (96, 64)
    assert said(notes, "Size") == (
        "Size      64 × 96 only; pictures are dreamed in tiles of that size"
    )
    recipe = Recipe(layers=(Term(network.layer_names[-1]),), octaves=1, steps=1)
    pixels = np.random.default_rng(0).random((100, 70, 3), np.float32)
    assert (Dreamer(network, "cpu", 1).dream(pixels, recipe) != pixels).mean() > 0.5


def test_other_size_than_its_own_is_refused(tmp_path: Path) -> None:
    """The message names its size and the node that takes no other."""
    with pytest.raises(NetworkError, match=r"takes images of 48 × 32 pixels only \(Add .*64 × 64"):
        adopted(as_exported(positions(*OWN), OWN), tmp_path, (64, 64))


@pytest.mark.parametrize(
    ("text", "size"), [("any", "any"), ("auto", "auto"), ("224x448", (224, 448)), ("1x1", (1, 1))]
)
def test_sizes_are_read(text: str, size: object) -> None:
    """Height first, as in the file."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "224", "x", "224x", "0x5", "5x5x5", "-1x4", "1e3x4", "9999x5"]
)
def test_other_sizes_are_refused(text: str) -> None:
    """The message says what a size is."""
    with pytest.raises(OptionError, match="not a size; give auto, any, or HEIGHTxWIDTH"):
        parse_size(text)
