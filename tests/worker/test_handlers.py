"""How the worker handles requests, without a process around it."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from worker_process import RGBA, in_library

from dreamlayer import Recipe, Term
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import (
    CancelledError,
    ImageError,
    LayerError,
    NetworkError,
    ProviderError,
)
from dreamlayer.core.runtime.sessions import candidates
from dreamlayer.core.worker import handlers
from dreamlayer.core.worker.handlers import Handlers
from dreamlayer.core.worker.queue import Job
from dreamlayer.core.worker.requests import DescribeRequest, DreamRequest
from dreamlayer.core.worker.wire_pixels import Raster
from dreamlayer.export.adopt.one_size import fix_size


class Outbox:
    """Stands in for `ReplyWriter`: keeps what is sent, and is never busy."""

    is_busy = False

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], bytes]] = []

    def send(
        self, header: dict[str, Any], payload: Iterable[memoryview] = (), *, wait: bool = False
    ) -> None:
        """Keep one message; `wait` means nothing here."""
        del wait
        self.sent.append((header, b"".join(bytes(part) for part in payload)))

    def types(self) -> list[str]:
        """What was sent since this was asked last, by `stage` or `type`."""
        found = [header.get("stage", header["type"]) for header, _ in self.sent]
        self.sent.clear()
        return found


@pytest.fixture
def outbox() -> Outbox:
    """Nothing sent yet."""
    return Outbox()


@pytest.fixture
def handler(outbox: Outbox) -> Handlers:
    """Fresh, with nothing loaded."""
    return Handlers(outbox)  # type: ignore[arg-type]


def job(
    recipe: Recipe, mask: np.ndarray | None = None, pixels: str = "float32", **changes: Any
) -> Job:
    """A dream on `RGBA`, whose alpha is of this type."""
    alpha = RGBA[:, :, 3] * (1 if pixels == "float32" else np.iinfo(pixels).max)
    raster = Raster(RGBA[:, :, :3].copy(), alpha.astype(pixels), mask)
    request = DreamRequest(1, 56, 40, recipe, "auto", 0, mask is not None, 0, pixels)
    return Job(dataclasses.replace(request, **changes), raster)


def test_dream_is_that_of_the_library(handler: Handlers, outbox: Outbox, recipe: Recipe) -> None:
    """Loading is told once, then progress to the end, then the pixels that the library gives."""
    handler.handle(job(recipe))
    header, payload = outbox.sent[-1]
    stages = outbox.types()
    assert stages[0] == "loading"
    assert set(stages[1:-1]) == {"dreaming"}
    result = np.frombuffer(payload, "<f4").reshape(RGBA.shape)
    np.testing.assert_array_equal(result[:, :, :3], in_library(RGBA, recipe))
    assert result[:, :, 3].tobytes() == RGBA[:, :, 3].tobytes()
    assert header["provider"] == candidates("auto")[0]
    assert Recipe.from_dict(header["recipe"]) == recipe.replace(tile=1024)
    assert (header["pixels"], header["bytes"]) == ("float32", len(payload))


@pytest.mark.parametrize(("pixels", "top"), [("uint8", 255), ("uint16", 65535)])
def test_result_has_the_type_of_its_request(
    pixels: str, top: int, handler: Handlers, outbox: Outbox, recipe: Recipe
) -> None:
    """The dream itself is the one on floats; only its result is rounded."""
    one = job(recipe, pixels=pixels)
    assert one.raster is not None
    alpha = one.raster.alpha.copy()
    handler.handle(one)
    header, payload = outbox.sent[-1]
    assert (header["pixels"], header["bytes"]) == (pixels, len(payload))
    result = np.frombuffer(payload, np.dtype(pixels).newbyteorder("<")).reshape(RGBA.shape)
    given = np.dstack([RGBA[:, :, :3], alpha.astype(np.float32) / np.float32(top)])
    dreamt = in_library(given, recipe).clip(0, 1).astype(np.float64)
    np.testing.assert_array_equal(result[:, :, :3], np.floor(dreamt * top + 0.5))
    np.testing.assert_array_equal(result[:, :, 3], alpha)


def test_last_progress_says_that_all_is_done(
    handler: Handlers, outbox: Outbox, recipe: Recipe
) -> None:
    """However fast the steps follow one another."""
    handler.handle(job(recipe))
    header = outbox.sent[-2][0]
    assert (header["stage"], header["fraction"]) == ("dreaming", 1.0)
    assert (header["octave"], header["octaves"], header["step"], header["steps"]) == (2, 2, 2, 2)
    assert (header["width"], header["height"]) == (56, 40)
    assert "loss" not in header


def test_network_and_objective_stay_warm(handler: Handlers, outbox: Outbox, recipe: Recipe) -> None:
    """The second dream loads nothing; another layer, provider or thread count does."""
    handler.handle(job(recipe))
    handler.handle(job(recipe.replace(seed=1)))
    assert outbox.types().count("loading") == 1
    handler.handle(job(recipe.replace(layers=(Term("first"),))))
    handler.handle(job(recipe))
    assert outbox.types().count("loading") == 1
    handler.handle(job(recipe, provider="cpu"))
    handler.handle(job(recipe, provider="cpu", threads=1))
    assert outbox.types().count("loading") == 2


def test_network_that_was_replaced_is_loaded_again(
    handler: Handlers, outbox: Outbox, recipe: Recipe, small_network: Path, tmp_path: Path
) -> None:
    """What the file holds now counts."""
    path = tmp_path / "n.onnx"
    shutil.copy(small_network, path)
    handler.handle(job(recipe.replace(network=str(path))))
    os.utime(path, ns=(1, 1))
    handler.handle(job(recipe.replace(network=str(path))))
    assert outbox.types().count("loading") == 2


def test_large_picture_has_the_memory_to_itself(
    handler: Handlers, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other objectives are given back before it; for previews they stay."""
    other = recipe.replace(layers=(Term("first"),))
    made: list[Dreamer] = []
    monkeypatch.setattr(
        handlers,
        "Dreamer",
        lambda *given, **options: made.append(Dreamer(*given, **options)) or made[-1],
    )
    handler.handle(job(other))
    handler.handle(job(recipe))
    assert made[0].is_warm(other)
    assert made[0]._execution.shares_cores, "the editor needs the cores too"
    monkeypatch.setattr(handlers, "_PREVIEW_PIXELS", 100)
    handler.handle(job(recipe))
    assert not made[0].is_warm(other)
    assert made[0].is_warm(recipe)


