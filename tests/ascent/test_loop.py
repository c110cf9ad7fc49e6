"""The ascent against the published loop, and its progress and cancel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dreamlayer.core.ascent.loop import Callbacks, ascend
from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.ascent.octaves import octave_sizes
from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import CancelledError, NetworkError
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.images import read
from dreamlayer.core.images.resampling import resize
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

Array = np.ndarray


def towards(target: float) -> object:
    """An objective with a known gradient: minus half the mean squared distance to `target`."""

    def gradient_of(tile: Array) -> tuple[float, Array]:
        away = target - tile
        return float(-0.5 * np.mean(away**2)), (away / tile[0].size).astype(np.float32)

    return gradient_of


def published_loop(base: Array, recipe: Recipe, gradient_of: object, rng: object) -> Array:
    """The loop of google/deepdream written out: roll, whole-image gradient, step, roll back."""
    sizes = octave_sizes(base.shape[1], base.shape[2], recipe)
    detail = np.zeros_like(resize(base, sizes[0]))
    for size in sizes:
        octave_base = resize(base, size)
        image = octave_base + resize(detail, size)
        for _ in range(recipe.steps):
            shift = [int(rng.integers(n)) for n in size]
            rolled = np.roll(image, (-shift[0], -shift[1]), (1, 2))
            _, g = gradient_of(np.ascontiguousarray(rolled))
            g = np.roll(g, shift, (1, 2))
            image = image + recipe.step_size * g / np.abs(g).mean()
            image = np.clip(image, 0, 1)
        detail = image - octave_base
    return image


def test_ascent_equals_the_published_loop(small_network: Path) -> None:
    """With one tile and no smoothing, the image is that of google/deepdream's own loop."""
    recipe = Recipe(
        network=str(small_network),
        layers=(Term("deep"), Term("first", 0.3)),
        octaves=3,
        steps=4,
        normalize="mean",
        pyramid=0,
        colors="free",
        anchor=0.0,
        headroom=0.0,
    )
    session = Dreamer(network_of(recipe), "cpu").objective(recipe)
    base = np.random.default_rng(1).random((3, 61, 47), np.float32)
    ours = ascend(
        NumpyBackend(recipe, session), base, grid=Grid(512), rng=np.random.default_rng(recipe.seed)
    )
    theirs = published_loop(base, recipe, session, np.random.default_rng(recipe.seed))
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_a_step_tells_the_share_of_clipped_pixels() -> None:
    """Those black or white in any channel after the step, each counted once."""
    recipe = Recipe(
        octaves=1, steps=2, step_size=0.3, jitter="none", pyramid=0, colors="free", anchor=0.0
    )
    push = np.zeros((3, 8, 10), np.float32)
    push[0, :, :3] = 1
    push[1:, :, 2:4] = -1
    told: list[float] = []
    ascend(
        NumpyBackend(recipe, lambda tile: (0.0, push * (tile.shape[1:] == (8, 10)))),
        np.full((3, 8, 10), 0.5, np.float32),
        grid=Grid(16),
        rng=np.random.default_rng(0),
        callbacks=Callbacks(on_step=lambda step: told.append(step.clipped)),
    )
    assert told == [0.0, 0.4]


def test_tiled_equals_untiled_where_the_overlap_covers_what_a_layer_sees(
    small_network: Path,
) -> None:
    """Tiles with 4 pixels of overlap give the picture of a whole-image run, to 1e-4.

    The network's 5 × 5 fields make the gradient at a pixel depend on 4 pixels around it. At the
    image's border all see the same zeros.
    """
    recipe = Recipe(
        network=str(small_network), layers=(Term("deep", 1e4),), octaves=1, steps=1, jitter="none",
        colors="free", anchor=0.0, headroom=0.0, pyramid=0, step_size=1.0, clip=False,
    )  # fmt: skip
    session = Dreamer(recipe.network, "cpu").objective(recipe)
    base = np.random.default_rng(1).random((3, 90, 120), np.float32)

    def run(side: int, overlap: int) -> Array:
        rng = np.random.default_rng(0)
        grid = Grid(side, overlap)
        image = ascend(NumpyBackend(recipe, session), base, grid=grid, rng=rng)
        return image - base

    whole, tiled, bare = run(512, 0), run(40, 4), run(40, 0)
    scale = np.abs(whole).max()
    assert np.abs(tiled - whole).max() <= 1e-4 * scale
    assert np.abs(bare - whole).max() > 1e-2 * scale, "the comparison would not notice seams"


