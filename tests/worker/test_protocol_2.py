"""Version 2 of the protocol with a real worker: guides, styles, galleries; and version 1 beside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import command
from PIL import Image
from worker_process import RGBA, SMALL, Client, error_of

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.style.transfer import transfer
from dreamlayer.core.version import VERSION
from dreamlayer.core.worker.description import description

GUIDE = np.random.default_rng(1).integers(0, 256, (48, 64, 4), np.uint8)
BYTES = (RGBA * 255).astype(np.uint8)
HERE = {"width": BYTES.shape[1], "height": BYTES.shape[0], "pixels": "uint8"}
SIZE = {"width": GUIDE.shape[1], "height": GUIDE.shape[0]}
NAME = f"picture-{hashlib.sha256(GUIDE.tobytes()).hexdigest()}"


@pytest.fixture
def second() -> Iterator[Client]:
    """A worker that speaks version 2."""
    with Client(command("worker", "--protocol", "2")) as started:
        yield started


@pytest.fixture
def guided(small_network: Path) -> Recipe:
    """A dream that compares with a guide."""
    layers = (Term("deep", kind="direction"),)
    return Recipe(network=str(small_network), layers=layers, octaves=2, steps=2)


@pytest.fixture
def style(small_network: Path) -> dict[str, Any]:
    """A style on the small network."""
    return {
        "network": str(small_network),
        "content_layers": "deep",
        "style_layers": "first, deep",
        "rounds": 2,
        "evaluations": 3,
        "octaves": 2,
    }


def result(client: Client) -> tuple[dict[str, Any], np.ndarray]:
    """The next result and its pixels."""
    header, payload = client.answer()
    assert header["type"] == "result", header
    return header, np.frombuffer(payload, np.uint8).reshape(BYTES.shape)


def test_version_is_what_is_asked_for(client: Client, second: Client) -> None:
    """The first unless an option says more."""
    assert client.ready == {"type": "ready", "protocol": 1, "version": VERSION}
    assert second.ready == {"type": "ready", "protocol": 2, "version": VERSION}


def test_version_1_is_as_it_was(client: Client) -> None:
    """It has no newer requests, keys or facts; its sentences name the old ones only."""
    client.send(type="gallery", id=1)
    client.send(type="style", id=2)
    client.send(SMALL.tobytes(), type="dream", width=3, height=2, guides=[], id=3)
    for number in (1, 2):
        header, _ = client.answer()
        kind = ("gallery", "style")[number - 1]
        wanted = f"'type' must be one of dream, describe, cancel, but is '{kind}'"
        assert header == {"type": "error", "id": number, "error": wanted, "kind": "RequestError"}
    header, _ = client.answer()
    assert header["error"].startswith("dream has no key 'guides'")
    client.send(type="describe")
    header, _ = client.answer()
    keys = ["type", "id", "version", "protocol", "parameters", "presets", "providers", "networks"]
    assert list(header) == keys
    assert header["protocol"] == 1
    known = ["group", "description", "source", "ships", "stand_in", "recipe"]
    assert all(list(one) == known for one in header["presets"].values())
    del header["id"], header["type"], header["networks"]
    assert header == description(1)


def test_guide_that_is_sent_is_that_of_a_file(
    second: Client, guided: Recipe, tmp_path: Path
) -> None:
    """The recipe names it by a digest of its bytes; with it, the same picture is made again."""
    Image.fromarray(GUIDE).save(tmp_path / "guide.png")
    used = guided.replace(guide=str(tmp_path / "guide.png"), tile=1024)
    alpha, pixels = BYTES[:, :, 3], BYTES[:, :, :3].astype(np.float32) / np.float32(255)
    dreamt = Dreamer(used.network).dream(pixels, used, alpha=alpha)
    expected = np.floor(np.clip(dreamt, 0, 1).astype(np.float64) * 255 + 0.5)
    payload = BYTES.tobytes() + GUIDE.tobytes()
    for recipe in (guided.to_dict(), guided.replace(guide="gone.png").to_dict()):
        second.send(payload, type="dream", guides=[SIZE], recipe=recipe, **HERE)
        header, got = result(second)
        np.testing.assert_array_equal(got[:, :, :3], expected)
        assert header["recipe"]["guide"] == header["stored"]["guide"] == NAME
        assert Recipe.from_dict(header["recipe"]).guide == NAME
        assert "guide" not in header["stored"]["files"]
    other = BYTES.tobytes() + GUIDE[::-1].tobytes()
    second.send(other, type="dream", guides=[SIZE], recipe=guided.to_dict(), **HERE)
    header, got = result(second)
    assert header["recipe"]["guide"] != NAME
    assert (got[:, :, :3] != expected).any()


def test_guide_that_is_not_sent_again_is_missed(second: Client, guided: Recipe) -> None:
    """Whatever is still loaded; and one that no layer compares with is passed over."""
    payload = BYTES.tobytes() + GUIDE.tobytes()
    second.send(payload, type="dream", guides=[SIZE], recipe=guided.to_dict(), **HERE)
    recipe = result(second)[0]["recipe"]
    second.send(BYTES.tobytes(), type="dream", recipe=recipe, **HERE)
    header, _ = second.answer()
    assert (header["kind"], "send it in 'guides'" in header["error"]) == ("RecipeError", True)
    plain = guided.replace(layers=(Term("deep"),)).to_dict()
    second.send(payload, type="dream", guides=[SIZE], recipe=plain, **HERE)
    assert result(second)[0]["recipe"]["guide"] == ""


def test_mask_travels_before_the_guide(second: Client, guided: Recipe) -> None:
    """Pixels, mask, guide."""
    mask = np.zeros(BYTES.shape[:2], np.uint8)
    mask[10:30, 10:40] = 255
    payload = BYTES.tobytes() + mask.tobytes() + GUIDE.tobytes()
    second.send(payload, type="dream", guides=[SIZE], mask=True, recipe=guided.to_dict(), **HERE)
    header, got = result(second)
    assert header["recipe"]["guide"] == NAME
    np.testing.assert_array_equal(got[mask == 0], BYTES[mask == 0])
    assert (got[mask > 0] != BYTES[mask > 0]).any()


def test_style_is_that_of_the_library(second: Client, style: dict[str, Any]) -> None:
    """With its weights, previews in their order, and progress to the end."""
    opaque = BYTES.copy()
    opaque[:, :, 3] = 255
    picture = GUIDE.copy()
    picture[:, :, 3] = 255
    payload = opaque.tobytes() + picture.tobytes() + picture[::-1].tobytes()
    styles = [{**SIZE, "weight": 2}, SIZE]
    second.send(payload, type="style", styles=styles, recipe=style, preview=20, id="s", **HERE)
    messages = second.until("result", "error")
    header, pixels = messages[-1]
    assert (header["type"], header["id"]) == ("result", "s"), header
    recipe = StyleRecipe.from_dict(header["recipe"])
    assert recipe.style_weights == (2.0, 1.0)
    assert recipe.styles[0] == f"picture-{hashlib.sha256(picture.tobytes()).hexdigest()}"
    both = [np.ascontiguousarray(one[:, :, :3]) for one in (picture, picture[::-1])]
    plain = recipe.replace(styles=())
    expected = transfer(np.ascontiguousarray(opaque[:, :, :3]), both, plain)
    got = np.frombuffer(pixels, np.uint8).reshape(BYTES.shape)
    # The library rounds half to even.
    assert np.abs(got[:, :, :3].astype(int) - expected).max() <= 1
    previews = [one for one, _ in messages if one["type"] == "preview"]
    assert [one["octave"] for one in previews] == [1, 1, 2, 2]
    assert {(one["width"], one["height"]) for one in previews} == {(20, 14)}
    progress = [one for one, _ in messages if one["type"] == "progress"]
    assert progress[0]["stage"] == "loading"
    assert (progress[-1]["stage"], progress[-1]["fraction"]) == ("styling", 1.0)
    dream_keys = {"octave", "octaves", "step", "steps", "width", "height", "fraction"}
    assert all(dream_keys <= set(one) and one["step"] <= one["steps"] for one in progress[1:])


def test_style_stays_within_the_mask(second: Client, style: dict[str, Any]) -> None:
    """And what is transparent stays as it is, values beyond white too."""
    rgba = RGBA.copy()
    rgba[:5] *= 3
    rgba[:, :, 3] = 1
    rgba[:, -3:, 3] = 0
    mask = np.zeros(rgba.shape[:2], np.float32)
    mask[10:30, 10:] = 0.5
    picture = GUIDE.astype(np.float32) / 255
    payload = rgba.tobytes() + mask.tobytes() + picture.tobytes()
    here = {**HERE, "pixels": "float32"}
    second.send(payload, type="style", styles=[SIZE], mask=True, recipe=style, **here)
    header, data = second.answer()
    assert header["type"] == "result", header
    got = np.frombuffer(data, np.float32).reshape(rgba.shape)
    still = (mask == 0) | (rgba[:, :, 3] == 0)
    assert got[still].tobytes() == rgba[still].tobytes()
    assert (got[~still] != rgba[~still]).any(1).mean() > 0.9


def test_style_takes_presets(second: Client, style: dict[str, Any]) -> None:
    """What the recipe leaves out comes from there; one for dreams is refused in a sentence."""
    payload = BYTES.tobytes() + GUIDE.tobytes()
    small = {**style, "rounds": 1, "octaves": 1, "strength": 0.0}
    second.send(payload, type="style", styles=[SIZE], preset="strokes", recipe=small, **HERE)
    header, got = result(second)
    assert header["recipe"]["taper"] == StyleRecipe.from_dict(header["recipe"]).taper < 1
    np.testing.assert_array_equal(got, BYTES)
    assert header["provider"] == "none"
    second.send(payload, type="style", styles=[SIZE], preset="fur", **HERE)
    assert "is for `dreamlayer dream" in second.answer()[0]["error"]


@pytest.mark.parametrize("kind", ["style", "gallery"])
def test_cancel(second: Client, style: dict[str, Any], small_network: Path, kind: str) -> None:
    """Of the one that runs and of one that waits; the worker goes on."""
    payload = BYTES.tobytes() + GUIDE.tobytes()
    for number in (1, 2):
        if kind == "style":
            endless = {**style, "rounds": 10_000}
            second.send(payload, type=kind, id=number, styles=[SIZE], recipe=endless, **HERE)
        else:
            # More than can be made before the request to cancel is read.
            wanted = {"layer": "deep", "channels": list(range(8)), "side": 512}
            second.send(type=kind, id=number, network=str(small_network), **wanted)
    second.until("progress", "thumbnail", "done")
    second.send(type="cancel")
    told = [second.until("error", "done")[-1][0] for _ in (1, 2)]
    assert {one["id"] for one in told} == {1, 2}
    errors = [error_of((one, b""))[1] for one in told if one["type"] == "error"]
    # One may have been complete before.
    assert errors
    assert set(errors) == {"CancelledError"}
    second.send(type="describe", id=3)
    assert second.until("description")[-1][0]["id"] == 3


def test_gallery_of_a_network_of_one_s_own(second: Client, small_network: Path) -> None:
    """Its layers, then channels in the order asked for; the second time the same bytes."""
    network = {"network": str(small_network)}
    second.send(type="gallery", id=1, side=32, **network)
    told = second.until("done", "error")
    layers = [one["layer"] for one, _ in told if one["type"] == "thumbnail"]
    assert set(layers) >= {"deep"}
    assert (told[-1][0]["type"], told[-1][0]["count"]) == ("done", len(layers))
    first: list[tuple[dict[str, Any], bytes]] = []
    for _ in range(2):
        second.send(type="gallery", id=2, layer="deep", channels=[1, 0, 1], side=32, **network)
        told = second.until("done", "error")
        shown = [one for one in told if one[0]["type"] == "thumbnail"]
        assert [one["channel"] for one, _ in shown] == [1, 0]
        assert all(len(data) == one["bytes"] == 32 * 32 * 3 for one, data in shown)
        assert shown == (first or shown)
        first = shown
    assert first[0][1] != first[1][1]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"type": "gallery", "layer": "none"}, "has no layer 'none'"),
    ({"type": "gallery", "layer": "mixed3", "channels": [9999]}, "mixed3"),
    ({"type": "gallery", "network": "none"}, "none"),
]


@pytest.mark.parametrize(("header", "words"), WRONG)
def test_mistake_in_a_gallery_is_one_sentence(
    second: Client, header: dict[str, Any], words: str
) -> None:
    """Before any thumbnail."""
    second.send(**header)
    told = second.until("done", "error", "thumbnail")[-1][0]
    assert told["type"] == "error", told
    assert words in told["error"]
    assert "\n" not in told["error"]


def test_pictures_that_memory_cannot_hold_are_refused_before_they_come(second: Client) -> None:
    """One sentence for a guide, and for styles that are too many together."""
    large = {"width": 60_000, "height": 60_000}
    size = BYTES.nbytes + 60_000 * 60_000 * 4
    header = {**HERE, "type": "dream", "guides": [large], "bytes": size}
    second.write(json.dumps(header).encode() + b"\n")
    told = second.answer()[0]
    assert told["kind"] == "MemoryLimitError"
    assert "other pictures" in told["error"]


def test_own_presets_are_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For dreams and styles, with their folder; and a preset's name is all that a request needs."""
    monkeypatch.setenv("DREAMLAYER_PRESETS", str(tmp_path))
    (tmp_path / "mine.toml").write_text("steps = 0")
    (tmp_path / "brush.json").write_text('{"command": "style", "strength": 0}')
    (tmp_path / "bad.json").write_text("{")
    with Client(command("worker", "--protocol", "2")) as second:
        second.send(type="describe")
        told = second.answer()[0]
        assert told["presets"]["mine"]["group"] == told["style"]["presets"]["brush"]["group"]
        assert told["presets_folder"] == str(tmp_path)
        assert len(told["preset_problems"]) == 1
        assert next(iter(told["style"]["presets"])) == "like-style"
        second.send(BYTES.tobytes(), type="dream", preset="mine", **HERE)
        np.testing.assert_array_equal(result(second)[1], BYTES)
        payload = BYTES.tobytes() + GUIDE.tobytes()
        second.send(payload, type="style", preset="brush", styles=[SIZE], **HERE)
        np.testing.assert_array_equal(result(second)[1], BYTES)
