"""Memory: the estimate, and the tile that fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from measured_memory import told_and_taken

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.free_memory import in_units
from dreamlayer.core.dreaming.memory import (
    TILES,
    check_guide,
    check_memory,
    default_tile,
    estimate,
)
from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.images import encoder_bytes
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term

GIB = 2.0**30


@pytest.fixture(scope="module")
def network() -> Network:
    """The shipped one."""
    return Network()


def test_memory_grows_with_pixels_and_tile(network: Network) -> None:
    """Twelve times the pixels cost twelve times the copies; a smaller tile costs less."""
    small = estimate(1000, 1000, Recipe(), network, free=64 * GIB)
    large = estimate(4000, 3000, Recipe(), network, free=64 * GIB)
    assert small.tile == large.tile == TILES[0]
    # Tiles as wide as the small picture are wider than those of the large one.
    few, many = (
        estimate(width, height, Recipe(tile=256), network, free=64 * GIB).bytes
        for width, height in ((1000, 1000), (4000, 3000))
    )
    assert 40e6 * 11 < many - few < 80e6 * 11
    assert many < large.bytes


def test_pictures_of_8_and_16_bits_take_less(network: Network) -> None:
    """They are held as they are in the file."""
    floats, compact = (
        estimate(4000, 3000, Recipe(), network, free=64 * GIB, compact=held).bytes
        for held in (False, True)
    )
    assert compact < floats


@pytest.mark.parametrize("free", [4, 64])
@pytest.mark.parametrize("device", [None, 4, 64])
def test_tile_does_not_depend_on_free_memory(
    network: Network, free: float, device: float | None
) -> None:
    """Nor on where the image is: the same recipe makes the same picture on every machine."""
    gpu = None if device is None else device * GIB
    found = estimate(3000, 2000, Recipe(), network, free=free * GIB, device=gpu)
    assert found.tile == default_tile(Recipe(), network) == 1024


def test_network_with_large_maps_has_smaller_tiles() -> None:
    """Its layers decide, and there is a tile for the largest."""

    class Hungry(Network):
        def activation_bytes(self, layers: Sequence[str]) -> float:
            return sizes.pop() if layers else 0.0

    sizes = [1e9, 6000.0, 2500.0, 1200.0]
    tiles = [default_tile(Recipe(), Hungry()) for _ in range(4)]
    assert tiles == [1024, 768, 512, 256]


def test_picture_that_does_not_fit_is_refused_in_a_sentence(network: Network) -> None:
    """It says what to do; a smaller tile then fits."""
    with pytest.raises(MemoryLimitError, match=r"3000 × 2000 pixels needs about .* \(--tile 512\)"):
        estimate(3000, 2000, Recipe(), network, free=1.1 * GIB)
    assert estimate(3000, 2000, Recipe(tile=512), network, free=1.1 * GIB).tile == 512


def test_refusal_says_what_would_help(network: Network) -> None:
    """A smaller tile does not, where no network runs; and what is free is not all to be had."""
    idle = Recipe(steps=0)
    needed = estimate(4000, 3000, idle, network, free=64 * GIB).bytes
    with pytest.raises(MemoryLimitError, match=r"are free, and a tenth of that .*; scale the pict"):
        estimate(4000, 3000, idle, network, free=needed * 1.05)
    with pytest.raises(MemoryLimitError, match="are free; scale the picture down, or close"):
        estimate(4000, 3000, idle, network, free=needed * 0.5)


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
    with pytest.raises(MemoryLimitError, match="styling 1000000"):
        check_memory(10**6, 10**6, what="styling")
    with pytest.raises(MemoryLimitError, match="reading the other pictures"):
        check_memory(1000, 1000, further=10**12)


def test_guide_that_cannot_be_shrunk_is_refused() -> None:
    """One that fits passes."""
    check_guide(1000, 1000)
    with pytest.raises(MemoryLimitError, match="a guide of 1000000 × 1000000 pixels"):
        check_guide(10**6, 10**6)


def test_default_stays_under_two_gibibytes_at_twelve_megapixels(network: Network) -> None:
    """The promise for a camera's photo."""
    assert estimate(4000, 3000, Recipe(), network, free=64 * GIB).bytes < 2 * GIB


def test_default_stays_under_four_gibibytes_at_a_hundred_megapixels(network: Network) -> None:
    """The promise for a panorama, of 8 bits as most are."""
    needed = estimate(11548, 8661, Recipe(), network, free=64 * GIB, compact=True).bytes
    assert 3 * GIB < needed < 4 * GIB


