"""Tiles of a style: every pixel and position belongs to one, and they follow from sizes alone."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.style.tiling import Tiling, own_positions

TILINGS = [Tiling(256, 32, 16), Tiling(128, 16, 16), Tiling(100, 0, 1), Tiling(192, 64, 16)]


@pytest.mark.parametrize("tiling", TILINGS)
@pytest.mark.parametrize("length", [90, 129, 257, 300, 511, 640, 1001, 4000])
def test_spans_cover_an_axis_once(tiling: Tiling, length: int) -> None:
    """Own parts join without a gap; spans stay within the axis, the limit and the phase."""
    spans = tiling.spans(length)
    seen = np.zeros(length, int)
    for span in spans:
        seen[span.start + span.skip : span.start + span.skip + span.own] += 1
        assert span.start % tiling.step == 0
        assert span.start >= 0
        assert span.start + span.length <= length
        assert span.length <= tiling.side
        assert span.own > 0
    assert (seen == 1).all()
    for span in spans:
        start, end = span.start + span.skip, span.start + span.skip + span.own
        assert span.skip == min(tiling.overlap, start)
        assert span.length - span.skip - span.own == min(tiling.overlap, length - end)


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
def test_positions_belong_to_one_tile(stride: int) -> None:
    """Each position of a layer of the whole picture is the own one of exactly one tile."""
    length = 1003
    seen = np.zeros(length // stride, int)
    for span in Tiling(256, 32, 16).spans(length):
        own = own_positions(span, length, stride, span.length // stride)
        offset = span.start // stride
        seen[own.start + offset : own.stop + offset] += 1
    assert (seen == 1).all()


def test_tiling_follows_recipe_and_network() -> None:
    """Overlap and side are raised to what the network needs; the size alone decides the rest."""
    recipe = StyleRecipe(tile=100, overlap=20)
    tiling = Tiling.of(recipe, Geometry(minimum=75, stride=16))
    assert (tiling.overlap, tiling.step) == (32, 16)
    assert tiling.side >= 2 * 75
    assert Tiling.of(recipe, Geometry(1, 6, 4)).step == 12
    assert tiling.is_whole((tiling.side, 10))
    assert not tiling.is_whole((10, tiling.side + 1))
    assert len(tiling.tiles((10, tiling.side + 1))) == 2
    assert tiling.largest((10, 5000)) <= 10 * tiling.side
