"""How the tilings divide an image."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.ascent.jitter import draw_jitter
from dreamlayer.core.ascent.tile import Tile, add
from dreamlayer.core.ascent.tiles import (
    TILINGS,
    Grid,
    largest_tile,
    tiles_of,
)
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.recipe.recipe import Recipe, parse_jitter

SIZES = [(1, 1), (7, 400), (100, 100), (199, 97), (300, 333)]


def coverage(tiles: list[Tile], size: tuple[int, int]) -> np.ndarray:
    """How often each pixel is a tile's own."""
    total = np.zeros((1, *size), np.float32)
    for tile in tiles:
        add(total, tile, np.ones((1, tile.rows.length, tile.columns.length), np.float32))
    return total[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tiling", TILINGS)
@pytest.mark.parametrize("seed", range(4))
def test_every_pixel_is_one_tiles_own(tiling: str, size: tuple[int, int], seed: int) -> None:
    """Without gaps nothing is left out and nothing counts twice, wherever chance puts the tiles."""
    recipe = Recipe(tiling=tiling, jitter="-64..63")
    tiles = tiles_of(recipe, Grid(64), *size, np.random.default_rng(seed))
    assert (coverage(tiles, size) == 1).all()
    assert max(tile.pixels for tile in tiles) <= largest_tile(recipe, Grid(64), *size)


@pytest.mark.parametrize("tiling", TILINGS)
@pytest.mark.parametrize("size", SIZES)
def test_no_tile_is_smaller_than_the_network_takes(tiling: str, size: tuple[int, int]) -> None:
    """Remainders see some of what lies beside them; their own part stays theirs."""
    for seed in range(8):
        recipe, grid = Recipe(tiling=tiling), Grid(64, geometry=Geometry(minimum=30, multiple=4))
        tiles = tiles_of(recipe, grid, *size, np.random.default_rng(seed))
        for span in [s for tile in tiles for s in (tile.rows, tile.columns)]:
            assert span.length >= 30
            assert span.length % 4 == 0
        if min(size) >= 32:
            assert (coverage(tiles, size) == 1).all()


def test_fixed_tiles_leave_out_small_remainders_where_that_is_wished() -> None:
    """150 pixels in tiles of 64: a remainder of 22, at most half a tile, gets nothing."""
    recipe = Recipe(tiling="fixed", gaps=True, jitter="none")
    rng = np.random.default_rng(0)
    seen = coverage(tiles_of(recipe, Grid(64), 150, 170, rng), (150, 170))
    assert (seen[:128] == 1).all()
    assert (seen[128:] == 0).all()


def test_fixed_tiles_follow_the_roll() -> None:
    """An image rolled down by 5 has its first tile where 5 rows less come into it."""
    recipe = Recipe(tiling="fixed", jitter="5..5")
    tiles = tiles_of(recipe, Grid(64), 128, 128, np.random.default_rng(0))
    assert {tile.rows.start for tile in tiles} == {-5, 59}


def test_random_tiles_stay_within_the_image() -> None:
    """Nothing is wrapped around, and no tile is narrower than a quarter but at the far end."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for tile in tiles_of(Recipe(tiling="random"), Grid(64), 200, 150, rng):
            assert 0 <= tile.rows.start < tile.rows.start + tile.rows.length <= 200
            assert 0 <= tile.columns.start < tile.columns.start + tile.columns.length <= 150
            assert tile.columns.start > 0 or tile.columns.length >= 75 // 4


def test_random_tiles_have_a_gap_where_that_is_wished() -> None:
    """Up to a quarter of a tile at the left, in some steps."""
    recipe = Recipe(tiling="random", gaps=True)
    gaps = []
    for seed in range(30):
        tiles = tiles_of(recipe, Grid(64), 128, 128, np.random.default_rng(seed))
        empty = np.flatnonzero((coverage(tiles, (128, 128)) == 0).any(0))
        gaps.append(len(empty))
        assert list(empty) == list(range(len(empty)))
    assert 0 < max(gaps) <= 16


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("any", None), ("none", (0, 0)), ("32", (-32, 32)), ("-150..149", (-150, 149)), ("0", (0, 0))],
)
def test_roll_is_read(text: str, bounds: tuple[int, int] | None) -> None:
    """The four ways to write it."""
    assert parse_jitter(text) == bounds


@pytest.mark.parametrize("text", ["", "far", "-3", "3..", "5..3", "70000", "0..70000", "1.5"])
def test_unreadable_roll_is_one_sentence(text: str) -> None:
    """It says what can be written."""
    with pytest.raises(RecipeError, match=r"write any, none, a number of pixels"):
        parse_jitter(text)


def test_shifts_lie_within_their_bounds() -> None:
    """Both ends come up."""
    rng = np.random.default_rng(0)
    drawn = {draw_jitter(rng, "-2..1", 100) for _ in range(200)}
    assert drawn == {-2, -1, 0, 1}
    assert {draw_jitter(rng, "any", 3) for _ in range(100)} == {0, 1, 2}


@pytest.mark.parametrize("tiling", TILINGS)
def test_tiles_smaller_than_the_network_takes_do_not_multiply(tiling: str) -> None:
    """A tile of one pixel is as large as the network's least, not run for every pixel."""
    grid = Grid(1, geometry=Geometry(minimum=75))
    tiles = tiles_of(Recipe(tiling=tiling), grid, 200, 200, np.random.default_rng(0))
    assert len(tiles) <= 16
    assert max(tile.pixels for tile in tiles) <= largest_tile(Recipe(tiling=tiling), grid, 200, 200)


def test_largest_tile_is_known_without_making_tiles() -> None:
    """Of an image that would have billions of them."""
    assert largest_tile(Recipe(), Grid(64, geometry=Geometry(stride=16)), 10**9, 10**9) == 64 * 64
