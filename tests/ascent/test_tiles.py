"""Tiles cover the torus once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dreamlayer.core.ascent.tile import add, cut
from dreamlayer.core.ascent.tiles import Grid, grid_for
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.recipe.recipe import Recipe


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (7, 400), (100, 100), (513, 97), (300, 1025)])
@pytest.mark.parametrize("overlap", [0, 9])
@pytest.mark.parametrize("stride", [1, 16])
@pytest.mark.parametrize("shift", [(0, 0), (5, 333), (-20, 77)])
def test_every_pixel_is_in_one_tile_only(
    size: tuple[int, int], overlap: int, shift: tuple[int, int], stride: int
) -> None:
    """Ones added up over all tiles give one everywhere, whatever the image's size."""
    total = np.zeros((3, *size), np.float32)
    for tile in Grid(64, overlap, Geometry(stride=stride)).cover(*size, shift):
        seen = np.ones((3, tile.rows.length, tile.columns.length), np.float32)
        assert max(seen.shape[1:]) <= 64
        add(total, tile, seen)
    assert (total == 1).all()


def test_small_image_repeats_up_to_the_networks_minimum() -> None:
    """A tile of a 2 × 3 image sees it again and again, and all its gradients come back."""
    image = np.arange(18, dtype=np.float32).reshape(3, 2, 3)
    (tile,) = Grid(512, geometry=Geometry(minimum=6)).cover(2, 3, (1, 0))
    seen = cut(image, tile)
    assert seen.shape == (3, 6, 6)
    np.testing.assert_array_equal(seen, np.tile(np.roll(image, -1, 1), (1, 3, 2)))
    total = np.zeros_like(image)
    add(total, tile, np.ones_like(seen))
    assert (total == 6).all()


def test_cut_is_a_rolled_slice() -> None:
    """What a tile sees is what numpy's roll would bring under it."""
    image = np.random.default_rng(0).random((3, 40, 50), np.float32)
    for tile in Grid(32, 4).cover(40, 50, (11, -7)):
        rolled = np.roll(image, (-tile.rows.start, -tile.columns.start), (1, 2))
        expected = rolled[:, : tile.rows.length, : tile.columns.length]
        np.testing.assert_array_equal(cut(image, tile), expected)


def test_tile_below_the_minimum_grows_to_it() -> None:
    """A tile size smaller than the network takes is raised, not passed on."""
    assert {t.rows.length for t in Grid(16, geometry=Geometry(minimum=75)).cover(200, 200)} == {75}


def test_tiles_lie_whole_strides_apart() -> None:
    """Every tile sees the image at the same phase of the network's stride."""
    tiles = Grid(100, overlap=9, geometry=Geometry(stride=16)).cover(333, 50, (5, 0))
    assert len(tiles) > 3
    assert {(tile.rows.start - 5) % 16 for tile in tiles} == {0}
    assert len({tile.rows.length for tile in tiles}) == 1


@pytest.mark.parametrize("size", [65, 200, 333, 1000, 1025])
@pytest.mark.parametrize(
    "geometry", [Geometry(), Geometry(43, 16), Geometry(15, 32, 32), Geometry(75, 8, 16)]
)
def test_tiles_begin_and_end_with_the_image(size: int, geometry: Geometry) -> None:
    """Where one tile of the whole image would, and neighbors see what the overlap asks for."""
    spans = Grid(64, 9, geometry).spans(size, 7)
    assert len(spans) > 1 or geometry.accepted_side(size) == spans[0].length
    assert spans[0].start == 7
    assert spans[-1].start - 7 + spans[-1].length == geometry.accepted_side(size)
    for before, after in pairwise(spans):
        assert after.start + after.skip == before.start + before.skip + before.own
        assert after.skip >= 9
        assert before.length - before.skip - before.own >= 9


@pytest.mark.parametrize(
    ("jitter", "overlap"), [("none", 32), ("8", 32), ("-150..149", 5), ("any", 5)]
)
def test_tiles_that_hardly_move_overlap(jitter: str, overlap: int) -> None:
    """Their seams would stay in the same place."""
    recipe = Recipe(jitter=jitter, overlap=5)
    assert grid_for(recipe, 256, Geometry()).overlap == overlap
