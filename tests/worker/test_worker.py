"""The worker as an editor meets it: real processes, dreams, previews, cancelling, the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from command_line import ROOT
from worker_process import PATIENCE, RGBA, Client, error_of, in_library

from dreamlayer import Recipe
from dreamlayer.core.images.arrays import as_type
from dreamlayer.core.runtime.sessions import candidates
from dreamlayer.core.worker.description import description
from dreamlayer.core.worker.protocol import FIRST


@pytest.mark.parametrize("idle", [{"steps": 0}, {"strength": 0}])
def test_every_bit_comes_back_where_nothing_is_dreamed(
    idle: dict[str, Any], client: Client
) -> None:
    """Huge, tiny, negative and wide-gamut values; alpha may hold anything at all."""
    image = np.random.default_rng(1).normal(0, 1e30, (30, 50, 4)).astype(np.float32)
    image[0, :, :3] = (-0.0, 1e-42, 3.4e38)
    alpha = np.random.default_rng(2).integers(0, 2**32, image.shape[:2], np.uint32)
    alpha[:2, :2] = 0x7F800001, 0xFFC12345
    image[:, :, 3] = alpha.view(np.float32)
    client.dream(image, id=1, recipe={**idle, "network": "nowhere"})
    header, payload = client.answer()
    assert (header["type"], header["provider"], header["id"]) == ("result", "none", 1)
    assert payload == image.tobytes()


@pytest.mark.parametrize("cancelled", [False, True])
def test_worker_that_is_closed_at_once_leaves_its_graphs_in_the_cache(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cancelled: bool
) -> None:
    """An editor's filter closes it as soon as the result is there; nothing else is left behind."""
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path))
    with Client() as client:
        steps = 1000 if cancelled else 1
        client.dream(RGBA, id=1, provider="cpu", recipe=recipe.replace(steps=steps))
        if cancelled:
            # Before that, a network that is not known may still be tried.
            while client.until("progress")[-1][0]["stage"] != "dreaming":
                continue
            client.send(type="cancel", id=1)
            client.until("error")
        else:
            client.until("result")
        assert client.finish()[0] == 0
    assert not list(tmp_path.glob("staging-*"))
    assert list(tmp_path.glob("*.onnx"))


def test_dreams_are_those_of_the_library(client: Client, recipe: Recipe) -> None:
    """Two in one session, with and without a mask; alpha is untouched, and loading is told once."""
    image = RGBA.copy()
    image[0, 0] = (2.5, -1.0, 0.5, np.nan)
    mask = np.zeros(RGBA.shape[:2], np.float32)
    mask[10:, 5:] = np.linspace(0, 1, 51, dtype=np.float32)
    client.dream(image, id="first", recipe=recipe)
    client.dream(image, mask, id="second", recipe=recipe.replace(seed=3))
    first, second = client.until("result"), client.until("result")
    for messages, given, id_, seed in ((first, None, "first", 0), (second, mask, "second", 3)):
        header, payload = messages[-1]
        result = np.frombuffer(payload, "<f4").reshape(RGBA.shape)
        expected = in_library(image, recipe.replace(seed=seed), given)
        np.testing.assert_array_equal(result[:, :, :3], expected)
        assert result[:, :, 3].tobytes() == image[:, :, 3].tobytes()
        assert (header["width"], header["height"]) == (56, 40)
        assert header["provider"] == candidates("auto")[0]
        assert header["recipe"]["seed"] == seed
        assert all(h["id"] == id_ for h, _ in messages)
    stages = [h.get("stage") for h, _ in first + second]
    assert stages.count("loading") == 1
    outside = np.frombuffer(second[-1][1], "<f4").reshape(RGBA.shape)[mask == 0]
    assert outside.tobytes() == image[mask == 0].tobytes()


