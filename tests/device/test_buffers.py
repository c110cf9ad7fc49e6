"""Copies to and from the device, memory used there, and errors when it is full."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dreamlayer.core.ascent.backend import Formula
from dreamlayer.core.ascent.loop import Callbacks, ascend
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.device import backend as backend
from dreamlayer.core.device.buffers import Buffer, Device, device_error
from dreamlayer.core.device.graphs import BoundGraph, Graphs
from dreamlayer.core.device.objective import DeviceObjective
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import CancelledError, MemoryLimitError, NetworkError
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution

BASE = np.random.default_rng(3).random((3, 80, 100), np.float32)


class Counted:
    """A dream whose copies and buffers are noted after every step."""

    def __init__(
        self, network: Path, monkeypatch: pytest.MonkeyPatch, grid: Grid, **parameters: Any
    ) -> None:
        self.uploaded: list[int] = []
        self.downloaded: list[int] = []
        self.made = 0
        self.runs = 0
        empty, apply, run = Device.empty, backend.DeviceOctaveStep.apply, BoundGraph.run
        recipe = Recipe(network=str(network), layers=(Term("deep"),), **parameters)
        objective = DeviceObjective(Network(recipe.network), recipe.layers, "", Execution("cpu", 1))
        self.device = device = objective.graphs.device
        self.steps: list[tuple[int, int, int, int, int, int]] = []

        def counted(
            device: Device, shape: Sequence[int], dtype: npt.DTypeLike = np.float32
        ) -> Buffer:
            self.made += 1
            return empty(device, shape, dtype)

        def noted(octave: backend.DeviceOctaveStep, step: int) -> float:
            divisor = apply(octave, step)
            up, down = device.uploads, device.downloads
            self.steps.append((up.copies, up.bytes, down.copies, down.bytes, self.made, self.runs))
            return divisor

        def ran(*given: Any) -> None:
            self.runs += 1
            run(*given)

        monkeypatch.setattr(Device, "empty", counted)
        monkeypatch.setattr(backend.DeviceOctaveStep, "apply", noted)
        monkeypatch.setattr(BoundGraph, "run", ran)
        held = objective.backend(recipe)
        dreamt = ascend(held, held.upload(BASE), grid=grid, rng=np.random.default_rng(0))
        self.before = device.downloads.copies, device.downloads.bytes
        held.download(dreamt)

    def per_step(self) -> npt.NDArray[np.int64]:
        """What each step but the first added to the counts."""
        return np.diff(np.array(self.steps), axis=0)


@pytest.mark.parametrize("side", [40, 512])
def test_nothing_but_scalars_comes_back(
    side: int, small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two numbers a step; the tiles' places go there; the image once each way."""
    counted = Counted(small_network, monkeypatch, Grid(side), octaves=1, steps=8)
    tiles = 6 if side == 40 else 1
    for copies, sent, returned, bytes_returned, made, runs in counted.per_step():
        assert (returned, bytes_returned) == (2, 16)
        assert sent <= tiles * 8 * 3 * (80 + 100)
        assert copies <= tiles * 8
        assert made == 0, "a step made a buffer"
        assert runs == tiles + (tiles > 1) + 1
    device = counted.device
    assert counted.before[1] < BASE.nbytes
    assert device.downloads.bytes - counted.before[1] == BASE.nbytes
    assert BASE.nbytes <= device.uploads.bytes < 2 * BASE.nbytes


def test_octaves_stay_on_the_device(small_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Schemes that store an image of each octave do so there."""
    for scheme in ("laplacian", "recursive", "detail-after"):
        counted = Counted(small_network, monkeypatch, Grid(40), octaves=3, steps=2, scheme=scheme)
        assert counted.before == (3 * 2 * 2, 3 * 2 * 2 * 8)


def test_previews_come_back_reduced(small_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each octave's is as small as it is shown."""
    read, shapes = Device.read, []

    def noted(device: Device, buffer: Buffer) -> npt.NDArray[Any]:
        shapes.append(buffer.shape)
        return read(device, buffer)

    monkeypatch.setattr(Device, "read", noted)
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),), octaves=2, steps=1)
    dreamer = Dreamer(network_of(recipe), "cpu", 1, "device")
    dreamer.dream(
        BASE.transpose(1, 2, 0),
        recipe,
        callbacks=Callbacks(on_preview=lambda _: None),
        preview_side=20,
    )
    images = [shape for shape in shapes if len(shape) == 3]
    assert images == [(3, 16, 20)] * 3 + [(3, 80, 100)]