def test_picture_without_steps_takes_no_memory_of_the_network(network: Network) -> None:
    """It is only copied, and the tile does not matter."""
    idle = Recipe(steps=0)
    small, large = (
        estimate(4000, 3000, idle.replace(tile=tile), network, free=64 * GIB).bytes
        for tile in (256, 2048)
    )
    assert small == large < estimate(4000, 3000, Recipe(tile=256), network, free=64 * GIB).bytes


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's VmHWM")
@pytest.mark.parametrize(
    ("kind", "target", "steps", "options"),
    [
        ("jpg", "png", 1, ()),
        ("alpha", "tif", 1, ()),
        ("jpg", "png", 0, ()),
        ("jpg", "webp", 0, ()),
        ("png", "jpg", 1, ("--strength", "0")),
        ("alpha", "png", 0, ()),
        ("extras", "tif", 0, ()),
        ("progressive", "png", 0, ()),
        ("gif", "png", 0, ()),
        ("jpg", "png", 0, ("--start", "noise", "--canvas", "1732")),
    ],
)
def test_estimate_is_true(
    tmp_path: Path, kind: str, target: str, steps: int, options: tuple[str, ...]
) -> None:
    """A real run's peak is within 25 % of the estimate that it printed."""
    given = ("--provider", "cpu", *options)
    told, peak = told_and_taken(tmp_path, *given, kind=kind, target=target, steps=steps)
    assert abs(told - peak) <= 0.25 * peak, f"told {in_units(told)}, took {in_units(peak)}"


def test_encoder_counts(network: Network) -> None:
    """Where it needs the whole picture at once, beside it."""
    idle = Recipe(steps=0)
    bands, whole = (
        estimate(4000, 3000, idle, network, free=64 * GIB, compact=True, encoder=encoder).bytes
        for encoder in (encoder_bytes("a.png"), encoder_bytes("a.webp"))
    )
    assert 2 < whole / bands < 3


def test_decoder_and_extra_channels_count(network: Network) -> None:
    """A decoder counts while the picture is read; extra channels always, on a GPU's host too."""

    def needed(steps: int, **more: float) -> float:
        recipe = Recipe(steps=steps, octaves=1, tile=256)
        return estimate(4000, 3000, recipe, network, free=64 * GIB, compact=True, **more).bytes

    for steps in 0, 1:
        plain, large = needed(steps), needed(steps, decoder=40)
        assert 12e6 * 10 < large - plain < 12e6 * 40
        assert needed(steps, extras=80) - plain == pytest.approx(12e6 * 80)
        assert needed(steps, decoder=1) == plain
    host = estimate(4000, 3000, Recipe(), network, free=64 * GIB, device=70 * GIB).bytes
    with_extras = estimate(
        4000, 3000, Recipe(), network, free=64 * GIB, device=70 * GIB, extras=80
    ).bytes
    assert with_extras - host == pytest.approx(12e6 * 80)


def test_idle_dream_asks_nothing_of_a_gpu(network: Network) -> None:
    """It only copies the picture."""
    assert estimate(4000, 3000, Recipe(steps=0), network, free=64 * GIB, device=1.0).device == 0


def test_gpu_memory_is_estimated_too(network: Network) -> None:
    """A picture that does not fit is refused; reduced precision takes less."""
    recipe = Recipe()

    def needed(free: float, **parameters: Any) -> float:
        used = recipe.replace(**parameters)
        return estimate(3000, 2000, used, network, free=64 * GIB, device=free * GIB).device

    assert needed(70, precision="fast") < needed(70) < needed(70, tile=3000) < 70 * GIB
    with pytest.raises(MemoryLimitError, match="of GPU memory, but only 512 MiB are free"):
        needed(0.5)
    with pytest.raises(MemoryLimitError, match="of GPU memory"):
        needed(6, tile=3000)
    with pytest.raises(MemoryLimitError, match="of memory, but only"):
        estimate(3000, 2000, recipe, network, free=0.1 * GIB, device=70 * GIB)


def test_free_memory_is_asked_once(small_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first dream holds is no reason to refuse the second."""
    answers = iter([20 * GIB, 1 * GIB])
    monkeypatch.setattr("dreamlayer.core.runtime.gpu_memory.free_bytes", lambda _: next(answers))
    monkeypatch.setattr("dreamlayer.core.dreaming.dreamer.device_provider", lambda *_: "cuda")
    dreamer = Dreamer(str(small_network))
    recipe = Recipe(layers=(Term("deep"),))
    first, second = (dreamer.estimate(1000, 800, recipe) for _ in range(2))
    assert (first.device, first.tile) == (second.device, second.tile)
