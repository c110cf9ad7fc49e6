"""The resident path on the CPU provider against numpy: at most 1e-4 apart after ten steps.

The network is small and smooth but for one ReLU. In the shipped one, max-pools whose values nearly
tie turn differences of 1e-7 into visible ones within ten steps, on either path alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from both_backends import TOLERANCE, Run, assert_equal, both, loaded
from PIL import Image

from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.octaves import SCHEMES
from dreamlayer.core.ascent.preview import Preview
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.images import read
from dreamlayer.core.images.resampling import METHODS
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Provider

BASE = np.random.default_rng(3).random((3, 61, 47), np.float32)
DEEP = (Term("deep"), Term("first", 0.3))
BACKENDS = ("numpy", "device")


def check(
    network: Path,
    grid: Grid | None = None,
    base: np.ndarray = BASE,
    weights: np.ndarray | None = None,
    **parameters: Any,
) -> None:
    """Compare both paths for one recipe of ten steps on each of two octaves."""
    given = {"layers": DEEP, "octaves": 2, "steps": 10, **parameters}
    recipe = Recipe(network=str(network), **given)
    assert_equal(recipe, base, grid or Grid(32), weights=weights)


def test_default_recipe_is_the_same(small_network: Path) -> None:
    """All octaves, four tiles on the largest, shifted at random."""
    recipe = Recipe(network=str(small_network), layers=DEEP, octaves=6)
    assert_equal(recipe, BASE, Grid(32))


@pytest.mark.parametrize("side", [32, 512])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes_are_the_same(small_network: Path, scheme: str, side: int) -> None:
    """Each, in tiles and as a whole image."""
    check(small_network, Grid(side), scheme=scheme, octaves=3, blur=0.7, steps=4)


def test_octaves_beyond_the_picture_are_the_same(small_network: Path) -> None:
    """They are shrunk to its size at the end."""
    check(small_network, scheme="resize", octaves=3, octaves_above=1)


@pytest.mark.parametrize("scheme", ["detail", "recursive"])
@pytest.mark.parametrize("method", METHODS)
def test_resampling_methods_are_the_same(small_network: Path, method: str, scheme: str) -> None:
    """Those of Pillow and those of the sources."""
    check(small_network, resample=method, scheme=scheme, octaves=3, steps=3)


@pytest.mark.parametrize(
    ("grid", "parameters"),
    [
        (Grid(32, overlap=4), {}),
        (Grid(30, overlap=4, geometry=Geometry(stride=4)), {"jitter": "7"}),
        (Grid(32), {"jitter": "none", "weigh_tiles": False}),
        (Grid(25, geometry=Geometry(minimum=20, multiple=16)), {}),
        (Grid(32), {"tiling": "fixed"}),
        (Grid(40), {"tiling": "fixed", "gaps": True, "jitter": "-20..19"}),
        (Grid(32), {"tiling": "random"}),
        (Grid(24, geometry=Geometry(multiple=8)), {"tiling": "random", "gaps": True}),
    ],
)
def test_tilings_are_the_same(small_network: Path, grid: Grid, parameters: dict[str, Any]) -> None:
    """Overlapping, shifted, with gaps, of sides that are multiples."""
    check(small_network, grid, **parameters)


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (70, 1), (3, 5), (17, 90)])
def test_images_smaller_than_the_network_takes_are_the_same(
    small_network: Path, size: tuple[int, int]
) -> None:
    """They repeat until it has enough, and the gradients of all copies add up."""
    base = np.random.default_rng(5).random((3, *size), np.float32)
    check(small_network, Grid(40, geometry=Geometry(minimum=40, multiple=8)), base)


@pytest.mark.parametrize("kind", ["mean", "std", "none"])
@pytest.mark.parametrize("side", [32, 512])
def test_normalisations_are_the_same(small_network: Path, kind: str, side: int) -> None:
    """Of the whole gradient and of each tile's, with what keeps them from zero."""
    size = 1.0 if kind == "none" else 0.007
    check(small_network, Grid(side), normalize=kind, step_size=size, pyramid=0)
    check(small_network, Grid(side), normalize_tiles=kind, epsilon=1e-4, min_divisor=1e-3)
    check(small_network, Grid(side), normalize_tiles=kind, epsilon=1e-4, epsilon_tiles=0.5)