def whole(pixels: str, seed: int = 0) -> np.ndarray:
    """A picture of noise in whole numbers, 56 × 40 pixels."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(pixels).max, RGBA.shape, pixels, endpoint=True)


@pytest.mark.parametrize("pixels", ["uint8", "uint16"])
def test_every_whole_number_comes_back_where_nothing_is_dreamed(
    pixels: str, client: Client
) -> None:
    """All 256 or 65536 of them, in each channel."""
    values = np.arange(np.iinfo(pixels).max + 1).astype(pixels).reshape(16, -1)
    image = np.stack([values, values[::-1], values[:, ::-1], values], axis=2)
    for idle in ({"steps": 0}, {"strength": 0}):
        client.dream(image, recipe={**idle, "network": "nowhere"}, preview=30)
        np.testing.assert_array_equal(client.pixels(), image)


@pytest.mark.parametrize("pixels", ["uint8", "uint16"])
def test_dreams_in_whole_numbers_are_those_of_the_library(
    pixels: str, client: Client, recipe: Recipe
) -> None:
    """The library rounds halves of whole numbers to even; the worker's formula rounds them up."""
    image, top = whole(pixels), np.iinfo(pixels).max
    client.dream(image, recipe=recipe)
    result = client.pixels()
    dreamt = in_library(image, recipe)
    levels = dreamt.clip(0, 1).astype(np.float64) * top
    assert result.dtype == pixels
    np.testing.assert_array_equal(result[:, :, :3], np.floor(levels + 0.5))
    np.testing.assert_array_equal(result[:, :, 3], image[:, :, 3])
    apart = result[:, :, :3].astype(int) - as_type(dreamt, result.dtype)
    assert np.abs(apart).max() <= 1
    assert (apart != 0).mean() < 0.01
    assert (result != image).mean() > 0.5


@pytest.mark.parametrize("pixels", ["uint8", "uint16"])
def test_mask_travels_in_the_type_of_the_pixels(
    pixels: str, client: Client, recipe: Recipe
) -> None:
    """0 keeps a pixel as it is, the largest number dreams it wholly, others blend."""
    image, top = whole(pixels), np.iinfo(pixels).max
    levels = np.linspace(0, top, 51).astype(pixels)
    mask = np.zeros(image.shape[:2], pixels)
    mask[10:, 5:] = levels
    client.dream(image, mask, recipe=recipe)
    result = client.pixels()
    assert (result[mask == 0] == image[mask == 0]).all()
    dreamt = in_library(image, recipe, mask).clip(0, 1).astype(np.float64) * top
    np.testing.assert_array_equal(result[:, :, :3], np.floor(dreamt + 0.5))
    client.dream(image, np.full_like(mask, top), recipe=recipe)
    masked = client.pixels()
    client.dream(image, recipe=recipe)
    np.testing.assert_array_equal(masked, client.pixels())


def test_types_may_differ_from_dream_to_dream(client: Client, recipe: Recipe) -> None:
    """In one session, sent without waiting; the one network serves them all."""
    images = [RGBA, whole("uint8"), whole("uint16"), RGBA, whole("uint8", seed=1)]
    for number, image in enumerate(images):
        mask = np.zeros(image.shape[:2], image.dtype) if number % 2 else None
        client.dream(image, mask, id=number, recipe=recipe)
    for number, image in enumerate(images):
        messages = client.until("result")
        header, payload = messages[-1]
        assert (header["id"], header["pixels"]) == (number, image.dtype.name)
        assert header["bytes"] == len(payload) == image.nbytes
        assert (payload == image.astype(image.dtype.newbyteorder("<")).tobytes()) == (number % 2)
        assert (number > 0) == all(h.get("stage") != "loading" for h, _ in messages)


def test_recipe_from_the_result_makes_the_same_picture(client: Client, recipe: Recipe) -> None:
    """What is told back can be asked for again."""
    client.dream(RGBA, recipe=recipe)
    header, payload = client.answer()
    client.dream(RGBA, recipe=header["recipe"])
    assert client.answer()[1] == payload


