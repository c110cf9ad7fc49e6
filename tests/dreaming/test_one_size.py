"""Dreams on networks that take images of one size only."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
from exact_network import exact_default
from small_network import small_model

from dreamlayer import read
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.memory import default_tile
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.export.adopt.one_size import fix_size

Array = np.ndarray
QUICK = Recipe(octaves=1, steps=2)


@pytest.fixture(scope="module")
def square(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The default network for 224 × 224 pixels."""
    return exact_default(tmp_path_factory.mktemp("square"), (224, 224))


@pytest.fixture(scope="module")
def oblong(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The default network for images 160 pixels wide and 96 high."""
    return exact_default(tmp_path_factory.mktemp("oblong"), (96, 160))


def cosine(a: Array, b: Array) -> float:
    """How alike two changes are, 1 for the same."""
    return float(np.vdot(a, b) / np.sqrt(np.vdot(a, a) * np.vdot(b, b)))


@pytest.mark.parametrize(
    "size", [(224, 224), (400, 600), (225, 230), (60, 500), (37, 29), (3, 2000), (1, 1)]
)
@pytest.mark.parametrize("tiling", ["even", "fixed", "random"])
def test_pictures_of_any_size_are_dreamt(size: tuple[int, int], tiling: str, oblong: str) -> None:
    """Whatever the tiling: each tile that the network is given has its size."""
    pixels = np.random.default_rng(0).random((*size, 3), np.float32)
    recipe = QUICK.replace(tiling=tiling, steps=1, max_side=600)
    dreamt = Dreamer(oblong, "cpu", 1).dream(pixels, recipe)
    assert dreamt.shape == pixels.shape
    assert np.isfinite(dreamt).all()
    assert (dreamt != pixels).mean() > 0.5


def test_one_tile_is_the_dream_of_the_free_network(square: str) -> None:
    """On a picture of its size it computes the same, up to the order of sums."""
    pixels = np.random.default_rng(0).random((224, 224, 3), np.float32)
    exact = Dreamer(square, "cpu", 1).dream(pixels, QUICK)
    free = Dreamer("default", "cpu", 1).dream(pixels, QUICK)
    assert np.abs(free - pixels).max() > 0.05
    assert cosine(exact - pixels, free - pixels) > 0.9999


@pytest.mark.parametrize(("steps", "least"), [(1, 0.99), (4, 0.85)])
def test_dream_is_close_to_that_of_tiles_of_any_size(
    coffee: Path, square: str, steps: int, least: float
) -> None:
    """As close to the free network's, in tiles or whole, as these are to each other.

    Sides are multiples of 32: at others, padding as of TensorFlow's SAME gives a network's maps
    another phase in tiles of other sizes.
    """
    pixels = np.ascontiguousarray(read(coffee).pixels[:288, :416])
    recipe = Recipe(octaves=1, steps=steps, anchor=0.0)
    free = Dreamer("default", "cpu")
    change = Dreamer(square, "cpu").dream(pixels, recipe) - pixels
    whole = free.dream(pixels, recipe) - pixels
    tiled = free.dream(pixels, recipe.replace(tile=224)) - pixels
    other = free.dream(pixels, recipe.replace(tile=224, seed=1)) - pixels
    assert cosine(change, whole) > least
    assert cosine(change, tiled) > least
    assert cosine(change, other) < 0.6


@pytest.mark.parametrize("jitter", ["any", "none", "8"])
def test_tiles_leave_no_seams(coffee: Path, square: str, jitter: str) -> None:
    """Across the borders of tiles, the change is no rougher than elsewhere."""
    pixels = read(coffee).pixels
    recipe = Recipe(octaves=1, steps=8, jitter=jitter, anchor=0.0)
    change = Dreamer(square, "cpu").dream(pixels, recipe) - pixels
    rough = np.abs(np.diff(change, axis=1)).mean(axis=(0, 2))
    tiles = Grid(224, recipe.overlap, Network(square).geometry(["image"])).cover(400, 600)
    seams = sorted({tile.columns.start + tile.columns.skip for tile in tiles} - {0})
    assert len(seams) >= 2
    typical = np.median(rough)
    spread = np.percentile(rough, 99)
    assert all(rough[seam - 1] <= max(1.5 * typical, spread) for seam in seams)


def test_recipe_tells_the_tile_that_was_used(square: str) -> None:
    """A `tile` that the network does not take is overruled, in the estimate too."""
    network = Network(square)
    assert default_tile(QUICK, network) == 224
    dreamer = Dreamer(network, "cpu", 1)
    asked, own = (dreamer.estimate(600, 400, QUICK.replace(tile=tile)) for tile in (512, 0))
    # Other programs take memory meanwhile.
    assert dataclasses.replace(asked, available=own.available) == own
    assert asked.tile == 224
    larger = dreamer.estimate(1200, 800, QUICK)
    assert larger.bytes - own.bytes < 1200 * 800 * 12 * 8


def test_tile_that_was_asked_for_changes_nothing(square: str) -> None:
    """Nor does that of a preset."""
    pixels = np.random.default_rng(0).random((100, 300, 3), np.float32)
    dreamer = Dreamer(square, "cpu", 1)
    first = dreamer.dream(pixels, QUICK)
    np.testing.assert_array_equal(dreamer.dream(pixels, QUICK.replace(tile=64)), first)


def test_mask_and_alpha_hold(square: str) -> None:
    """What is outside the mask, or hidden, comes back bit-identical."""
    rng = np.random.default_rng(0)
    pixels = rng.random((250, 300, 3), np.float32)
    mask = np.zeros((250, 300), np.float32)
    mask[50:200, 60:180] = 1
    alpha = np.ones((250, 300), np.float32)
    alpha[:100] = 0
    dreamt = Dreamer(square, "cpu", 1).dream(pixels, QUICK, mask=mask, alpha=alpha)
    changed = (dreamt != pixels).any(axis=2)
    assert changed[100:200, 60:180].mean() > 0.9
    changed[100:200, 60:180] = False
    assert not changed.any()


@pytest.mark.parametrize("kind", ["guide", "direction", "original", "gram", "style", "caricature"])
def test_terms_that_compare(kind: str, coffee: Path, oblong: str) -> None:
    """A guide is seen at the network's size, and the original in the same tiles."""
    pixels = np.random.default_rng(0).random((120, 200, 3), np.float32)
    term = Term("block_12_expand_relu", kind=kind)
    recipe = QUICK.replace(layers=(term,), guide=str(coffee))
    dreamt = Dreamer(oblong, "cpu", 1).dream(pixels, recipe)
    assert np.isfinite(dreamt).all()


def test_device_backend_agrees(tmp_path: Path) -> None:
    """Mirrored and wrapped tiles are cut and added there as in numpy."""
    model = small_model()
    fix_size(model, (24, 40))
    onnx.save(model, tmp_path / "small.onnx")
    network = Network(str(tmp_path / "small.onnx"))
    rng = np.random.default_rng(0)
    for size in ((15, 25), (24, 40), (50, 25), (58, 83)):
        pixels = rng.random((*size, 3), np.float32)
        for tiling in ("even", "fixed", "random"):
            recipe = QUICK.replace(tiling=tiling, layers=(Term("deep"),), jitter="9")
            numpy = Dreamer(network, "cpu", 1, "numpy").dream(pixels, recipe)
            device = Dreamer(network, "cpu", 1, "device").dream(pixels, recipe)
            assert np.abs(numpy - pixels).max() > 0.01
            assert np.abs(numpy - device).max() < 1e-4
