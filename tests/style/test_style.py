"""Styles: the library's function, its rounds, sizes, colours, limits and mistakes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dreamlayer import Picture
from dreamlayer.core.errors import (
    CancelledError,
    LayerError,
    MemoryLimitError,
    PictureError,
    RecipeError,
)
from dreamlayer.core.images.luminance import luminance
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import mean_gram
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.style.gram import StyleGrams
from dreamlayer.core.style.lbfgs import FourierParameterization, StyleProgress, StyleTracker
from dreamlayer.core.style.luminance import gray
from dreamlayer.core.style.memory import estimate_style
from dreamlayer.core.style.optimization import Round
from dreamlayer.core.style.tiling import Tiling
from dreamlayer.core.style.transfer import StyleTransfer, transfer

Array = np.ndarray


def noise(height: int, width: int, seed: int) -> Array:
    """A picture of bytes, [height, width, 3]."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


CONTENT, STYLE, OTHER = noise(24, 30, 0), noise(28, 22, 1), noise(20, 20, 2) // 3


@pytest.fixture
def recipe(small_network: Path) -> StyleRecipe:
    """One size and two short rounds on the small network."""
    return StyleRecipe(
        network=str(small_network),
        content_layers=(Term("deep"),),
        style_layers=(Term("first"), Term("image")),
        rounds=2,
        evaluations=4,
        octaves=1,
        jitter=0,
        size=64,
    )


def mean_color(image: Array) -> Array:
    return image.reshape(-1, 3).mean(0)


@pytest.mark.parametrize(("measure", "weight"), [("relative", 1.0), ("published", 1e8)])
def test_style_comes_nearer(recipe: StyleRecipe, measure: str, weight: float) -> None:
    """The loss falls from round to round, and the colours become those of the style."""
    chosen = recipe.replace(
        measure=measure, style_weight=weight, content_weight=0.0, rounds=3, evaluations=30
    )
    losses: list[float] = []
    result = transfer(CONTENT, OTHER, chosen, on_round=lambda made: losses.append(made.loss))
    assert losses == sorted(losses, reverse=True)
    before, after = (np.abs(mean_color(i) - mean_color(OTHER)).max() for i in (CONTENT, result))
    assert after < before / 3
    assert (result.shape, result.dtype) == (CONTENT.shape, np.uint8)


def test_content_is_kept_by_its_weight(recipe: StyleRecipe) -> None:
    """The more weight the content has, the less of it changes."""
    longer = recipe.replace(evaluations=30)
    away = [
        np.abs(transfer(CONTENT, OTHER, longer.replace(content_weight=w)) - CONTENT.astype(float))
        for w in (0.0, 1e4)
    ]
    assert away[1].mean() < away[0].mean() / 2


def test_variation_makes_smooth(recipe: StyleRecipe) -> None:
    """Weight on the variation takes the differences between neighbours away."""
    longer = recipe.replace(evaluations=30)
    plain = transfer(CONTENT, STYLE, longer)
    smooth = transfer(CONTENT, STYLE, longer.replace(variation_weight=100.0))

    def variation(image: Array) -> float:
        return float(np.abs(np.diff(image.astype(float), axis=1)).mean())

    assert variation(smooth) < variation(plain) / 2


