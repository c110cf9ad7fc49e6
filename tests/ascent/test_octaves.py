"""Octave sizes and schemes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.ascent.octaves import SCHEMES, octave_sizes, working_size
from dreamlayer.core.recipe.presets import preset
from dreamlayer.core.recipe.recipe import Recipe

Lengths = np.ndarray
LENGTHS = np.arange(1, 6001)


def iterated(shrunk: Callable[[Lengths], Lengths], count: int) -> list[Lengths]:
    """Sizes of `count` octaves, each from the one above it, from small to full."""
    found = [LENGTHS]
    while len(found) < count:
        found.append(np.maximum(shrunk(found[-1]).astype(int), 1))
    return found[::-1]


PUBLISHED = {
    "laplacian": iterated(lambda n: np.float32(n) / np.float32(1.4), 4),
    "recursive": iterated(lambda n: n * 0.7, 5),
    "weighted": [LENGTHS / 1.4**i for i in (3, 2, 1, 0)],
    "weighted-deep": [LENGTHS / 1.4**i for i in (2, 1, 0)],
    "octaves": [np.float32(LENGTHS) * np.float32(1.30**i) for i in range(-2, 3)],
}
"""The documents' formulas; all cut what they find to integers."""


def test_octaves_grow_to_the_full_size() -> None:
    """Sizes follow the scale, smallest first."""
    assert octave_sizes(400, 600, Recipe(octaves=3, octave_scale=2.0)) == [
        (100, 150),
        (200, 300),
        (400, 600),
    ]


def test_octaves_of_a_tiny_image_are_kept_once() -> None:
    """No octave is below one pixel, and equal ones are not repeated."""
    recipe = Recipe(octaves=6, octave_scale=1.4)
    assert octave_sizes(1, 3, recipe) == [(1, 1), (1, 2), (1, 3)]
    assert octave_sizes(1, 1, recipe) == [(1, 1)]


@pytest.mark.parametrize(
    ("height", "width"), [(138, 200), (400, 600), (512, 512), (1080, 1920), (3000, 4000)]
)
def test_dreams_of_any_size_grow_from_the_same(height: int, width: int) -> None:
    """From 110 to 130 pixels of the shorter side, by steps close to the recipe's ratio."""
    sizes = octave_sizes(height, width, Recipe())
    assert 110 <= min(sizes[0]) <= 130
    assert sizes[-1] == (height, width)
    ratios = [two[0] / one[0] for one, two in pairwise(sizes)]
    assert all(1.13 < ratio < 1.5 for ratio in ratios)


@pytest.mark.parametrize("ratio", [1.01, 1.3, 4.1, 6.0, 8.0])
@pytest.mark.parametrize("side", [121, 1243, 1500, 2217, 60000])
def test_any_ratio_is_possible(ratio: float, side: int) -> None:
    """Also where the number of octaves that is nearest to it would need a larger one."""
    sizes = octave_sizes(side, side, Recipe(octave_scale=ratio))
    assert min(sizes[0]) >= 120
    assert sizes[-1] == (side, side)
    assert len(sizes) <= 32


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (1, 5000), (110, 300), (120, 120)])
def test_small_picture_has_one_octave(size: tuple[int, int]) -> None:
    """Of its own size."""
    assert octave_sizes(*size, Recipe()) == [size]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), (180, 180)),
        ((40, 30), (120, 160)),
        ((5000, 1), (4, 20000)),
        ((181, 300), (300, 181)),
    ],
)
def test_small_picture_is_enlarged_for_the_dream(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """Up to 180 pixels or four times; not where the recipe has a number of octaves or a limit."""
    assert working_size(*size, Recipe()) == expected
    assert working_size(*size, Recipe(octaves=3)) == size[::-1]
    assert max(working_size(*size, Recipe(max_side=100))) <= 100


def test_smallest_octave_is_one_that_the_network_takes() -> None:
    """Or one that the recipe allows, if that is larger."""
    for scheme in SCHEMES:
        coarsest = octave_sizes(900, 1200, Recipe(scheme=scheme), minimum=224)[0]
        assert coarsest == (224, 299), scheme
    least = Recipe(min_octave_side=300)
    assert 300 <= min(octave_sizes(900, 900, least, minimum=224)[0]) < 310


def test_octaves_below_the_smallest_are_left_out() -> None:
    """By their shorter side, but never the last one."""
    recipe = Recipe(octaves=32, octave_scale=2.0, min_octave_side=128)
    assert octave_sizes(400, 600, recipe) == [(200, 300), (400, 600)]
    assert octave_sizes(100, 90, recipe) == [(100, 90)]


def test_octaves_may_grow_beyond_the_picture() -> None:
    """Two below, the picture's own, two above."""
    recipe = Recipe(octaves=5, octaves_above=2, octave_scale=1.3, scheme="resize")
    sizes = octave_sizes(100, 200, recipe)
    assert sizes == [(59, 118), (76, 153), (100, 200), (130, 260), (169, 338)]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_of_every_length(name: str) -> None:
    """Those of the document, rounding errors included."""
    recipe, octaves = preset(name), np.maximum(np.array(PUBLISHED[name]).astype(int), 1)
    for length, expected in zip(LENGTHS, octaves.T, strict=True):
        sizes = octave_sizes(int(length), 1, recipe)
        assert sizes == list(dict.fromkeys((int(n), 1) for n in expected)), length


def test_stored_recursive_recipes_keep_their_sizes() -> None:
    """Those of version 0.1 have 1.428571428, not quite 1 / 0.7."""
    stored = Recipe(scheme="recursive", octaves=2, octave_scale=1.428571428)
    for length in LENGTHS:
        below, _ = octave_sizes(int(length), 9000, stored)
        assert below == (max(1, int(round(length / 1.428571428, 9))), 6300)


@pytest.mark.parametrize("scheme", ["laplacian", "recursive"])
def test_octaves_are_rounded_one_by_one(scheme: str) -> None:
    """Each size from the one above it."""
    recipe = Recipe(octaves=4, octave_scale=1.4, scheme=scheme)
    assert octave_sizes(224, 110, recipe) == [(81, 39), (114, 55), (160, 78), (224, 110)]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [(61, 47), (1, 1), (2, 30)])
def test_schemes_bring_an_undreamt_picture_to_its_own_size(
    scheme: str, size: tuple[int, int]
) -> None:
    """Whatever the scheme, and however small; those that give detail back give all of it."""
    base = np.random.default_rng(0).random((3, *size), np.float32)
    kept = base.copy()
    recipe = Recipe(octaves=4, octave_scale=1.4, scheme=scheme, blur=0.5)
    sizes = octave_sizes(*size, recipe)
    chosen = SCHEMES[scheme](NumpyBackend(recipe, lambda tile: (0.0, tile)), base, sizes)
    image = chosen.start()
    for number in range(len(sizes)):
        image = chosen.leave(chosen.enter(image, number) if number else image, number)
        assert image.shape[1:] == sizes[number]
    result = chosen.finish(image)
    assert result.shape == base.shape
    np.testing.assert_array_equal(base, kept)
    if scheme in ("detail", "detail-after", "laplacian"):
        np.testing.assert_allclose(result, base, atol=1e-5)


def test_picture_is_worked_on_at_the_side_that_is_wished() -> None:
    """The longer side counts; a smaller picture stays as it is."""
    recipe = Recipe(max_side=500)
    assert working_size(1000, 600, recipe) == (300, 500)
    assert working_size(400, 300, recipe) == (300, 400)
    assert working_size(4000, 1, recipe) == (1, 500)
