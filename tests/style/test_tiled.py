"""Styles in tiles: their gradient is the whole picture's, and small pictures do not change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from chain_network import chain_model

from dreamlayer.core.errors import CancelledError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.style.gram import no_check
from dreamlayer.core.style.lbfgs import StyleProgress
from dreamlayer.core.style.transfer import StyleTransfer, transfer

Array = np.ndarray
STYLE_LAYERS = tuple(Term(f"block{block}_conv1") for block in range(1, 6))
CHAIN = StyleRecipe(
    content_layers=(Term("block4_conv2"),),
    style_layers=(Term("image"), *STYLE_LAYERS),
    size=0,
    octaves=1,
    spectrum=0.0,
    jitter=0,
)
WHOLE = 65536


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """VGG16's shape, whose deepest layer sees 132 pixels."""
    path = tmp_path_factory.mktemp("networks") / "chain.onnx"
    onnx.save(chain_model(), path)
    return Network(str(path))


def photo(height: int, width: int, seed: int) -> Array:
    """Blots of several sizes, float32 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for side in (4, 16, 64):
        blots = rng.random((-(-height // side), -(-width // side), 3), dtype=np.float32)
        total += np.repeat(np.repeat(blots, side, 0), side, 1)[:height, :width]
    return total / 3


def score_of(
    network: Network, recipe: StyleRecipe, content: Array, style: Array, image: Array
) -> tuple[float, Array]:
    """What a picture scores, and its gradient, float64."""
    prepared = StyleTransfer(network, "cpu").prepare(content, recipe, [style])
    prepared._load(prepared.sizes[0], 1)
    score_of = prepared._objective.at(prepared._contents[0], prepared._grams[0], no_check)
    score, gradient = score_of(image)
    return score, gradient.astype(np.float64)


def cosine(a: Array, b: Array) -> float:
    return float(np.vdot(a, b) / np.sqrt(np.vdot(a, a) * np.vdot(b, b)))


def compared(network: Network, recipe: StyleRecipe, height: int, width: int) -> tuple[float, ...]:
    """Cosine of the gradients in tiles and whole, their relative difference, and the scores'."""
    content, style = photo(height, width, 1), photo(300, 340, 2) * np.float32(0.7)
    image = np.ascontiguousarray((content * 0.8 + photo(height, width, 3) * 0.2).transpose(2, 0, 1))
    whole, slope = score_of(network, recipe.replace(tile=WHOLE), content, style, image)
    tiled, steep = score_of(network, recipe, content, style, image)
    away = np.linalg.norm(steep - slope) / np.linalg.norm(slope)
    return cosine(steep, slope), float(away), abs(tiled / whole - 1)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"variation_weight": 0.5, "exponent": 1.5},
        {"measure": "published", "style_weight": 1e4, "variation_weight": 1e-3},
        {"style_layers": (Term("block2_conv1", 1.0, (0, 3)), Term("block3_conv1"))},
        {"content_layers": (Term("block3_conv1", 1.0, (1, 5)), Term("block3_conv1", 2.0))},
        {"style_weight": 0.0, "style_layers": ()},
        {"content_weight": 0.0, "content_layers": ()},
        {"content_weight": 0.0, "style_weight": 0.0, "variation_weight": 1.0},
    ],
    ids=lambda changes: "-".join(changes) or "plain",
)
def test_enough_overlap_is_exact(chain: Network, changes: dict[str, Any]) -> None:
    """With the network's reach as overlap, gradient and score are the whole picture's."""
    recipe = CHAIN.replace(tile=256, overlap=80, **changes)
    cos, away, score = compared(chain, recipe, 250, 421)
    assert cos > 0.9999999
    assert away < 3e-4
    assert score < 1e-4


def test_default_tiles_are_near(chain: Network) -> None:
    """At the default tile, on a picture several tiles large, the cosine is above .98."""
    cos, _, score = compared(chain, CHAIN, 700, 1100)
    assert cos > 0.98
    assert score < 0.02


def test_default_recipe_in_tiles() -> None:
    """The network that ships pads in other ways, and its tiles are near all the same."""
    network = Network("inception_v3_mixed5")
    cos, _, score = compared(network, StyleRecipe(size=0, octaves=1, tile=256), 330, 420)
    assert cos > 0.98
    assert score < 0.02