@pytest.mark.parametrize(
    "parameters",
    [
        {"pyramid": 1},
        {"pyramid": 4},
        {"pyramid": 3, "smoothing": 0.0, "normalize": "std"},
        {"smoothing": 3.0},
        {"smoothing": 30.0},
        {"smoothing_cascade": True},
        {"smoothing_colors": True, "smoothing": 1.4},
        {"smoothing": 0.0},
        {"smoothing": 0.0, "smoothing_growth": 2.0, "smoothing_cascade": True},
        {"smoothing_growth": 1.5, "smoothing_colors": True},
        {"clip": False, "step_size": 0.05},
        {"clip_gradient": 1.2, "normalize": "mean", "pyramid": 0},
        {"clip_gradient": 1.2, "steps": 3},
        {
            "smoothing": 0.0,
            "normalize": "none",
            "pyramid": 0,
            "step_size": 1.0,
            "clip": False,
            "colors": "free",
        },
        {"colors": "free"},
        {"keep_colors": True, "normalize": "mean"},
        {"anchor": 1.0},
        {"headroom": 0.3, "clip": False},
        {"headroom": 0.0},
    ],
)
def test_conditioning_is_the_same(small_network: Path, parameters: dict[str, Any]) -> None:
    """Bands, blurs that grow, cascade or mix colours, limits."""
    check(small_network, **parameters)


@pytest.mark.parametrize("normalize", ["mean", "std", "none"])
@pytest.mark.parametrize("pyramid", [0, 3])
def test_weights_of_pixels_are_the_same(small_network: Path, normalize: str, pyramid: int) -> None:
    """They weigh the gradient on every octave, and what magnitudes are averaged over."""
    weights = np.zeros(BASE.shape[1:], np.float32)
    weights[10:40, 5:30] = np.linspace(0, 1, 25, dtype=np.float32)
    check(
        small_network, normalize=normalize, pyramid=pyramid, weights=weights, smoothing=0.8,
        step_size=1.0 if (normalize, pyramid) == ("none", 0) else 0.007,
    )  # fmt: skip


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 64), (7, 8)])
def test_pyramid_is_the_same_at_small_sizes(small_network: Path, size: tuple[int, int]) -> None:
    """Even, odd and single rows shrink alike."""
    base = np.random.default_rng(5).random((3, *size), np.float32)
    check(small_network, Grid(64, geometry=Geometry(minimum=16)), base, pyramid=3)


def test_octave_ends_alike_where_the_objective_exceeds_its_limit(small_network: Path) -> None:
    """Before the step, and with the same progress."""
    recipe = Recipe(network=str(small_network), layers=DEEP, octaves=3, steps=10)
    losses = [step[2] for step in both(recipe, BASE, Grid(32))[0].steps]
    recipe = recipe.replace(max_loss=(min(losses) + max(losses)) / 2)
    numpy, resident = both(recipe, BASE, Grid(32))
    assert 0 < len(numpy.steps) == len(resident.steps) < len(losses)
    assert_equal(recipe, BASE, Grid(32))


def test_terms_that_compare_with_the_original_are_the_same(small_network: Path) -> None:
    """Their layers are computed in the same graph, from a second image."""
    terms = (
        Term("deep", 1.0, (), "caricature"),
        Term("first", 0.1, (), "original"),
        Term("image", 0.5, (), "original"),
    )
    for side in (32, 512):
        check(small_network, Grid(side), layers=terms)
    check(small_network, Grid(32), layers=terms, clip=False, scheme="resize")


@pytest.mark.parametrize("kind", ["guide", "direction", "cosine", "style"])
def test_terms_that_compare_with_a_guide_are_the_same(kind: str, tmp_path: Path) -> None:
    """What the guide gives goes to the device once. One step: the shipped network has max-pools."""
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (90, 100, 3), np.uint8)).save(tmp_path / "guide.png")
    terms = (Term("mixed0", 1.0, (), kind),)
    base = rng.random((3, 100, 120), np.float32)
    guide = str(tmp_path / "guide.png")
    recipe = Recipe(network="inception_v3_mixed5", layers=terms, guide=guide, octaves=1, steps=1)
    assert_equal(recipe, base, Grid(80, geometry=Geometry(minimum=43, stride=8)))


