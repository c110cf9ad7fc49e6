"""Animations from a real worker: frame after frame, then that all are sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import command
from worker_process import RGBA, Client, error_of

from dreamlayer.core.dreaming.animation import animate
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.recipe.animation import Animation
from dreamlayer.core.recipe.recipe import Recipe

BYTES = (RGBA * 255).astype(np.uint8)
HERE = {"width": BYTES.shape[1], "height": BYTES.shape[0], "pixels": "uint8"}


@pytest.fixture
def second() -> Iterator[Client]:
    """A worker that speaks version 2."""
    with Client(command("worker", "--protocol", "2")) as started:
        yield started


def ask(client: Client, recipe: Recipe, payload: bytes = BYTES.tobytes(), **keys: Any) -> None:
    """Ask for an animation."""
    client.send(payload, type="animate", recipe=recipe.to_dict(), id=1, **HERE, **keys)


def test_frames_are_those_of_the_library(second: Client, recipe: Recipe) -> None:
    """In order, rounded as results are, with their alpha; the recipe comes with the last reply."""
    ask(second, recipe, frames=3, zoom=1.1, rotation=4, frame_steps=1)
    messages = second.until("done", "error")
    frames = [(header, data) for header, data in messages if header["type"] == "frame"]
    assert [header["number"] for header, _ in frames] == [1, 2, 3]
    pixels = BYTES[..., :3] / np.float32(255)
    expected = animate(
        Dreamer(recipe.network), pixels, recipe, Animation(3, 1.1, 4, 1), alpha=BYTES[..., 3]
    )
    for (header, data), one in zip(frames, expected, strict=True):
        assert one.alpha is not None
        got = np.frombuffer(data, np.uint8).reshape(BYTES.shape)
        np.testing.assert_array_equal(got[..., 3], one.alpha)
        rounded = np.floor(one.pixels.clip(0, 1).astype(np.float64) * 255 + 0.5)
        np.testing.assert_array_equal(got[..., :3], rounded)
        assert {**HERE, "type": "frame", "id": 1, "bytes": len(data)}.items() <= header.items()
    done = messages[-1][0]
    assert (done["type"], done["count"]) == ("done", 3)
    assert Recipe.from_dict(done["recipe"]).replace(tile=recipe.tile) == recipe
    assert done["provider"] != "none"


def test_progress_tells_the_frame(second: Client, recipe: Recipe) -> None:
    """From 1 to their number; the fraction is that of all."""
    ask(second, recipe, frames=3)
    told = [h for h, _ in second.until("done") if h.get("stage") == "dreaming"]
    assert {header["frames"] for header in told} == {3}
    numbers = [header["frame"] for header in told]
    assert numbers == sorted(numbers)
    assert set(numbers) == {1, 2, 3}
    fractions = [header["fraction"] for header in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_previews_come_of_every_frame(second: Client, recipe: Recipe) -> None:
    """An editor can show what grows."""
    ask(second, recipe, frames=2, preview=20)
    types = [h["type"] for h, _ in second.until("done")]
    first = types.index("frame")
    assert "preview" in types[:first]
    assert "preview" in types[first:]


def test_cancel_ends_it_within_a_frame(second: Client, recipe: Recipe) -> None:
    """The frames before are there, and the worker goes on."""
    ask(second, recipe.replace(steps=20), frames=100_000)
    second.until("frame")
    second.send(type="cancel", id=1)
    assert error_of(second.until("error")[-1]) == (1, "CancelledError")
    ask(second, recipe, frames=1)
    assert second.until("done", "error")[-1][0]["count"] == 1


def test_recipe_that_changes_nothing_moves_the_picture(
    second: Client, recipe: Recipe, small_network: Path
) -> None:
    """Nothing computes."""
    ask(second, recipe.replace(steps=0, network=str(small_network)), frames=2, zoom=1, rotation=180)
    messages = second.until("done", "error")
    frames = [data for header, data in messages if header["type"] == "frame"]
    assert frames[0] == BYTES.tobytes()
    alpha = np.frombuffer(frames[1], np.uint8).reshape(BYTES.shape)[::-1, ::-1, 3]
    assert np.abs(alpha.astype(int) - BYTES[..., 3]).max() <= 1
    assert messages[-1][0]["provider"] == "none"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"frames": 0}, "frames must be a whole number from 1 to 100000, but is 0"),
        ({"zoom": 3}, "zoom must be a number from 0.5 to 2.0, but is 3"),
        ({"zoom": "2"}, "'zoom' must be a finite number, but is '2'"),
        ({"rotation": 1e300}, "rotation must be a number from -180.0 to 180.0"),
        ({"frame_steps": -1}, "'frame_steps' must be a whole number from 0"),
        ({"frame": 3}, "animate has no key 'frame'; did you mean frames"),
    ],
)
def test_what_is_not_allowed(
    second: Client, recipe: Recipe, keys: dict[str, Any], says: str
) -> None:
    """One sentence each, and the worker reads on."""
    ask(second, recipe, **keys)
    header, _ = second.answer()
    assert header["type"] == "error"
    assert says in header["error"]
    second.send(type="describe")
    assert second.answer()[0]["type"] == "description"


def test_version_1_has_no_animations(client: Client, recipe: Recipe) -> None:
    """It is as it was."""
    ask(client, recipe)
    header, _ = client.answer()
    assert header["error"] == "'type' must be one of dream, describe, cancel, but is 'animate'"
