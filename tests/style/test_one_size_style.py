"""Style transfer on networks that take images of one size only."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from small_network import small_model

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.style.gram import no_check
from dreamlayer.core.style.sizes import content_sizes, style_size
from dreamlayer.core.style.tiling import Tiling
from dreamlayer.core.style.transfer import StyleTransfer
from dreamlayer.export.adopt.one_size import fix_size

Array = np.ndarray
EXACT = (48, 64)
GEOMETRY = Geometry(stride=8, exact=EXACT)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """The small network for 64 × 48 pixels."""
    model = small_model()
    fix_size(model, EXACT)
    path = tmp_path_factory.mktemp("style") / "small.onnx"
    onnx.save(model, path)
    return Network(str(path))


RECIPE = StyleRecipe(
    content_layers=(Term("deep"),),
    style_layers=(Term("first"),),
    octaves=2,
    rounds=1,
    evaluations=4,
)


@pytest.mark.parametrize("overlap", [0, 8, 32])
def test_tiles_cover_every_position_once(overlap: int) -> None:
    """All have the one size, start at whole strides, and end with the picture."""
    tiling = Tiling.of(StyleRecipe(overlap=overlap), GEOMETRY)
    for size in (EXACT, (56, 64), (120, 64), (480, 1024)):
        tiles = tiling.tiles(size)
        assert {(tile.rows.length, tile.columns.length) for tile in tiles} == {EXACT}
        assert tiling.is_whole(size) == (len(tiles) == 1) == (size == EXACT)
        spans = sorted({(s.start, s.skip, s.own) for s in (tile.columns for tile in tiles)})
        assert all(start % 8 == skip % 8 == 0 for start, skip, _ in spans)
        assert spans[0][0] + spans[0][1] == 0
        assert spans[-1][0] + 64 == size[1]
        for (start, skip, own), (after, before, _) in pairwise(spans):
            assert start + skip + own == after + before


def test_sizes_are_whole_strides_above_a_tile() -> None:
    """Those of the content and of a style picture."""
    recipe = StyleRecipe(octaves=3, size=300)
    sizes = content_sizes(600, 400, recipe, GEOMETRY)
    assert len(sizes) == 3
    for height, width in [*sizes, style_size(500, 90, sizes[-1], "a", recipe, GEOMETRY)]:
        assert (height - 48) % 8 == (width - 64) % 8 == 0
        assert (height, width) >= EXACT


def test_pictures_below_a_tile_are_refused() -> None:
    """The message names the size, and a longer side that is enough."""
    with pytest.raises(RecipeError, match=r"needs 64 × 48 at least .* use --size 72 or more"):
        content_sizes(600, 400, StyleRecipe(size=60), GEOMETRY)
    with pytest.raises(RecipeError, match="enlarge the picture"):
        content_sizes(60, 40, StyleRecipe(), GEOMETRY)
    with pytest.raises(RecipeError, match="style picture a is 300 × 40 pixels"):
        style_size(300, 40, (96, 96), "a", StyleRecipe(), GEOMETRY)
    assert content_sizes(600, 400, StyleRecipe(size=72), GEOMETRY) == [(48, 72)]


def score_of(network: Network, content: Array, style: Array, image: Array) -> tuple[float, Array]:
    """What a picture scores, and its gradient."""
    recipe = RECIPE.replace(overlap=8, octaves=1, size=0, jitter=0)
    prepared = StyleTransfer(network, "cpu", 1).prepare(content, recipe, [style])
    prepared._load(prepared.sizes[0], 1)
    return prepared._objective.at(prepared._contents[0], prepared._grams[0], no_check)(image)


def test_gradient_is_that_of_the_whole_picture(network: Network, small_network: Path) -> None:
    """With an overlap beyond the network's reach, tiles of one size compute what others do."""
    rng = np.random.default_rng(0)
    content, style = (rng.random((96, 128, 3), np.float32) for _ in range(2))
    image = rng.random((3, 96, 128), np.float32)
    score, gradient = score_of(network, content, style, image)
    expected, wanted = score_of(Network(str(small_network)), content, style, image)
    assert score == pytest.approx(expected, rel=1e-4)
    assert np.linalg.norm(gradient - wanted) < 3e-4 * np.linalg.norm(wanted)


def test_pictures_are_styled_in_tiles(network: Network) -> None:
    """The estimate, all octaves and the result's size are right, whatever `tile` says."""
    rng = np.random.default_rng(0)
    content, style = rng.random((101, 150, 3), np.float32), rng.random((80, 90, 3), np.float32)
    transfer = StyleTransfer(network, "cpu", 1)
    recipe = RECIPE.replace(tile=512)
    assert transfer.estimate(150, 101, recipe, [style]).tile == 64
    styled = transfer.prepare(content, recipe, [style]).run()
    assert styled.shape == content.shape
    assert np.isfinite(styled).all()
    assert (styled != content).any()