def test_shipped_network_is_the_same_for_a_step(coffee: Path) -> None:
    """Before its kinks have had time to amplify what rounding differs by."""
    pixels = read(coffee).pixels[100:220, 100:233]
    recipe = Recipe(octaves=1, steps=1)
    results = [Dreamer("default", "cpu", 1, backend).dream(pixels, recipe) for backend in BACKENDS]
    assert np.abs(results[0] - results[1]).max() <= TOLERANCE
    assert np.abs(results[0] - pixels).max() > 0.01


@pytest.mark.parametrize(
    "parameters",
    [
        {"start": "noise"},
        {"max_side": 40},
        {"strength": 0.5, "max_side": 40, "resample": "lanczos"},
        {"start": "noise", "max_side": 40, "layers": (Term("deep", 1.0, (), "original"),)},
    ],
)
def test_dreamer_is_the_same_with_masks_noise_and_previews(
    small_network: Path, parameters: dict[str, Any]
) -> None:
    """What comes back is blended with the picture on the host; previews are as numpy's."""
    recipe = Recipe(network=str(small_network), **{"layers": DEEP, "octaves": 3, **parameters})
    pixels = BASE.transpose(1, 2, 0).copy()
    pixels[0, 0] = 1.7, -0.3, 0.5
    mask = np.linspace(0, 1, pixels[:, :, 0].size, dtype=np.float32).reshape(61, 47)
    results, previews = [], []
    for backend in BACKENDS:
        shown: list[Preview] = []
        dreamer = Dreamer(network_of(recipe), "cpu", 1, backend)
        results.append(
            dreamer.dream(
                pixels,
                recipe,
                mask=mask,
                tile=32,
                callbacks=Callbacks(on_preview=shown.append),
                preview_side=30,
            )
        )
        previews.append(np.array([preview.pixels for preview in shown], np.int16))
    assert np.abs(results[0] - results[1]).max() <= TOLERANCE
    assert np.abs(results[0] - pixels).max() > 0.01
    assert previews[0].shape == previews[1].shape == (3, 30, 23, 3)
    assert np.abs(previews[0] - previews[1]).max() <= 1


def test_same_recipe_gives_the_same_bits(small_network: Path) -> None:
    """Twice in one dreamer, and in a fresh one."""
    recipe = Recipe(network=str(small_network), layers=DEEP, octaves=3, steps=3)
    pixels = BASE.transpose(1, 2, 0).copy()
    dreamers = [Dreamer(network_of(recipe), "cpu", 1, "device") for _ in range(2)]
    results = [one.dream(pixels, recipe, tile=32) for one in (dreamers[0], *dreamers)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize(
    "grid", [Grid(32), Grid(32, overlap=4), Grid(512), Grid(90, geometry=Geometry(minimum=90))]
)
def test_graphs_of_fixed_sizes_are_the_same(
    small_network: Path, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are made for devices that record kernels; the CPU runs them unrecorded."""
    asked = []

    def always(*given: object) -> bool:
        asked.append(given)
        return True

    monkeypatch.setattr(Provider, "records", always)
    terms = (Term("deep", 0.9), Term("first", 0.2, (), "original"))
    for tiling in ("even", "fixed", "random"):
        check(small_network, grid, layers=terms, tiling=tiling, steps=3)
    assert asked


@pytest.mark.parametrize("kind", ["mean", "std", "none"])
@pytest.mark.parametrize("precision", ["full", "fast"])
def test_numbers_that_are_not_finite_are_an_error(
    small_network: Path, kind: str, precision: str
) -> None:
    """On either path nobody gets the picture; where float16 may be why, the sentence says so."""
    recipe = Recipe(
        network=str(small_network), layers=DEEP, normalize=kind, octaves=1, precision=precision
    )
    base = BASE.copy()
    base[0, 0, 0] = np.nan
    for one in loaded(recipe.network, recipe.layers):
        with pytest.raises(NetworkError, match="precision full" if precision == "fast" else "size"):
            Run(one, recipe, base, Grid(32))
