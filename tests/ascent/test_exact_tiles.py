"""Tiles of the one size that a network takes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dreamlayer.core.ascent.exact_tiles import even_spans
from dreamlayer.core.ascent.tile import add, cut
from dreamlayer.core.ascent.tiles import TILINGS, Grid, largest_tile, tiles_of
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.recipe.recipe import Recipe

SIZES = [(1, 1), (5, 100), (40, 24), (41, 25), (200, 7), (113, 97), (300, 333)]
EXACT = [(32, 32), (40, 24)]


@pytest.mark.parametrize("exact", EXACT)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("jitter", ["any", "none", "-3..8"])
@pytest.mark.parametrize("tiling", TILINGS)
def test_every_tile_has_the_one_size_and_every_pixel_one_tile(
    tiling: str, jitter: str, size: tuple[int, int], exact: tuple[int, int]
) -> None:
    """Whatever the tiling and the image's proportions."""
    recipe = Recipe(tiling=tiling, jitter=jitter)
    grid, rng = Grid(512, 6, Geometry(stride=8, exact=exact)), np.random.default_rng(0)
    for _ in range(5):
        total = np.zeros((3, *size), np.float32)
        for tile in tiles_of(recipe, grid, *size, rng):
            seen = cut(np.zeros((3, *size), np.float32), tile)
            assert seen.shape == (3, *exact)
            add(total, tile, np.ones_like(seen))
        assert (total == 1).all()
    assert largest_tile(recipe, grid, *size) == exact[0] * exact[1]


@pytest.mark.parametrize("size", [32, 33, 63, 64, 100, 1000])
@pytest.mark.parametrize("overlap", [0, 5, 8, 64])
@pytest.mark.parametrize("stride", [1, 4])
def test_even_tiles_overlap_at_the_same_phase(size: int, overlap: int, stride: int) -> None:
    """Neighbors see the overlap, or a quarter of a tile at most, and lie whole strides apart."""
    spans = even_spans(size, 32, 7, overlap, stride)
    assert spans[0].start == 7
    assert 0 <= spans[-1].start - 7 + 32 - size < stride
    assert {(span.start - 7) % stride for span in spans} == {0}
    for before, after in pairwise(spans):
        assert after.start + after.skip == before.start + before.skip + before.own
        assert after.skip >= min(overlap, 8)
        assert before.length - before.skip - before.own >= min(overlap, 8)


def test_image_smaller_than_a_tile_lies_between_mirrors() -> None:
    """A tile shows it once, continued by its reflection, whose gradient is dropped."""
    image = np.random.default_rng(0).random((3, 20, 50), np.float32)
    grid = Grid(512, 0, Geometry(exact=(32, 32)))
    tiles = tiles_of(Recipe(jitter="none"), grid, 20, 50, np.random.default_rng(0))
    padded = np.pad(image, ((0, 0), (6, 6), (0, 0)), "symmetric")
    for tile in tiles:
        left = tile.columns.start
        np.testing.assert_array_equal(cut(image, tile), padded[:, :, left : left + 32])
        assert (tile.rows.skip, tile.rows.own) == (6, 20)


def test_mirrored_image_moves_within_its_tile() -> None:
    """Jitter puts it at every place that it can have, and at no other."""
    recipe, grid = Recipe(), Grid(512, 0, Geometry(exact=(8, 8)))
    rng = np.random.default_rng(0)
    places = {tiles_of(recipe, grid, 5, 8, rng)[0].rows.skip for _ in range(100)}
    assert places == {0, 1, 2, 3}


def test_fixed_tiles_leave_gaps_where_asked() -> None:
    """Remainders of up to half a tile have no gradient with `gaps`, as for networks of any size."""
    recipe, grid = Recipe(tiling="fixed", gaps=True), Grid(512, 0, Geometry(exact=(32, 32)))
    tiles = tiles_of(recipe, grid, 64, 80, np.random.default_rng(0))
    assert len(tiles) == 4
    assert sum(tile.own_pixels for tile in tiles) == 64 * 64