@pytest.mark.parametrize("measure", ["relative", "published"])
def test_gradient_is_that_of_the_score(chain: Network, measure: str) -> None:
    """Finite differences along a direction near the gradient agree, in tiles too."""
    recipe = CHAIN.replace(tile=192, overlap=80, measure=measure, variation_weight=0.1)
    content, style = photo(200, 230, 1), photo(200, 200, 2)
    prepared = StyleTransfer(chain, "cpu").prepare(content, recipe, [style])
    score = prepared._objective.at(prepared._contents[0], prepared._grams[0], no_check)
    rng = np.random.default_rng(0)
    image = rng.random((3, 200, 230), dtype=np.float32)
    steep = score(image)[1].astype(np.float64)
    direction = steep / np.sqrt(np.mean(steep**2)) + rng.standard_normal(image.shape)
    slope, step = float(np.vdot(steep, direction)), 1e-3
    ahead, behind = (
        score((image + sign * step * direction).astype(np.float32))[0] for sign in (1, -1)
    )
    assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=1e-2)


def test_tile_makes_no_difference_below_it(small_network: Path) -> None:
    """A picture of one tile is the same in every byte, whatever the tile and its overlap."""
    content, style = (photo(60, 70, seed) for seed in (1, 2))
    recipe = StyleRecipe(
        network=str(small_network),
        content_layers=(Term("deep"),),
        style_layers=(Term("first"), Term("image")),
        rounds=2,
        evaluations=3,
        octaves=2,
    )
    first = transfer(content, style, recipe, provider="cpu")
    for tile, overlap in ((70, 0), (512, 64), (WHOLE, 1024)):
        again = transfer(content, style, recipe.replace(tile=tile, overlap=overlap), provider="cpu")
        np.testing.assert_array_equal(first, again)


def test_large_pictures_grow_from_small_ones(small_network: Path) -> None:
    """Sizes of one tile come first, then tiled ones; the loss falls and the bytes are the same."""
    content, style = photo(150, 180, 1), photo(150, 150, 2) * np.float32(0.5)
    recipe = StyleRecipe(
        network=str(small_network),
        content_layers=(Term("deep"),),
        style_layers=(Term("first"), Term("image")),
        content_weight=0.01,
        rounds=1,
        evaluations=12,
        taper=0.8,
        size=0,
        octaves=3,
        tile=100,
        overlap=4,
        jitter=3,
    )
    seen: list[StyleProgress] = []
    losses: list[float] = []
    result, again = (
        transfer(
            content,
            style,
            recipe,
            provider="cpu",
            on_progress=seen.append,
            on_round=lambda made: losses.append(made.loss),
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(result, again)
    first = seen[: len(seen) // 2]
    counts = {(p.octave, p.evaluations) for p in first if p.evaluation == 1}
    assert counts == {(1, 12), (2, 10), (3, 8)}
    fractions = [p.fraction for p in first]
    assert fractions == sorted(fractions)
    assert len({p.fraction for p in first if (p.octave, p.evaluation) == (3, 4)}) > 4
    assert [p.evaluation for p in first if p.octave == 3][-1] == 8
    assert first[-1].fraction == 1
    start, end = ([p.loss for p in first if p.octave == 3][place] for place in (0, -1))
    assert end < start
    means = [image.reshape(-1, 3).mean(0) for image in (content, result, style)]
    assert np.abs(means[1] - means[2]).max() < np.abs(means[0] - means[2]).max() / 2


def test_cancelled_within_one_tile(small_network: Path) -> None:
    """The wish to stop is asked for before every tile."""
    content, style = photo(200, 200, 1), photo(60, 60, 2)
    recipe = StyleRecipe(
        network=str(small_network),
        content_layers=(Term("deep"),),
        style_layers=(Term("first"),),
        size=0,
        octaves=1,
        tile=64,
        overlap=4,
    )
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) == 30

    with pytest.raises(CancelledError):
        transfer(content, style, recipe, cancelled=cancelled)
    assert len(asked) == 30