@pytest.mark.parametrize(
    ("network", "layers"),
    [
        ("mobilenet_v2_block13", Recipe().layers),
        ("inception_v3_mixed5", (Term("mixed3"), Term("mixed4"), Term("mixed5"))),
    ],
)
@pytest.mark.parametrize("jitter", ["none", "any"])
def test_default_overlap_gives_the_gradient_of_the_whole_image(
    coffee: Path, network: str, layers: tuple[Term, ...], jitter: str
) -> None:
    """One step's gradient has a cosine of at least .98 to it; .95 would be seen in seams.

    Tiles of half the default side: with them a pixel is nearer to a border than by default.
    """
    recipe = Recipe(
        layers=layers, octaves=1, steps=1, jitter=jitter, pyramid=0, anchor=0.0, headroom=0.0,
        step_size=1.0, colors="free", normalize="mean", clip=False,
    )  # fmt: skip
    dreamer = Dreamer(network, "cpu")
    session, geometry = dreamer.objective(recipe), dreamer.network.geometry([layers[0].layer])
    base = resize(read(coffee).pixels.transpose(2, 0, 1), (600, 900))

    def step(side: int, overlap: int) -> Array:
        grid, rng = Grid(side, overlap, geometry), np.random.default_rng(0)
        return ascend(NumpyBackend(recipe, session), base, grid=grid, rng=rng) - base

    def cosine(a: Array, b: Array) -> float:
        return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))

    whole = step(2048, 0)
    assert cosine(whole, step(512, recipe.overlap)) >= 0.98
    assert cosine(whole, step(512, 0)) < 0.97, "the comparison would not notice missing context"


def test_objective_rises() -> None:
    """Ascent climbs: the distance to the target shrinks at each report."""
    seen: list[float] = []

    def watch(progress: Progress) -> None:
        if progress.loss is not None and (not seen or progress.loss != seen[-1]):
            seen.append(progress.loss)

    base = np.random.default_rng(0).random((3, 30, 30), np.float32)
    recipe = Recipe(octaves=1, steps=8)
    rng = np.random.default_rng(0)
    ascend(
        NumpyBackend(recipe, towards(0.5)), base, grid=Grid(64), rng=rng, callbacks=Callbacks(watch)
    )
    assert len(seen) == 8
    assert seen == sorted(seen)


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (3, 5), (17, 200)])
def test_any_size_can_be_dreamed(size: tuple[int, int], small_network: Path) -> None:
    """Rows, columns and single pixels work, and change."""
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),), steps=2)
    session = Dreamer(network_of(recipe), "cpu").objective(recipe)
    base = np.full((3, *size), 0.5, np.float32)
    base += np.linspace(0, 0.1, base.size, dtype=np.float32).reshape(base.shape)
    image = ascend(
        NumpyBackend(recipe, session),
        base,
        grid=Grid(64, geometry=Geometry(minimum=16)),
        rng=np.random.default_rng(0),
    )
    assert image.shape == base.shape
    assert np.isfinite(image).all()
    assert np.abs(image - base).max() > 1e-4


def test_max_loss_stops_before_the_update() -> None:
    """Once the objective exceeds the limit, the octave's image stays as it was."""
    base = np.random.default_rng(0).random((3, 20, 20), np.float32)
    recipe = Recipe(octaves=1, steps=5, max_loss=-1.0)
    image = ascend(
        NumpyBackend(recipe, towards(0.5)), base, grid=Grid(64), rng=np.random.default_rng(0)
    )
    np.testing.assert_array_equal(image, base)


def test_progress_is_true() -> None:
    """The fraction never falls, ends at 1, and follows the pixels that the network sees."""
    seen: list[Progress] = []
    recipe = Recipe(octaves=3, steps=2)
    base = np.random.default_rng(0).random((3, 100, 130), np.float32)
    rng = np.random.default_rng(0)
    ascend(
        NumpyBackend(recipe, towards(0.2)),
        base,
        grid=Grid(64),
        rng=rng,
        callbacks=Callbacks(seen.append),
    )
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    first_of_last = next(p.fraction for p in seen if p.octave == 3)
    before = sum(h * w for h, w in octave_sizes(100, 130, recipe)[:2])
    whole = before + 100 * 130
    assert before / whole <= first_of_last + 0.02 <= before / whole + 0.25
    assert {(p.step, p.steps) for p in seen} == {(1, 2), (2, 2)}


def test_every_octave_is_shown_once_it_is_done() -> None:
    """Smallest first, each at its own size, and the last is the result."""
    seen: list[tuple[Array, int, int]] = []

    def show(image: Array, octave: int, octaves: int) -> None:
        seen.append((image.copy(), octave, octaves))

    base = np.random.default_rng(0).random((3, 40, 60), np.float32)
    rng = np.random.default_rng(0)
    recipe = Recipe(octaves=3, steps=2)
    image = ascend(NumpyBackend(recipe, towards(0.2)), base, grid=Grid(64), rng=rng, on_octave=show)
    assert [(octave, octaves) for _, octave, octaves in seen] == [(1, 3), (2, 3), (3, 3)]
    sizes = octave_sizes(40, 60, recipe)
    assert [shown.shape[1:] for shown, _, _ in seen] == sizes
    np.testing.assert_array_equal(seen[-1][0], image)


