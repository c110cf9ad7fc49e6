"""What the filters say in all editors, and in GIMP alone."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_modules import module

sentences, of_gimp = module("editor.messages"), module("gimp_messages")


def _header(**more: Any) -> dict[str, Any]:
    return {
        "stage": "dreaming",
        "octave": 2,
        "octaves": 6,
        "step": 3,
        "steps": 10,
        "seconds_left": None,
        **more,
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (7, "7 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3725.9, "62 min 5 s")],
)
def test_duration(seconds: float, text: str) -> None:
    """Seconds are told in seconds and minutes."""
    assert sentences.duration(seconds) == text


def test_progress() -> None:
    """Progress names octave and step, and the time left once it is known and worth it."""
    told = "Deep Dream: octave 2 of 6, step 3 of 10"
    assert sentences.progress({"stage": "loading"}) == "Deep Dream: loading the network"
    assert sentences.progress(_header()) == told
    assert sentences.progress(_header(seconds_left=0.3)) == told
    assert sentences.progress(_header(seconds_left=61.0)) == f"{told}, about 1 min 1 s left"


def test_progress_alone() -> None:
    """In a dialog that says what it does, progress is a sentence of its own."""
    told = "Octave 2 of 6, step 3 of 10"
    assert sentences.progress_alone({"stage": "loading"}) == "Loading the network"
    assert sentences.progress_alone(_header()) == told
    assert sentences.progress_alone(_header(seconds_left=61.0)) == f"{told}, about 1 min 1 s left"


def test_progress_of_an_animation() -> None:
    """Frames are what counts; the steps of each are too short to read."""
    header = _header(frame=3, frames=24)
    assert sentences.progress(header) == "Deep Dream: frame 3 of 24"
    left = dict(header, seconds_left=20.0)
    assert sentences.progress(left) == "Deep Dream: frame 3 of 24, about 20 s left"
    assert sentences.progress_alone(header) == "Frame 3 of 24"
    assert sentences.progress_alone(left) == "Frame 3 of 24, about 20 s left"


def test_frame_name() -> None:
    """GIMP's exports read how long a frame is shown, and that it replaces the one before."""
    assert of_gimp.frame_name(3, 80) == "Frame 3 (80ms) (replace)"


def test_shown() -> None:
    """A sentence that stands alone begins with a capital and ends with a stop."""
    assert sentences.shown("the image was closed") == "The image was closed."


def test_progress_on_several_layers() -> None:
    """Among several layers, progress names the one that is dreamt on."""
    told = sentences.progress(_header(seconds_left=61.0), "Räume {}", 2, 3)
    assert told.startswith("Deep Dream of 'Räume {}' (2 of 3): octave 2 of 6")
    assert told.endswith("about 1 min 1 s left")
    assert sentences.progress(_header(), "sky", 1, 1) == "Deep Dream: octave 2 of 6, step 3 of 10"


@pytest.mark.parametrize("reason", ["gone", "shape", "kind", "repainted", "locked"])
def test_moved(reason: str) -> None:
    """Where a dream went is one sentence, which names the layer or all of them."""
    told = of_gimp.moved([(reason, "Räume {}")])
    assert "'Räume {}'" in told
    assert "new layer" in told
    both = of_gimp.moved([(reason, "sky"), ("gone", "sea")])
    assert "'sky', 'sea'" in both
    assert "new layers" in both
    assert of_gimp.moved([]) == ""


@pytest.mark.parametrize(
    "name", ["group", "beside", "no_layer", "mask_chosen", "rendered", "locked", "unchangeable"]
)
def test_sentences_name_the_layer(name: str) -> None:
    """Each refusal names the layer and what to do."""
    sentence = getattr(of_gimp, name)("Räume {}")
    assert "'Räume {}'" in sentence
    assert any(word in sentence for word in ("choose", "set Output"))