@pytest.mark.parametrize("idle", [{"steps": 0}, {"strength": 0.0}])
def test_idle_recipe_needs_no_network(
    handler: Handlers, outbox: Outbox, idle: dict[str, float]
) -> None:
    """Every bit comes back, even if there is no such network."""
    handler.handle(job(Recipe(network="nowhere", **idle), preview=30))  # type: ignore[arg-type]
    ((header, payload),) = outbox.sent
    assert header["provider"] == "none"
    assert payload == RGBA.tobytes()


def test_mask_and_strength_reach_through(handler: Handlers, outbox: Outbox, recipe: Recipe) -> None:
    """As in the library, bit by bit."""
    mask = np.linspace(-1, 1, RGBA[:, :, 0].size, dtype=np.float32).clip(0, 1)
    mask = mask.reshape(RGBA.shape[:2])
    handler.handle(job(recipe.replace(strength=0.6), mask))
    result = np.frombuffer(outbox.sent[-1][1], "<f4").reshape(RGBA.shape)[:, :, :3]
    expected = in_library(RGBA, recipe.replace(strength=0.6), mask)
    np.testing.assert_array_equal(result, expected)
    assert result[:20].tobytes() == RGBA[:20, :, :3].tobytes()


def test_hidden_pixels_come_back_and_steer_nothing(
    handler: Handlers, outbox: Outbox, recipe: Recipe
) -> None:
    """Where alpha is 0 every bit stays, and other colors there change nothing elsewhere."""
    results = []
    for level in (0.25, 0.75):
        one = job(recipe, preview=56)
        assert one.raster is not None
        one.raster.alpha[:] = 1
        one.raster.alpha[:15] = 0
        one.raster.rgb[:15] = level
        handler.handle(one)
        result = np.frombuffer(outbox.sent[-1][1], "<f4").reshape(RGBA.shape)
        assert (result[:15, :, :3] == level).all()
        shown = np.frombuffer(outbox.sent[-3][1], np.uint8).reshape(40, 56, 3)
        assert (shown[:15] == round(level * 255)).all()
        results.append(result[15:])
    np.testing.assert_array_equal(*results)
    assert (results[0][:, :, :3] != RGBA[15:, :, :3]).any()


