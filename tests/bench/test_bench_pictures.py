"""Whole pictures and the profile of the benchmark, on pictures of a few pixels."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from bench.errors import BenchError, UnavailableError
from bench.measure import pictures
from bench.measure import profile as profiling
from bench.measure.pictures import launch, measure_pictures, size_of, write_photo
from bench.measure.profile import PARTS, START, Clock, measure_profiles, wrap
from bench.peers.subjects import DEFAULT
from bench.peers.table import COMMAND, CPU, OLD, Entry

TINY = 120, 100


@pytest.fixture(autouse=True)
def _fakes_and_tiny_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))
    monkeypatch.setitem(pictures.SIZES, 1.0, TINY)


def test_sizes_have_their_megapixels() -> None:
    """The usual ones as cameras have them, others 4 to 3."""
    assert size_of(12.0) == (4000, 3000)
    width, height = size_of(3.0)
    assert width * height == pytest.approx(3e6, rel=0.01)
    assert width / height == pytest.approx(4 / 3, rel=0.01)


def test_photo_is_cut_to_shape(tmp_path: Path) -> None:
    """Any size can be had of the photo of the tests."""
    write_photo(tmp_path / "photo.jpg", 90, 200)
    with Image.open(tmp_path / "photo.jpg") as image:
        assert image.size == (90, 200)


def test_launched_command_has_seconds_and_memory() -> None:
    """A process that takes 200 MB for a moment is seen to have taken them, from its start."""
    held = "x = bytearray(200_000_000); x[::4096] = bytes(len(x[::4096])); print(1)"
    run = launch(Entry("row", ""), [sys.executable, "-c", held])
    assert run.seconds > 0
    if run.peak is not None:
        assert 200e6 < run.peak < 260e6


def test_launched_command_that_fails_says_why() -> None:
    """The last line that it said, with its exit code."""
    code = "import sys; print('no luck', file=sys.stderr); sys.exit(2)"
    with pytest.raises(BenchError, match=r"^the process ended with exit code 2: no luck$"):
        launch(Entry("row", ""), [sys.executable, "-c", code])


def test_pictures_are_made_in_turn_and_compared() -> None:
    """Each gets one run a round; changes are compared with the first; failures have reasons."""
    ours = CPU[0]
    black = Entry("black", "fake_bench:good")
    twin = Entry("twin", "bench.peers.own:cpu", picture=COMMAND, provider="cpu")
    dying = Entry("dying", "fake_bench:dying")
    old = Entry("old", "", picture=COMMAND, provider="cpu", recipe=OLD)
    said: list[str] = []
    rows = [ours, twin, black, dying, old]
    (found,) = measure_pictures(rows, DEFAULT, [1.0], 1, 2, say=said.append)
    assert (found.width, found.height, found.steps) == (*TINY, 1)
    assert {label: len(runs) for label, runs in found.runs.items()} == {
        ours.label: 2,
        "twin": 2,
        "black": 2,
        "old": 2,
    }
    # Another recipe makes another picture.
    assert "old" not in found.cosines
    assert found.cosines["twin"] == pytest.approx(1, abs=1e-6)
    assert found.cosines["black"] < 0.9
    assert found.failed == {"dying": "the process ended with exit code 3: it went wrong"}
    first, counted = said[: len(rows)], said[len(rows) : 2 * len(rows)]
    assert all("round 0 of 2" in line for line in first), "caches are filled first"
    assert first[0].endswith(ours.label)
    assert counted[0].endswith("round 1 of 2: twin"), "rounds begin with another row each"


def test_compiled_pictures_are_made_when_asked_for() -> None:
    """What compiles for each octave takes minutes, so that it is left out and says so."""
    compiling = Entry("compiling", "fake_bench:good", compiles=True)
    (left_out,) = measure_pictures([compiling], DEFAULT, [1.0], 1, 1)
    assert "--all-rows" in left_out.failed["compiling"]
    assert not left_out.runs
    (made,) = measure_pictures([compiling], DEFAULT, [1.0], 1, 1, all_rows=True)
    assert made.runs.keys() == {"compiling"}


def test_large_pictures_are_made_once_by_some_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take minutes; those that compute something else make none of any size."""
    monkeypatch.setattr(pictures, "LARGE", 0.5)
    rows = [Entry(name, "fake_bench:good", large=name == "large") for name in ("large", "small")]
    rows.append(Entry("wrong", ""))
    (found,) = measure_pictures(rows, DEFAULT, [1.0], 1, 2, unfit={"wrong": "why"})
    assert {label: len(runs) for label, runs in found.runs.items()} == {"large": 1}
    assert "--all-rows" in found.failed["small"]
    assert found.failed["wrong"] == "why"


def test_precision_that_there_is_not_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that our command cannot compute as told is left out of the pictures alone."""

    def refuse(precision: str) -> list[str]:
        raise BenchError(f"no {precision} here")

    monkeypatch.setattr("bench.peers.own.command_options", refuse)
    (found,) = measure_pictures([CPU[0]], DEFAULT, [1.0], 1, 1)
    assert found.failed == {CPU[0].label: "no float32 here"}


def test_clock_counts_inner_parts_once() -> None:
    """Of a second that lies within another, only one part has it."""
    ticks = iter([0.0, 1.0, 4.0, 10.0])
    clock = Clock(lambda: next(ticks))
    inner = clock.around("inner", lambda: None)
    clock.around("outer", inner)()
    assert clock.seconds == {"inner": 3.0, "outer": 7.0}


def test_profile_of_what_is_not_there_is_refused() -> None:
    """A function that was renamed is not left out in silence."""
    with pytest.raises(BenchError, match=r"times ascent\.loop:gone, which does not exist"):
        wrap(Clock(), {"part": ["ascent.loop:gone"]})


def test_profile_shows_all_parts_of_our_command() -> None:
    """Every part of the table takes time in a run of the command, and together they are all."""
    (found,) = measure_profiles([CPU[0], Entry("other", "")], DEFAULT, 1)
    assert list(found.seconds) == [*PARTS, START]
    assert min(found.seconds.values()) > 0
    assert found.label == CPU[0].label


def test_profile_leaves_out_a_precision_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report says elsewhere why such a row is missing."""

    def refuse(*_: object) -> list[str]:
        raise UnavailableError("not here")

    monkeypatch.setattr(profiling, "own_command", refuse)
    assert measure_profiles([CPU[0]], DEFAULT, 1) == []
