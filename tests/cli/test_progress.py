"""Progress on a terminal, in a log, and for programs, by a clock of the test's own."""

from __future__ import annotations

import io
import json

import pytest

from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.cli.progress import Reporter, duration


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that is a terminal of no known width."""

    def isatty(self) -> bool:
        return True


def at(fraction: float, left: float | None = None, step: int = 1) -> Progress:
    """Some state of a dream."""
    return Progress(1, 2, step, 10, 80, 60, fraction, left, None)


def test_a_log_gets_a_line_now_and_then() -> None:
    """After half a minute, then more and more rarely, with the time left."""
    clock, stream = Clock(), io.StringIO()
    reporter = Reporter(as_json=False, quiet=False, stream=stream, clock=clock)
    reporter.begin("a.png", 1, 1)
    times = []
    for second in range(3600):
        clock.now = 1000.0 + second
        before = stream.tell()
        reporter.progress(at(second / 3600, 3600.0 - second))
        if stream.tell() > before:
            times.append(second)
    assert times[:3] == [30, 75, 143]
    assert len(times) < 12
    first = stream.getvalue().splitlines()[0]
    assert first == "a.png: 1%, octave 1/2 (80 × 60), step 1/10, 59 min 30 s left"


def test_a_picture_that_takes_seconds_has_no_line_in_a_log() -> None:
    """However many there are."""
    clock, stream = Clock(), io.StringIO()
    reporter = Reporter(as_json=False, quiet=False, stream=stream, clock=clock)
    for number in range(1, 100):
        reporter.begin("a.png", number, 99)
        clock.now += 20
        reporter.progress(at(0.5))
        reporter.done("a.png")
    assert all("done" in line for line in stream.getvalue().splitlines())


def test_a_batch_tells_which_picture_and_the_time_of_all() -> None:
    """From those before and the present one."""
    clock, stream = Clock(), io.StringIO()
    reporter = Reporter(as_json=False, quiet=False, stream=stream, clock=clock)
    reporter.begin("a.png", 1, 5)
    reporter.begin("b.png", 2, 5)
    clock.now += 100
    reporter.progress(at(0.5, 60.0))
    said = stream.getvalue()
    assert said.startswith("b.png: picture 2 of 5, 50%, ")
    # Two take 160 s, so that three more take 240 s.
    assert said.endswith(", 1 min 0 s left, 5 min 0 s in all\n")


@pytest.mark.parametrize(("columns", "shown"), [(80, "2/5 [####"), (20, "2/5 40%"), (4, "40%")])
def test_a_terminal_of_any_width(columns: int, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line never wraps, and what matters most comes first."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    reporter = Reporter(as_json=False, quiet=False, stream=stream)
    reporter.begin("b.png", 2, 5)
    reporter.progress(at(0.4, 3.0))
    drawn = stream.getvalue()
    assert drawn.startswith("\r" + shown)
    assert len(drawn) - 1 < columns
    reporter.note("start", "a note")
    assert stream.getvalue().removeprefix(drawn) == f"\r{' ' * (len(drawn) - 1)}\ra note\n"


def test_a_dumb_terminal_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot draw a line over itself."""
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    Reporter(as_json=False, quiet=False, stream=stream).progress(at(1.0))
    assert stream.getvalue() == ""


def test_programs_get_each_step_once() -> None:
    """The last one too, at fraction 1; and which picture of how many."""
    stream = io.StringIO()
    reporter = Reporter(as_json=True, quiet=False, stream=stream)
    reporter.begin("b.png", 2, 3)
    for state in (at(0.1), at(0.2), at(0.6, step=2), at(1.0, step=2), at(1.0, step=2)):
        reporter.progress(state)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [one["fraction"] for one in events] == [0.1, 0.6, 1.0]
    assert {(one["number"], one["of"]) for one in events} == {(2, 3)}
    reporter.begin("c.png", 3, 3)
    reporter.progress(at(1.0, step=2))
    assert len(stream.getvalue().splitlines()) == 4


def test_what_is_said_is_one_safe_line() -> None:
    """Whatever a file is called."""
    stream = io.StringIO()
    reporter = Reporter(as_json=False, quiet=False, stream=stream)
    reporter.note("start", "a\x1b[31m\nb: \u202e")
    assert stream.getvalue() == "a\\x1b[31m\\nb: \\u202e\n"


def test_only_errors() -> None:
    """Where no more is wanted."""
    stream = io.StringIO()
    reporter = Reporter(as_json=False, quiet=True, stream=stream)
    reporter.note("start", "a note")
    reporter.progress(at(1.0))
    reporter.done("a.png")
    reporter.error("failed", "an error")
    assert stream.getvalue() == "an error\n"


def test_durations() -> None:
    """As a person reads them."""
    assert [duration(seconds) for seconds in (0.4, 59, 61, 3599, 3661)] == [
        *("0 s", "59 s", "1 min 1 s", "59 min 59 s", "1 h 1 min")
    ]