def test_octaves_that_are_auto_are_told_with_the_progress(
    handler: Handlers, outbox: Outbox, recipe: Recipe
) -> None:
    """The recipe of the result keeps the 0, so that it means as much on another picture."""
    handler.handle(job(recipe.replace(octaves=0)))
    progress, result = outbox.sent[-2][0], outbox.sent[-1][0]
    assert progress["octaves"] >= 1
    assert progress["octave"] == progress["octaves"]
    assert result["recipe"]["octaves"] == 0


def test_previews_come_after_each_octave(handler: Handlers, outbox: Outbox, recipe: Recipe) -> None:
    """All in one size, the last one looks like the result."""
    handler.handle(job(recipe, preview=28))
    previews = [(h, p) for h, p in outbox.sent if h["type"] == "preview"]
    assert [(h["octave"], h["octaves"], h["width"], h["height"]) for h, _ in previews] == [
        (1, 2, 28, 20),
        (2, 2, 28, 20),
    ]
    assert all(h["bytes"] == len(p) == 28 * 20 * 3 for h, p in previews)
    outbox.sent.clear()
    handler.handle(job(recipe, preview=56))
    shown = np.frombuffer(outbox.sent[-3][1], np.uint8).reshape(40, 56, 3)
    result = np.frombuffer(outbox.sent[-1][1], "<f4").reshape(RGBA.shape)[:, :, :3]
    np.testing.assert_allclose(shown, result.clip(0, 1) * 255, atol=1)


def test_cancelled_job_has_no_result(handler: Handlers, outbox: Outbox, recipe: Recipe) -> None:
    """Also where there was nothing to do."""
    for one in (recipe, recipe.replace(steps=0)):
        cancelled = job(one)
        cancelled.cancelled.set()
        with pytest.raises(CancelledError):
            handler.handle(cancelled)
    assert "result" not in outbox.types()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"network": "nowhere"}, NetworkError, "no network is called"),
        ({"network": "x" * 5000}, NetworkError, "no (file|network) .* called"),
        ({"network": "a\0b"}, NetworkError, "no network is called"),
        ({"layers": (Term("depp"),)}, LayerError, "did you mean deep"),
    ],
)
def test_what_is_not_there_is_an_error(
    changes: dict[str, Any], error: type[Exception], message: str, handler: Handlers, recipe: Recipe
) -> None:
    """And the next dream works."""
    with pytest.raises(error, match=message):
        handler.handle(job(recipe.replace(**changes)))
    handler.handle(job(recipe))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"provider": "cuba"}, "did you mean cuda"),
        ({"threads": 100_000}, "threads are not possible"),
    ],
)
def test_provider_that_cannot_be_had(
    changes: dict[str, Any], message: str, handler: Handlers, recipe: Recipe
) -> None:
    """A wrong provider or thread count is told with what is allowed."""
    with pytest.raises(ProviderError, match=message):
        handler.handle(job(recipe, **changes))


def test_pixels_that_are_no_numbers_are_an_error(handler: Handlers, recipe: Recipe) -> None:
    """Before a network is looked for; in alpha they do no harm."""
    for one in (recipe, Recipe(steps=0)):
        bad = job(one)
        assert bad.raster is not None
        bad.raster.rgb[3, 4, 1] = np.nan
        with pytest.raises(ImageError, match="not finite"):
            handler.handle(bad)


def test_description_tells_what_there_is(
    handler: Handlers, outbox: Outbox, small_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parameters, presets and networks; with a network, its layers."""
    monkeypatch.setenv("DREAMLAYER_NETWORKS", str(small_network))
    handler.handle(Job(DescribeRequest("a", None)))
    header = outbox.sent[-1][0]
    assert (header["type"], header["id"]) == ("description", "a")
    assert {"version", "protocol", "parameters", "presets", "providers"} <= set(header)
    assert header["networks"]["small"] == str(small_network)
    assert "layers" not in header
    handler.handle(Job(DescribeRequest("b", "small")))
    layers = outbox.sent[-1][0]["layers"]
    assert {"name": "deep", "channels": 8, "stride": 1.0} in layers


def test_description_tells_the_one_size_of_a_network(small_network: Path, tmp_path: Path) -> None:
    """Null for networks that take any."""
    model = onnx.load(small_network)
    fix_size(model, (32, 48))
    onnx.save(model, tmp_path / "exact.onnx")
    sizes = {str(small_network): None, str(tmp_path / "exact.onnx"): (32, 48)}
    for network, size in sizes.items():
        outbox = Outbox()
        Handlers(outbox)._describe(DescribeRequest(1, network))  # type: ignore[arg-type]
        assert outbox.sent[0][0]["image_size"] == size
