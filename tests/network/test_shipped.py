"""Which of the networks that ship a recipe means."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from dreamlayer.core.network import shipped
from dreamlayer.core.network.files import SHIPPED, available
from dreamlayer.core.network.shipped import layer_names, network_for, network_of, network_with
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK, SHIPPED_NETWORKS, ships
from dreamlayer.core.recipe.presets import DREAMS, STYLES
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term

MOBILENET, INCEPTION = SHIPPED


@pytest.mark.parametrize(
    ("name", "layers", "meant"),
    [
        ("default", ["mixed3", "mixed4", "mixed5"], INCEPTION),
        ("default", ["conv2d_40", "image"], INCEPTION),
        ("default", ["block_10_depthwise", "block_13_expand"], MOBILENET),
        ("default", ["image"], MOBILENET),
        ("default", [], MOBILENET),
        ("default", ["mixed3", "block_11_expand"], MOBILENET),
        ("default", ["mixed3", "mixd4"], INCEPTION),
        ("default", ["nowhere"], MOBILENET),
        (INCEPTION, ["block_11_expand"], INCEPTION),
        ("vgg16", ["mixed3"], "vgg16"),
        ("some/file.onnx", [], "some/file.onnx"),
    ],
)
def test_default_is_the_network_that_has_the_layers(
    name: str, layers: list[str], meant: str
) -> None:
    """The first that has most; every other name is itself."""
    assert network_for(name, layers) == meant


def test_a_recipe_of_version_0_1_goes_on_working() -> None:
    """It has the network default and layers of InceptionV3."""
    stored = {"network": "default", "layers": "mixed3:0.5,mixed4"}
    assert network_of(Recipe.from_dict(stored)) == INCEPTION
    assert network_of(Recipe(layers=(Term("block_11_expand"),))) == MOBILENET


def test_a_style_means_the_network_of_all_its_layers() -> None:
    """Those of the content and those of the style count."""
    recipe = StyleRecipe(network="default", content_layers=(Term("block_6_expand"),))
    assert network_of(recipe) == INCEPTION, "none has all, this has most"
    assert network_of(StyleRecipe(network="default")) == INCEPTION
    assert network_of(recipe.replace(style_layers=(Term("image"),))) == MOBILENET


def test_a_pattern_means_the_network_with_a_match() -> None:
    """As for `dreamlayer layers`."""
    assert network_with("default", "mixed*") == INCEPTION
    assert network_with("default", "*") == network_with("default", "nothing") == MOBILENET
    assert network_with("vgg16", "mixed*") == "vgg16"


def test_both_have_a_name_and_a_file() -> None:
    """The default is the first, also under its own name; the names are those of the table."""
    found = available()
    assert found[DEFAULT_NETWORK] == found[MOBILENET] == SHIPPED[MOBILENET]
    assert found[INCEPTION] == SHIPPED[INCEPTION]
    assert tuple(SHIPPED) == SHIPPED_NETWORKS
    assert all(path.is_file() and ships(path.stem) for path in SHIPPED.values())
    assert not ships("inception_v3")


def test_a_missing_file_has_no_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the other network serves what it can; loading the missing one is the error."""
    monkeypatch.setitem(SHIPPED, MOBILENET, Path("gone.onnx"))
    assert layer_names(MOBILENET) == ()
    assert network_for("default", ["mixed3"]) == INCEPTION
    assert network_for("default", ["block_11_expand"]) == MOBILENET


def test_presets_for_shipped_networks_have_their_layers() -> None:
    """Whatever the network's name, it is the one that has all layers."""
    for table in (DREAMS, STYLES):
        for about in table.presets().values():
            if ships(about.network):
                recipe = table.preset(about.name)
                assert network_of(recipe.replace(network="default")) == network_of(recipe), about


def test_examples() -> None:
    """Those in the docstrings."""
    assert doctest.testmod(shipped).failed == 0
