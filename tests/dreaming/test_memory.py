"""Memory: the estimate, and the tile that fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from measured_memory import told_and_taken

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.memory import TILE, check_memory, estimate, in_units
from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

GIB = 2.0**30


@pytest.fixture(scope="module")
def network() -> Network:
    """The shipped one."""
    return Network("inception_v3_mixed5")


def test_memory_grows_with_pixels_and_tile(network: Network) -> None:
    """Twelve times the pixels cost twelve times the copies; a smaller tile costs less."""
    small = estimate(1000, 1000, Recipe(), network, free=64 * GIB)
    large = estimate(4000, 3000, Recipe(), network, free=64 * GIB)
    assert small.tile == large.tile == TILE
    assert 40e6 * 11 < large.bytes - small.bytes < 80e6 * 11
    narrow = estimate(4000, 3000, Recipe(tile=256), network, free=64 * GIB)
    assert narrow.bytes < large.bytes


def test_tile_shrinks_where_memory_is_short(network: Network) -> None:
    """auto takes the largest tile that fits, and refuses where none does."""
    whole = estimate(3000, 2000, Recipe(), network, free=64 * GIB)
    assert estimate(3000, 2000, Recipe(), network, free=whole.bytes).tile < TILE
    with pytest.raises(MemoryLimitError, match=r"3000 × 2000 pixels needs about .* are free"):
        estimate(3000, 2000, Recipe(), network, free=0.3 * GIB)


def test_tile_that_was_asked_for_is_kept_or_refused(network: Network) -> None:
    """A tile in the recipe is not changed behind the user's back."""
    assert estimate(3000, 2000, Recipe(tile=700), network, free=64 * GIB).tile == 700
    with pytest.raises(MemoryLimitError):
        estimate(3000, 2000, Recipe(tile=2000), network, free=1 * GIB)


def test_picture_without_room_is_refused_before_it_is_read() -> None:
    """By its size alone; what fits passes."""
    check_memory(1000, 1000)
    with pytest.raises(MemoryLimitError, match=r"10{6} × 10{6} pixels needs about .* are free"):
        check_memory(10**6, 10**6)


def test_default_stays_under_two_gibibytes_at_twelve_megapixels(network: Network) -> None:
    """The promise for a camera's photo."""
    assert estimate(4000, 3000, Recipe(), network, free=64 * GIB).bytes < 2 * GIB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's VmHWM")
def test_estimate_is_true(tmp_path: Path) -> None:
    """A real run's peak is within 25 % of the estimate that it printed."""
    told, peak = told_and_taken(tmp_path, "--provider", "cpu")
    assert abs(told - peak) <= 0.25 * peak, f"told {in_units(told)}, took {in_units(peak)}"


def test_tile_is_the_whole_image_where_the_gpu_has_room() -> None:
    """Less where it has not; a tile that was asked for is kept or refused."""
    network, recipe = Network("inception_v3_mixed5"), Recipe()

    def tile(free: float, **parameters: Any) -> int:
        used = recipe.replace(**parameters)
        return estimate(3000, 2000, used, network, free=64 * GIB, device=free).tile

    assert tile(70 * GIB) == 3000
    assert TILE <= tile(6 * GIB) < 3000
    assert tile(5 * GIB) <= tile(6 * GIB) <= tile(12 * GIB)
    assert tile(70 * GIB, tile=700) == 700
    assert tile(12 * GIB, precision="fast") >= tile(12 * GIB)
    with pytest.raises(MemoryLimitError, match="of GPU memory, but only 512 MiB are free"):
        tile(0.5 * GIB)
    with pytest.raises(MemoryLimitError, match="of GPU memory"):
        tile(6 * GIB, tile=3000)
    with pytest.raises(MemoryLimitError, match="of memory, but only"):
        estimate(3000, 2000, recipe, network, free=0.1 * GIB, device=70 * GIB)
    found = estimate(3000, 2000, recipe, network, free=64 * GIB, device=70 * GIB)
    assert found.bytes < found.device < 70 * GIB


def test_free_memory_is_asked_once(small_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first dream holds must not make the second one's tiles smaller."""
    answers = iter([20 * GIB, 1 * GIB])
    monkeypatch.setattr("dreamlayer.core.dreaming.dreamer.free_bytes", lambda _: next(answers))
    monkeypatch.setattr("dreamlayer.core.dreaming.dreamer.device_provider", lambda *_: "cuda")
    dreamer = Dreamer(str(small_network))
    recipe = Recipe(layers=(Term("deep"),))
    first, second = (dreamer.estimate(1000, 800, recipe) for _ in range(2))
    assert first.tile == second.tile == 1000
