"""The command line's `dream` is run, shown, and cancelled; what came of it is counted."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from dreamlayer.plugin.file_managers.dreams import Outcome, dream


class Window:
    """Notes what is shown, and is cancelled once that is `until`."""

    def __init__(self, until: str = "never") -> None:
        self.shown: list[tuple[float, str]] = []
        self._until = until

    @property
    def cancelled(self) -> bool:
        """Whether the picture to wait for was shown."""
        return any(self._until in text for _, text in self.shown)

    def show(self, fraction: float, text: str) -> None:
        """Note it."""
        self.shown.append((round(fraction, 3), text))

    def close(self) -> None:
        """Nothing is open."""


def run(*events: Mapping[str, Any] | str, then: str = "", window: Window | None = None) -> Outcome:
    """What a made-up `dream` comes to, which says these events on standard error."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in events]
    code = (
        f"import sys, time\nfor one in {lines!r}: print(one, file=sys.stderr, flush=True)\n{then}"
    )
    return dream([sys.executable, "-c", code], {}, window or Window(), threading.Event())


def test_what_is_shown_and_counted() -> None:
    """The share of all pictures, the name of the present one, and what it came to."""
    window = Window()
    outcome = run(
        {"event": "start", "source": "/p/a.jpg", "number": 1, "of": 2},
        {"event": "progress", "fraction": 0.5, "seconds_left": 70, "number": 1, "of": 2},
        {"event": "note", "message": "worth knowing"},
        {"event": "done", "target": "/p/a-dream.jpg", "seconds": 1},
        {"event": "start", "source": "/p/b.jpg", "number": 2, "of": 2},
        {"event": "failed", "source": "/p/b.jpg", "message": "it is damaged", "kind": "X"},
        {"event": "summary", "done": 1, "skipped": 0, "failed": 1, "not_tried": 0},
        then="sys.exit(2)",
        window=window,
    )
    assert window.shown == [
        (0.0, "a.jpg (1 of 2)"),
        (0.25, "a.jpg (1 of 2), 1 min 10 s left"),
        (0.5, "b.jpg (2 of 2)"),
    ]
    assert outcome.done == ["/p/a-dream.jpg"]
    assert outcome.failed == [("/p/b.jpg", "it is damaged")]
    assert (outcome.error, outcome.cancelled) == ("", False)


@pytest.mark.parametrize(
    ("events", "error"),
    [
        (({"event": "error", "message": "the layer 'x' is unknown"},), "the layer 'x' is unknown"),
        (("No module named dreamlayer",), "No module named dreamlayer"),
        ((), "dreamlayer ended with exit code 2"),
    ],
)
def test_what_ends_the_work(events: tuple[Any, ...], error: str) -> None:
    """An error, also one of a program that does not get as far as an event, is told."""
    assert run(*events, then="sys.exit(2)").error == error


def test_what_is_not_tried() -> None:
    """A full disk ends the work early: the reason is that of the last failure."""
    outcome = run(
        {"event": "failed", "source": "a", "message": "the disk is full"},
        {"event": "summary", "not_tried": 3},
        then="sys.exit(2)",
    )
    assert outcome.error == "the disk is full"


def test_cancelled() -> None:
    """The process is told to end, and what it finished before counts."""
    began = time.monotonic()
    outcome = run(
        {"event": "done", "target": "/p/a-dream.jpg"},
        {"event": "start", "source": "/p/b.jpg", "number": 2, "of": 2},
        then="time.sleep(60)",
        window=Window(until="b.jpg"),
    )
    assert outcome.cancelled
    assert outcome.done == ["/p/a-dream.jpg"]
    assert time.monotonic() - began < 10


def test_ended_from_outside() -> None:
    """A signal to the program has the same effect as the button."""
    ended = threading.Event()
    ended.set()
    code = "import time; time.sleep(60)"
    assert dream([sys.executable, "-c", code], {}, Window(), ended).cancelled


def test_what_does_not_start() -> None:
    """A missing program is an outcome, too."""
    outcome = dream(["/no/such/python"], {}, Window(), threading.Event())
    assert outcome.error.startswith("/no/such/python does not start: ")