def test_cancel_takes_effect_within_a_tile() -> None:
    """No tile is run once the caller wishes to stop."""
    tiles = 0

    def count(tile: Array) -> tuple[float, Array]:
        nonlocal tiles
        tiles += 1
        return 0.0, np.ones_like(tile)

    base = np.zeros((3, 200, 200), np.float32)
    with pytest.raises(CancelledError):
        ascend(
            NumpyBackend(Recipe(), count),
            base,
            grid=Grid(64),
            rng=np.random.default_rng(0),
            callbacks=Callbacks(cancelled=lambda: tiles >= 3),
        )
    assert tiles == 3


def test_sizes_of_tiles_are_announced() -> None:
    """Once an octave, where all tiles are alike, with the pixels of all of its steps."""
    told, seen = [], []
    recipe = Recipe(octaves=2, octave_scale=2.0, steps=3, smoothing=0.0)
    real = towards(0.5)

    def counted(tile: Array) -> tuple[float, Array]:
        seen.append(tile.shape[1:])
        return real(tile)

    base = np.random.default_rng(0).random((3, 90, 60), np.float32)

    def run(recipe: Recipe) -> None:
        told.clear(), seen.clear()
        ascend(
            NumpyBackend(recipe, counted, lambda size, pixels: told.append((size, pixels))),
            base,
            grid=Grid(32, overlap=4),
            rng=np.random.default_rng(0),
        )

    run(recipe)
    assert len(told) == 2
    for size, pixels in told:
        assert pixels == seen.count(size) * size[0] * size[1]
    run(recipe.replace(tiling="random"))
    assert told == [(None, 0)] * 2, "tiles of many sizes were announced as one"


def test_memory_of_the_network_is_released_on_large_octaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After each step's tiles, where the picture needs it; on small octaves it stays."""
    done: list[str] = []
    real = towards(0.5)

    def noted(tile: Array) -> tuple[float, Array]:
        done.append("tile")
        return real(tile)

    def run() -> Array:
        done.clear()
        recipe = Recipe(octaves=2, octave_scale=2.0, steps=2, smoothing=0.0)
        backend = NumpyBackend(recipe, noted, release=lambda: done.append("release"))
        base = np.random.default_rng(0).random((3, 90, 60), np.float32)
        return ascend(backend, base, grid=Grid(128), rng=np.random.default_rng(0))

    small = run()
    assert done == ["tile"] * 4
    monkeypatch.setattr("dreamlayer.core.ascent.loop.LARGE", 90 * 60)
    np.testing.assert_array_equal(run(), small)
    assert done == ["tile", "tile", "tile", "release", "tile", "release"]


def test_original_is_not_changed() -> None:
    """The image that is dreamed on stays as it was."""
    base = np.random.default_rng(0).random((3, 20, 20), np.float32)
    copy = base.copy()
    for octaves in (1, 3):
        rng = np.random.default_rng(0)
        ascend(NumpyBackend(Recipe(octaves=octaves), towards(1)), base, grid=Grid(64), rng=rng)
    np.testing.assert_array_equal(base, copy)


@pytest.mark.parametrize("kind", ["mean", "std", "none"])
@pytest.mark.parametrize("bad", ["loss", "gradient"])
def test_numbers_that_are_not_finite_are_an_error(kind: str, bad: str) -> None:
    """A network that gives nan does not paint the picture black."""

    def broken(tile: Array) -> tuple[float, Array]:
        gradient = np.ones_like(tile)
        gradient[0, 0, 0] = np.nan if bad == "gradient" else 1
        return (np.nan if bad == "loss" else 1.0), gradient

    base = np.full((3, 9, 9), 0.5, np.float32)
    recipe = Recipe(octaves=1, normalize=kind, smoothing=0.0)
    with pytest.raises(NetworkError, match="not finite"):
        ascend(NumpyBackend(recipe, broken), base, grid=Grid(64), rng=np.random.default_rng(0))


def test_flat_gradient_is_no_division_by_zero() -> None:
    """Where the objective is flat, the image stays and stays finite."""
    base = np.full((3, 9, 9), 0.5, np.float32)
    rng = np.random.default_rng(0)
    for kind in ("mean", "std", "none"):
        recipe = Recipe(octaves=1, normalize=kind)
        image = ascend(NumpyBackend(recipe, towards(0.5)), base, grid=Grid(64), rng=rng)
        np.testing.assert_array_equal(image, base)
