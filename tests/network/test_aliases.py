"""Other names of layers: found wherever a network is asked for a layer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from PIL import Image
from small_network import small_model
from worker_process import Client

from dreamlayer import Recipe, Term
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import LayerError, NetworkError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.transfer import transfer
from dreamlayer.core.visualize.features import features
from dreamlayer.core.visualize.gallery import Gallery
from dreamlayer.core.visualize.layers import channel_terms

OLD = "/functional_1/first_1/Relu_output_0"
ALIASES = {OLD: "first", "functional_1/deep_1/Tanh": "deep", "first_conv": "deep"}
"""The last one is the name of a tensor, which goes before."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A network whose file lists other names."""
    model = small_model()
    listed = {"dreamlayer.layers": '["first_conv", "first", "deep_conv", "deep"]'}
    helper.set_model_props(model, {**listed, "dreamlayer.aliases": json.dumps(ALIASES)})
    target = tmp_path / "aliased.onnx"
    onnx.save(model, target)
    return target


@pytest.fixture
def network(path: Path) -> Network:
    return Network(str(path))


def noise(height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(0).random((height, width, 3), dtype=np.float32)


def test_an_alias_stands_for_its_layer(network: Network) -> None:
    """It is checked, measured and counted as that layer, and listed nowhere."""
    network.check_layers([OLD])
    assert network.geometry([OLD]) == network.geometry(["first"])
    assert network.activation_bytes([OLD]) == network.activation_bytes(["first"])
    assert [layer.name for layer in network.layers()] == [
        "first_conv",
        "first",
        "deep_conv",
        "deep",
    ]


def test_an_alias_never_shadows_a_tensor(network: Network) -> None:
    """A name that the file's graph has keeps its meaning."""
    assert network.tensor("first_conv") == "first_conv"
    assert network.tensor("image") == "image"
    with pytest.raises(LayerError, match="no layer 'functional_1'"):
        network.check_layers(["functional_1"])


@pytest.mark.parametrize("kind", ["squares", "direction", "caricature", "neuron", "original"])
def test_dreams_by_an_alias_are_the_same(network: Network, kind: str, tmp_path: Path) -> None:
    """To the last bit, also for kinds that compare with a guide or with the original."""
    guide = tmp_path / "guide.png"
    Image.fromarray((noise(40, 40) * 255).astype(np.uint8)).save(guide)
    dreams = []
    for name in (OLD, "first"):
        terms = (Term(name, kind=kind), Term("deep", 0.5))
        recipe = Recipe(layers=terms, guide=str(guide), octaves=2, steps=2)
        dreams.append(Dreamer(network).dream(noise(), recipe))
    np.testing.assert_array_equal(*dreams)
    assert np.abs(dreams[0] - noise()).max() > 0.001


def test_styles_by_an_alias_are_the_same(path: Path) -> None:
    """For layers of the content and of the style."""
    found = [
        transfer(
            noise(),
            noise(30, 30),
            StyleRecipe(
                network=str(path),
                content_layers=(Term(name),),
                style_layers=(Term(name), Term("deep")),
                rounds=1,
                evaluations=3,
            ),
        )
        for name in (OLD, "first")
    ]
    np.testing.assert_array_equal(*found)


def test_sheets_take_aliases(network: Network) -> None:
    """The gallery's channels, and feature maps, are those of the layer."""
    maps = [features(network, noise(), name).maps for name in (OLD, "first")]
    np.testing.assert_array_equal(*maps)
    terms = [channel_terms(network, name, (1, 2)) for name in (OLD, "first")]
    assert terms[0] == terms[1]
    gallery = Gallery(network)
    recipes = [gallery.recipe_of(Term(n, channels=(1,), kind="mean")) for n in (OLD, "first")]
    assert recipes[0] == recipes[1]


def test_the_worker_takes_aliases(path: Path) -> None:
    """A recipe that an editor stored with a layer's old name dreams the same."""
    found = []
    with Client() as worker:
        for name in (OLD, "first"):
            rgba = np.dstack([noise(), np.ones((24, 32), np.float32)])
            recipe = Recipe(network=str(path), layers=(Term(name),), octaves=1, steps=2)
            worker.dream(rgba, recipe=recipe)
            found.append(worker.pixels())
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("text", ["[]", '{"a": 1}', "{", '"a"', "[" * 100_000])
def test_aliases_of_another_form_are_refused(text: str, tmp_path: Path) -> None:
    """A file that a program of someone else's wrote is told what it must hold."""
    model = small_model()
    helper.set_model_props(model, {"dreamlayer.aliases": text})
    onnx.save(model, tmp_path / "wrong.onnx")
    with pytest.raises(NetworkError, match=r"metadata dreamlayer\.aliases that does not"):
        Network(str(tmp_path / "wrong.onnx"))


def test_exported_gradients_take_aliases(path: Path, tmp_path: Path) -> None:
    """As objective and as tap; the outputs are called by the layer's own name."""
    from dreamlayer.export.cli import main

    written = []
    for name in (OLD, "first"):
        target = tmp_path / f"{len(written)}.onnx"
        options = ["--layer", f"{name}:0.5", "--tap", name, "-o", str(target)]
        assert main(["gradient", str(path), *options]) == 0
        written.append(target.read_bytes())
    assert written[0] == written[1]