@pytest.mark.parametrize(
    "changes",
    [{}, {"octaves": 2, "jitter": 5}, {"measure": "published", "octaves": 2, "spectrum": 0.0}],
)
def test_same_recipe_same_picture(recipe: StyleRecipe, changes: dict[str, object]) -> None:
    """What is computed depends on the recipe alone."""
    chosen = recipe.replace(start="noise", seed=7, **changes)
    first, again = (transfer(CONTENT, STYLE, chosen, provider="cpu") for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = transfer(CONTENT, STYLE, chosen.replace(seed=8), provider="cpu")
    assert np.abs(first.astype(int) - other).max() > 0


def test_gradient_is_that_of_the_loss(recipe: StyleRecipe) -> None:
    """Finite differences agree through parameterization, shift and the scale for L-BFGS."""
    chosen = recipe.replace(size=9, jitter=3, spectrum=0.7, variation_weight=0.1)
    prepared = StyleTransfer(chosen.network, "cpu").prepare(
        CONTENT[:8, :9] / np.float32(255), chosen, [STYLE]
    )
    size = prepared.sizes[0]
    basis, tracker = FourierParameterization(size, 0.7), StyleTracker(chosen, prepared.sizes)
    evaluate = prepared._evaluation(0, (2, 1), basis, tracker)
    rng = np.random.default_rng(3)
    values = basis.coefficients(rng.uniform(50, 200, (3, *size)))
    direction = rng.standard_normal(values.shape)
    _, gradient = evaluate(values)
    step = 0.5
    ahead, behind = (evaluate(values + s * direction)[0] for s in (step, -step))
    assert (ahead - behind) / (2 * step) == pytest.approx(np.vdot(gradient, direction), rel=2e-2)


def test_fourier_parameterization_is_inverted_and_symmetric() -> None:
    """Coefficients give the pixels back, and the map is its own transpose, odd sizes too."""
    rng = np.random.default_rng(0)
    basis = FourierParameterization((7, 11), 1.0)
    a, b = rng.standard_normal((2, 3, 7, 11))
    np.testing.assert_allclose(basis.pixels(basis.coefficients(a)), a, atol=1e-12)
    assert np.vdot(basis.pixels(a), b) == pytest.approx(np.vdot(a, basis.pixels(b)))
    assert FourierParameterization((7, 11), 0.0).pixels(a) is a


def test_gram_matrices_are_weighted(recipe: StyleRecipe) -> None:
    """Several style pictures count by their weights, each at a size of its own."""
    network = Network(recipe.network)
    pictures = [
        np.ascontiguousarray(p.transpose(2, 0, 1) / np.float32(255)) for p in (STYLE, OTHER)
    ]
    tiling = Tiling(512, 0, 1)
    found = StyleGrams(network, recipe, tiling, Execution("cpu"))(pictures, (3, 1))
    expected = 0.75 * mean_gram(pictures[0][np.newaxis]) + 0.25 * mean_gram(pictures[1][np.newaxis])
    np.testing.assert_allclose(found["gram/image"], expected, rtol=1e-5)
    assert set(found) == {"gram/image", "gram/first"}


def test_weight_of_a_style_picture_matters(recipe: StyleRecipe) -> None:
    """A picture with the weight 0 is as good as none."""
    both = transfer(CONTENT, [STYLE, OTHER], recipe.replace(style_weights=(1, 0)), provider="cpu")
    np.testing.assert_array_equal(both, transfer(CONTENT, STYLE, recipe, provider="cpu"))
    even = transfer(CONTENT, [STYLE, OTHER], recipe, provider="cpu")
    assert np.abs(even.astype(int) - both).max() > 0


def test_colors_are_kept(recipe: StyleRecipe) -> None:
    """All three channels of a pixel change alike, and by the luminance alone."""
    content = (CONTENT / np.float32(255)) * np.float32(0.4) + np.float32(0.3)
    result = transfer(content, STYLE, recipe.replace(keep_colors=True, strength=0.3, start="noise"))
    change = result - content
    assert np.abs(change).max() > 0.02
    np.testing.assert_allclose(change, np.broadcast_to(change[..., :1], change.shape), atol=1e-5)


def test_gray_keeps_the_luminance() -> None:
    """The luminance of the grey picture is the luminance of the coloured one."""
    planes = CONTENT.transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_allclose(luminance(gray(planes)), luminance(planes), atol=1e-6)


@pytest.mark.parametrize("enlarge", ["picture", "detail"])
def test_larger_pictures_are_worked_on_small(recipe: StyleRecipe, enlarge: str) -> None:
    """The result has the content's size, whatever it was worked on at."""
    seen: list[StyleProgress] = []
    chosen = recipe.replace(size=16, octaves=2, enlarge=enlarge, strength=0.5)
    result = transfer(noise(50, 70, 3), STYLE, chosen, on_progress=seen.append)
    assert result.shape == (50, 70, 3)
    assert {(p.octave, p.width, p.height) for p in seen} == {(1, 8, 6), (2, 16, 11)}


def test_detail_of_the_photo_survives(recipe: StyleRecipe) -> None:
    """Where the change alone is enlarged, and no change is wanted, the photo is as it was."""
    photo = noise(50, 70, 3)
    chosen = recipe.replace(size=16, content_weight=1e6, style_weight=1e-6, spectrum=0.0)
    kept = transfer(photo, STYLE, chosen.replace(enlarge="detail"))
    assert np.abs(kept.astype(int) - photo).max() <= 1
    assert np.abs(transfer(photo, STYLE, chosen).astype(int) - photo).max() > 20


@pytest.mark.parametrize("start", ["content", "noise", "style"])
def test_start(recipe: StyleRecipe, start: str) -> None:
    """With nothing but the smoothness to gain, the start shows through."""
    chosen = recipe.replace(
        start=start, style_weight=0, content_weight=0, variation_weight=1e-6, rounds=1
    )
    result = transfer(CONTENT, OTHER, chosen.replace(evaluations=1))
    expected = {"content": mean_color(CONTENT), "noise": 127.5, "style": mean_color(OTHER)}
    np.testing.assert_allclose(mean_color(result), expected[start], atol=6)


def test_progress_and_rounds(recipe: StyleRecipe) -> None:
    """Every evaluation is told, the share rises to 1, and each round's picture is shown."""
    seen: list[StyleProgress] = []
    shown: list[Round] = []
    result = transfer(
        CONTENT, STYLE, recipe.replace(octaves=2), on_progress=seen.append, on_round=shown.append
    )
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert seen[0].seconds_left is None
    assert seen[-1].seconds_left == 0
    assert [r.number for r in shown] == [1, 2, 3, 4]
    assert {r.count for r in shown} == {4}
    np.testing.assert_array_equal(np.rint(shown[-1].pixels * 255), result)


def test_cancelled_within_one_evaluation(recipe: StyleRecipe) -> None:
    """No gradient is computed after the wish to stop."""
    seen: list[StyleProgress] = []
    with pytest.raises(CancelledError):
        transfer(CONTENT, STYLE, recipe, on_progress=seen.append, cancelled=lambda: len(seen) == 3)
    assert len(seen) == 3


def test_picture_keeps_what_it_carries(recipe: StyleRecipe) -> None:
    """A `Picture` comes back with alpha, profile and depth, and with the recipe."""
    content = Picture(
        CONTENT / np.float32(255), alpha=CONTENT[:, :, 0], depth=16, profile=b"profile"
    )
    result = transfer(content, [STYLE], recipe)
    assert (result.depth, result.profile) == (16, b"profile")
    np.testing.assert_array_equal(result.alpha, content.alpha)
    assert result.recipe == recipe.to_json()


def test_estimate_grows_with_the_size_and_says_what_fits(recipe: StyleRecipe) -> None:
    """Too large a size is refused with one that fits, which then does."""
    network = Network(recipe.network)
    large = recipe.replace(size=4096)
    needed = estimate_style(6000, 4000, large, network, free=1e15).bytes
    assert needed > estimate_style(6000, 4000, recipe, network, free=1e15).bytes
    with pytest.raises(MemoryLimitError, match=r"use --size (\d+) or less") as caught:
        estimate_style(6000, 4000, large, network, free=needed * 0.7)
    fits = int(str(caught.value).split("--size ")[1].split()[0])
    assert 512 < fits < 4096
    estimate_style(6000, 4000, recipe.replace(size=fits), network, free=needed * 0.7)


def test_bad_requests_get_a_sentence(recipe: StyleRecipe, tmp_path: Path) -> None:
    """Each with what came and what to do."""
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    large = Network("inception_v3_mixed5")
    default = StyleRecipe(octaves=1, rounds=1, evaluations=1)
    with pytest.raises(RecipeError, match="no style picture; name one"):
        transfer(CONTENT, (), recipe)
    with pytest.raises(
        RecipeError, match=r"3 style weights were given for 2 .*--style-weights 2,1"
    ):
        transfer(CONTENT, [STYLE, OTHER], recipe.replace(style_weights=(1, 2, 3)))
    with pytest.raises(PictureError, match=r"broken\.png"):
        transfer(CONTENT, broken, recipe)
    with pytest.raises(LayerError, match="no layer 'deeep'"):
        transfer(CONTENT, STYLE, recipe.replace(content_layers=(Term("deeep"),)))
    with pytest.raises(RecipeError, match=r"content of 30 × 24 pixels .* the network needs"):
        StyleTransfer(large).prepare(CONTENT / np.float32(255), default, [STYLE])
    with pytest.raises(RecipeError, match="style picture number 1 is 22 × 28 pixels"):
        StyleTransfer(large).prepare(noise(200, 200, 1) / np.float32(255), default, [STYLE])
    with pytest.raises(RecipeError, match=r"use --size \d+ or more"):
        StyleTransfer(large).prepare(noise(100, 2000, 1) / np.float32(255), default, [STYLE])


def test_pictures_in_memory_count_together(recipe: StyleRecipe) -> None:
    """Files are read one after another; what came with a request is there at once."""
    network = Network(recipe.network)
    styles = [(f"number {number}", 6000, 6000) for number in range(10)]
    files = estimate_style(64, 64, recipe, network, styles=styles, free=1e15).bytes
    sent = estimate_style(64, 64, recipe, network, styles=styles, held=True, free=1e15).bytes
    assert sent - files == 10 * 6000**2 * 16


def test_memory_of_the_style_pictures_counts(recipe: StyleRecipe) -> None:
    """As they are read, and at the size that they are really looked at."""
    network = Network(recipe.network)
    plain = estimate_style(64, 64, recipe, network, styles=[("a", 64, 64)], free=1e15).bytes
    read = estimate_style(64, 64, recipe, network, styles=[("a", 6000, 6000)], free=1e15).bytes
    assert read > plain + 9e8
    with pytest.raises(MemoryLimitError, match=r"style picture a of 6000 × 6000 .*scale it down"):
        estimate_style(64, 64, recipe, network, styles=[("a", 6000, 6000)], free=plain * 2)
    # Pictures are not enlarged.
    scaled = recipe.replace(style_scale=20.0)
    assert estimate_style(64, 64, scaled, network, styles=[("a", 64, 64)], free=1e15).bytes == plain


def test_too_large_a_style_scale_is_named(recipe: StyleRecipe) -> None:
    """With one that fits, where the content alone would."""
    network, styles = Network(recipe.network), [("a", 500, 500)]
    scaled = recipe.replace(style_scale=20.0, size=64)
    needed = estimate_style(200, 200, scaled, network, styles=styles, free=1e15).bytes
    free = needed * 1.1
    with pytest.raises(MemoryLimitError, match=r"--style-scale ([\d.]+) or less") as caught:
        estimate_style(200, 200, scaled, network, styles=styles, free=free)
    fits = scaled.replace(style_scale=float(str(caught.value).split("-scale ")[1].split()[0]))
    assert fits.style_scale < 20
    estimate_style(200, 200, fits, network, styles=styles, free=free)


def test_memory_is_bounded_by_the_tile() -> None:
    """What a larger picture adds is little a pixel; too large a tile is named, none is chosen."""
    network = Network("inception_v3_mixed5")
    tiled = StyleRecipe(size=0)
    sizes = (1000, 2000, 4000)
    needed = [estimate_style(n, n, tiled, network, free=1e15).bytes for n in sizes]
    per_pixel = [
        (more - less) / (b * b - a * a)
        for (less, more), (a, b) in zip(pairwise(needed), pairwise(sizes), strict=True)
    ]
    assert max(per_pixel) < 600
    assert estimate_style(4000, 4000, tiled, network, free=1e15).tile == 512
    with pytest.raises(MemoryLimitError, match=r"use --tile (\d+)") as caught:
        estimate_style(1000, 1000, tiled, network, free=needed[0] * 1.05)
    fits = int(str(caught.value).split("--tile ")[1].split(",")[0])
    estimate_style(1000, 1000, tiled.replace(tile=fits), network, free=needed[0] * 1.05)


def test_no_strength_gives_the_picture_back(recipe: StyleRecipe) -> None:
    """Without a look at the network."""
    rounds: list[Round] = []
    result = transfer(CONTENT, STYLE, recipe.replace(strength=0), on_round=rounds.append)
    np.testing.assert_array_equal(result, CONTENT)
    assert rounds == []


def test_a_content_channel_that_is_not_there(recipe: StyleRecipe) -> None:
    """A sentence with those that are."""
    wrong = recipe.replace(content_layers=(Term("deep", channels=(99,)),))
    with pytest.raises(LayerError, match="no channel 99; channels 0 to 7"):
        transfer(CONTENT, STYLE, wrong)


@pytest.mark.parametrize("method", ["lanczos", "lanczos-8bit", "bilinear", "bilinear-8bit"])
def test_every_way_to_resample_brings_the_change_back(recipe: StyleRecipe, method: str) -> None:
    """A change is below zero as often as above, so it is never made into bytes."""
    chosen = recipe.replace(resample=method, enlarge="detail", size=20, rounds=1, octaves=2)
    changed = transfer(CONTENT, STYLE, chosen).astype(int) - CONTENT
    assert (changed < 0).mean() > 0.1
    assert (changed > 0).mean() > 0.1


def test_hidden_pixels_of_content_and_style_do_not_count(recipe: StyleRecipe) -> None:
    """Whatever lies where alpha is 0, the visible result is the same; hidden pixels come back."""
    alpha = np.full(CONTENT.shape[:2], 255, np.uint8)
    alpha[:, :12] = 0
    results = []
    for level in (0.0, 1.0):
        content, style = (
            Picture((one / np.float32(255)).astype(np.float32), alpha[: one.shape[0]])
            for one in (CONTENT, STYLE)
        )
        style.alpha = np.full(STYLE.shape[:2], 255, np.uint8)
        style.alpha[:, :12] = 0
        for picture in (content, style):
            picture.pixels[:, :12] = level
        result = transfer(content, style, recipe).pixels
        np.testing.assert_array_equal(result[:, :12], content.pixels[:, :12])
        results.append(result[:, 12:])
    np.testing.assert_array_equal(*results)