def test_cancel_takes_effect_within_a_tile(small_network: Path) -> None:
    """No tile is run once the caller wishes to stop."""
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),), octaves=1, steps=2)
    objective = DeviceObjective(Network(recipe.network), recipe.layers, "", Execution("cpu", 1))
    tiles: list[object] = []
    there = objective.backend(recipe)
    with pytest.raises(CancelledError):
        ascend(
            there,
            there.upload(BASE),
            grid=Grid(30),
            rng=np.random.default_rng(0),
            callbacks=Callbacks(tiles.append, cancelled=lambda: len(tiles) >= 3),
        )
    assert len(tiles) == 3


def test_graphs_are_made_once(small_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next picture of this size uses the cached graphs."""
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),), octaves=2, steps=1)
    dreamer = Dreamer(network_of(recipe), "cpu", 1, "device")
    dreamer.dream(BASE.transpose(1, 2, 0), recipe)
    monkeypatch.setattr("dreamlayer.core.device.graphs.open_native", None)
    monkeypatch.setattr("dreamlayer.core.device.objective.open_native", None)
    dreamer.dream(BASE.transpose(1, 2, 0), recipe.replace(seed=5))


def test_cache_of_large_graphs_is_limited() -> None:
    """Each has working memory in proportion to its image."""
    graphs = Graphs(Execution("cpu", 1))
    for number in range(1, 6):
        graphs.get(backend._zeros_model(2, number), 7_000_000)
    assert len(graphs) == 2
    for number in range(1, 100):
        graphs.get(backend._zeros_model(3, number), 10)
    assert len(graphs) <= 64


def test_rarely_run_graphs_release_memory(
    small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an option of ONNX Runtime; the image is the same."""
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),), octaves=2, steps=1)
    image = BASE.transpose(1, 2, 0)
    results = []
    for large in (1_000_000, 10):
        monkeypatch.setattr(backend, "_LARGE", large)
        results.append(Dreamer(network_of(recipe), "cpu", 1, "device").dream(image, recipe))
    np.testing.assert_array_equal(*results)


def test_formula_may_write_what_it_reads() -> None:
    """In place, pixel by pixel, as schemes do; other images are not changed."""
    recipe = Recipe()
    objective = DeviceObjective(Network("default"), recipe.layers, "", Execution("cpu", 1))
    there = objective.backend(recipe)
    first, second = there.upload(BASE), there.upload(1 - BASE)
    formula: Formula = lambda _, a, b: a * 0.25 + b * 0.75  # noqa: E731
    result = there.map(formula, first, second, out=second)
    np.testing.assert_allclose(there.download(result), 0.75 - 0.5 * BASE, atol=1e-6)
    np.testing.assert_array_equal(there.download(first), BASE)


class Full:
    """Fake ONNX Runtime whose device has no free memory, and nothing else."""

    class OrtValue:
        @staticmethod
        def ortvalue_from_shape_and_type(*_: object) -> None:
            raise RuntimeError("Available memory of 5 is smaller than requested: out of memory")


def test_full_device_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which tile to use; other failures say what happened, and bugs are raised."""
    error = device_error(
        RuntimeError("Failed to allocate memory"), "a tile of 512 × 300", (300, 512)
    )
    assert isinstance(error, MemoryLimitError)
    assert "use a tile of 256 (--tile 256)" in str(error)
    other = device_error(RuntimeError("cuDNN failure 8\nmore"), "a step")
    assert isinstance(other, NetworkError)
    assert str(other).endswith("a step: cuDNN failure 8")
    refused = NetworkError("ONNX Runtime rejects the network: Failed to allocate memory")
    assert isinstance(device_error(refused, "the network"), MemoryLimitError)
    with pytest.raises(ZeroDivisionError):
        device_error(ZeroDivisionError(), "a step")
    monkeypatch.setattr("dreamlayer.core.device.buffers.runtime", lambda: Full)
    with pytest.raises(MemoryLimitError, match="12 MiB; use a smaller tile"):
        Device("cpu").empty((3, 1024, 1024))


def test_tile_that_does_not_fit_is_refused_while_dreaming(
    small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the tile that did not fit and a smaller one."""

    class Session:
        """Runs out of memory."""

        def run_with_iobinding(self, *_: object) -> None:
            raise RuntimeError("BFCArena::AllocateRawInternal failed")

    def broken(bound: BoundGraph, what: str, tile: tuple[int, int] | None = None) -> None:
        if tile is not None:
            bound._session = Session()
        run(bound, what, tile)

    run = BoundGraph.run
    monkeypatch.setattr(BoundGraph, "run", broken)
    recipe = Recipe(network=str(small_network), layers=(Term("deep"),), octaves=1)
    with pytest.raises(MemoryLimitError, match=r"a tile of 100 × 80 pixels; use a tile of 50 "):
        Dreamer(network_of(recipe), "cpu", 1, "device").dream(BASE.transpose(1, 2, 0), recipe)