def test_previews_and_progress(client: Client, recipe: Recipe) -> None:
    """One preview an octave, in the size asked for; progress rises to 1 and is true JSON."""
    client.dream(RGBA, recipe=recipe.replace(octaves=3), preview=30, id=5)
    messages = client.until("result")
    previews = [(h, p) for h, p in messages if h["type"] == "preview"]
    assert [(h["octave"], h["octaves"]) for h, _ in previews] == [(1, 3), (2, 3), (3, 3)]
    assert all((h["width"], h["height"], len(p)) == (30, 21, 1890) for h, p in previews)
    progress = [h for h, _ in messages if h.get("stage") == "dreaming"]
    fractions = [h["fraction"] for h in progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    keys = {"octave", "octaves", "step", "steps", "width", "height", "fraction", "seconds_left"}
    assert all(set(h) == {"type", "id", "stage", *keys} for h in progress)


def test_description_with_layers(client: Client) -> None:
    """What can be asked for in this version of the protocol, and what only this machine knows."""
    client.send(type="describe", id=1)
    client.send(type="describe", id=2, network="default")
    client.send(type="describe", id=3, network="inception_v3_mixed5")
    (plain, _), (named, _), (other, _) = (client.answer() for _ in range(3))
    told = description(FIRST)
    assert {key: plain[key] for key in told} == told
    assert "style" not in plain
    assert Path(plain["networks"]["default"]).is_file()
    assert "layers" not in plain
    for described, layer, channels in ((named, "block_12_add", 96), (other, "mixed5", 768)):
        layers = {one["name"]: one for one in described["layers"]}
        assert layers[layer]["channels"] == channels
        assert set(layers[layer]) == {"name", "channels", "stride"}


def test_cancel_in_the_middle_and_of_one_that_waits(
    client: Client, recipe: Recipe, endless: Recipe
) -> None:
    """Each is answered once, and the next dream is as good as any."""
    client.dream(RGBA, id="runs", recipe=endless)
    client.dream(RGBA, id="waits", recipe=endless)
    while client.until("progress")[-1][0]["stage"] != "dreaming":
        pass
    client.send(type="cancel", id="waits")
    assert error_of(client.answer()) == ("waits", "CancelledError")
    client.send(type="cancel", id="nobody")
    client.send(type="cancel", id="runs")
    assert error_of(client.answer()) == ("runs", "CancelledError")
    client.dream(RGBA, id="next", recipe=recipe)
    np.testing.assert_array_equal(client.pixels()[:, :, :3], in_library(RGBA, recipe))


def test_cancel_of_everything(client: Client, endless: Recipe) -> None:
    """Without an id, what runs and what waits are both given up."""
    client.dream(RGBA, id=1, recipe=endless)
    client.dream(RGBA, id=2, recipe=endless)
    client.send(type="cancel")
    assert {error_of(client.answer()) for _ in range(2)} == {
        (1, "CancelledError"),
        (2, "CancelledError"),
    }
    client.dream(RGBA, id=3, recipe={"steps": 0})
    assert client.answer()[0]["type"] == "result"


def test_many_requests_at_once_are_answered_in_order(client: Client, recipe: Recipe) -> None:
    """More than may wait: the rest stays in the pipe until there is room."""
    for number in range(6):
        client.dream(RGBA, id=number, recipe=recipe.replace(seed=number))
    assert [client.answer()[0]["id"] for _ in range(6)] == list(range(6))


def test_end_of_input_in_the_middle_of_a_dream_ends_the_process(client: Client) -> None:
    """Also within ONNX Runtime, on the shipped network and a large tile."""
    image = np.random.default_rng(0).random((700, 700, 4)).astype(np.float32)
    client.dream(image, recipe={"steps": 1000, "octaves": 1, "tile": 700, "layers": "mixed5"})
    while client.until("progress")[-1][0]["stage"] != "dreaming":
        pass
    inside = psutil.Process(client.process.pid)
    client.close_input()
    inside.wait(PATIENCE)
    code, errors = client.finish()
    assert (code, errors) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
def test_end_of_input_is_seen_behind_a_request_that_has_no_room(
    client: Client, endless: Recipe
) -> None:
    """A third dream is not read yet, and still its sender's going is noticed."""
    for _ in range(3):
        client.dream(RGBA, recipe=endless)
    code, errors = client.finish()
    assert (code, errors) == (0, "")


# Looks at numpy where the worker's second loading thread begins.
LOADING = """
import os, sys
import dreamlayer.core.worker.server as worker
from dreamlayer.core.worker.writer import ReplyWriter

def begun(queue):
    import numpy
    os._exit(0 if "random" in vars(numpy) else 3)

worker.RequestQueue.take = begun
worker.Worker(sys.stdin.buffer, ReplyWriter(sys.stdout.buffer)).run()
"""


def test_random_numbers_are_loaded_before_threads_load_more() -> None:
    """numpy loads them when they are first asked for, which two threads at once may not do."""
    with subprocess.Popen(
        [sys.executable, "-c", LOADING], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        assert process.wait(PATIENCE) == 0
