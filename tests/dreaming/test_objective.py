"""Objectives that compare with a guide or with the original picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.errors import LayerError, PictureError, RecipeError
from dreamlayer.core.network.activations import Activations
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import mean_gram
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term, parse_terms
from dreamlayer.core.runtime.providers import Execution

PHOTO = np.random.default_rng(0).random((40, 56, 3)).astype(np.float32)


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    """A picture of stripes, a file."""
    stripes = np.zeros((60, 80, 3), np.uint8)
    stripes[:, ::4] = 255
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    return tmp_path / "stripes.png"


def recipe_of(network: Path, layers: str, **parameters: object) -> Recipe:
    return Recipe(network=str(network), layers=parse_terms(layers), octaves=2, **parameters)


@pytest.mark.parametrize("kind", ["direction", "cosine", "style", "gram"])
def test_guided_dream_comes_nearer_to_its_guide(
    kind: str, small_network: Path, guide: Path
) -> None:
    """The objective is higher after the dream than before it."""
    recipe = recipe_of(small_network, f"deep:1::{kind}", guide=str(guide), steps=6)
    dreamer = Dreamer(network_of(recipe), "cpu")
    objective = dreamer.objective(recipe)
    dreamt = dreamer.dream(PHOTO, recipe)
    before, after = (
        objective(np.ascontiguousarray(p.transpose(2, 0, 1)))[0] for p in (PHOTO, dreamt)
    )
    assert after > before


def test_caricature_goes_away_from_the_original_and_original_stays(small_network: Path) -> None:
    """Amplified activations change the picture; nearness to it holds a dream back."""
    dreamer = Dreamer(str(small_network), "cpu")

    def change(layers: str) -> float:
        return float(np.abs(dreamer.dream(PHOTO, recipe_of(small_network, layers)) - PHOTO).mean())

    dreamer = Dreamer(str(small_network), "cpu")
    photo = np.ascontiguousarray(PHOTO.transpose(2, 0, 1))
    for factor, sign in ((3.0, 1), (-3.0, -1)):
        recipe = recipe_of(small_network, f"deep:1::caricature:factor={factor}")
        recipe = recipe.replace(colors="free", anchor=0.0)
        dreamt = np.ascontiguousarray(dreamer.dream(PHOTO, recipe).transpose(2, 0, 1))
        before, after = (
            Activations(dreamer.network, ["deep"], Execution("cpu"))(p)["deep"]
            for p in (photo, dreamt)
        )
        # Along the original's own activations: more of them, or their opposite.
        grown = float((after * before).sum() / (before * before).sum())
        assert sign * (grown - 1) > 0.02
    assert change("deep, image:20::original") < change("deep")


def test_original_is_looked_at_octave_by_octave_and_tile_by_tile(small_network: Path) -> None:
    """Nearness to the original alone, from the original: nothing moves, whatever the tiles.

    The photo is pale, since a filter's overshoot beyond black and white would be clipped away.
    """
    layers = "deep:1::original, image:1::original"
    recipe = recipe_of(small_network, layers, tile=32, steps=3, normalize="none", step_size=1.0)
    pale = 0.3 + 0.4 * PHOTO
    dreamt = Dreamer(network_of(recipe), "cpu").dream(pale, recipe)
    np.testing.assert_allclose(dreamt, pale, atol=1e-5)


def test_variation_makes_a_picture_smoother(small_network: Path) -> None:
    """Neighbours differ less afterwards."""
    recipe = recipe_of(small_network, "image:1::variation", smoothing=0.0, steps=10)
    dreamt = Dreamer(network_of(recipe), "cpu").dream(PHOTO, recipe)
    assert np.abs(np.diff(dreamt, axis=1)).mean() < 0.9 * np.abs(np.diff(PHOTO, axis=1)).mean()


def test_guide_is_read_again_when_its_file_changes(small_network: Path, guide: Path) -> None:
    """A warm dreamer does not dream of what the file held before."""
    recipe = recipe_of(small_network, "deep:1::guide", guide=str(guide), steps=1)
    with pytest.raises(LayerError, match="a position every 1 pixels"):
        Dreamer(network_of(recipe), "cpu").objective(recipe)
    recipe = recipe.replace(layers=parse_terms("deep:1::direction"))
    dreamer = Dreamer(network_of(recipe), "cpu")
    first = dreamer.dream(PHOTO, recipe)
    Image.fromarray(np.full((60, 80, 3), (255, 0, 0), np.uint8)).save(guide)
    assert not dreamer.is_warm(recipe)
    assert np.abs(dreamer.dream(PHOTO, recipe) - first).max() > 1e-3


def test_guide_that_is_missing_small_or_no_picture_is_one_sentence(tmp_path: Path) -> None:
    """Each says what to give."""
    network, terms = Network("inception_v3_mixed5"), (Term("mixed5", kind="guide"),)
    with pytest.raises(RecipeError, match="set guide to a picture file"):
        Objective(network, terms)
    Image.new("RGB", (90, 30)).save(tmp_path / "small.png")
    with pytest.raises(RecipeError, match=r"90 × 30 pixels, but network .* needs at least 43"):
        Objective(network, terms, str(tmp_path / "small.png"))
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"text\.png"):
        Objective(network, terms, str(tmp_path / "text.png"))
    with pytest.raises(PictureError, match=r"none\.png"):
        Objective(network, terms, str(tmp_path / "none.png"))


def test_layers_without_rows_and_columns_are_refused_where_those_count() -> None:
    """The picture itself has some, and an unknown layer is answered with the nearest."""
    network = Network("inception_v3_mixed5")
    with pytest.raises(LayerError, match="did you mean mixed5"):
        Activations(network, ["mixd5"])
    maps = Activations(network, ["mixed0", "image"], Execution("cpu"))(
        np.zeros((3, 80, 96), np.float32)
    )
    assert maps["image"].shape == (1, 3, 80, 96)
    assert maps["mixed0"].shape[:2] == (1, 256)


def test_mean_gram_is_numpys() -> None:
    """Inner products of channels over positions, divided by their number."""
    a = np.random.default_rng(0).random((1, 4, 5, 6), np.float32)
    rows = a.reshape(4, 30).astype(np.float64)
    np.testing.assert_allclose(mean_gram(a), rows @ rows.T / 30, rtol=1e-5)
