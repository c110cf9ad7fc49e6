"""Show how far a command has come: on a terminal, in a log, or as JSON lines for programs."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from dreamlayer.core.cli.standard_streams import as_json as to_json
from dreamlayer.core.cli.standard_streams import note as write
from dreamlayer.core.errors import printable
from dreamlayer.core.interruption import check

if TYPE_CHECKING:
    from dreamlayer.core.ascent.progress import Progress
    from dreamlayer.core.style.lbfgs import StyleProgress

_INTERVAL = 0.1
"""Seconds between two states of the line on a terminal."""

_FIRST, _LONGEST, _GROWTH = 30.0, 600.0, 1.5
"""Seconds until the first line in a log, at most between two, and by what they grow rarer."""

_BAR = 20
_NARROW = 30
"""Columns of a terminal below which only the percentage is shown."""


class Reporter:
    """Where a command's progress and notes go: to standard error, where a failure loses nothing.

    Parameters
    ----------
    as_json : bool
        One JSON object a line.
    quiet : bool
        Errors only.
    stream : text stream
        Standard error by default, so that a picture on standard output stays whole.
    clock : callable
        Seconds since any time.
    """

    def __init__(
        self,
        *,
        as_json: bool,
        quiet: bool,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._json, self._quiet, self._clock = as_json, quiet, clock
        self._stream = sys.stderr if stream is None else stream
        self._line = not as_json and not quiet and _can_draw(self._stream)
        self._log = not as_json and not quiet and not self._line
        self._width = 0
        self._shown_at = 0.0
        self._began = self._batch_began = self._said_at = clock()
        self._wait = _FIRST
        self._at: object = None
        self._name, self._number, self._of = "", 1, 1
        self._begun = 0

    def begin(self, name: str, number: int, of: int) -> None:
        """Begin a picture, counted from 1; the time of `done` is measured from now on."""
        self._name, self._number, self._of = name, number, of
        self._begun += 1
        self._began = self._said_at = self._clock()
        self._wait, self._at = _FIRST, None

    def start(self, sentence: str, **facts: Any) -> None:
        """Say what is about to be done, and for which picture of how many."""
        self.note("start", sentence, **facts, **self._place())

    def note(self, event: str, sentence: str, **facts: Any) -> None:
        """Say one thing: a sentence for people, the facts for programs."""
        if self._json:
            self._event(event, **facts)
        elif not self._quiet and sentence:
            self._say(sentence)

    def remark(self, sentence: str, **facts: Any) -> None:
        """Say what is worth knowing about a picture and stops nothing."""
        self.note("note", sentence, message=sentence, **facts)

    def done(self, target: str, what: str = "", **facts: Any) -> None:
        """Say that an output was written, and how long it took since it was begun."""
        seconds = self._clock() - self._began
        name = "standard output" if target == "-" else target
        sentence = f"{name}: {what}done in {duration(seconds)}"
        self.note("done", sentence, target=target, **facts, seconds=round(seconds, 2))

    def error(self, event: str, sentence: str, **facts: Any) -> None:
        """Say what went wrong, also where only errors are wanted."""
        if self._json:
            self._event(event, **facts)
        else:
            self._say(sentence)

    def progress(self, progress: Progress | StyleProgress) -> None:
        """Show the state of the work, and stop it if the program was asked to.

        A terminal is shown it ten times a second at most, JSON once a step, and a log after half a
        minute for the first time.
        """
        check()
        if self._json:
            at = (progress.octave, progress.step, getattr(progress, "round", 0))
            if progress.fraction >= 1:
                at = (0, 0, 0)
            if at != self._at:
                self._at = at
                self._event("progress", **dataclasses.asdict(progress), **self._place())
        elif self._line:
            now = self._clock()
            if now - self._shown_at >= _INTERVAL or progress.fraction >= 1:
                self._shown_at = now
                self._draw(progress)
        elif self._log:
            now = self._clock()
            if now - self._said_at >= self._wait:
                self._said_at = now
                self._wait = min(self._wait * _GROWTH, _LONGEST)
                name = f"{self._name}: " if self._name else ""
                which = f"picture {self._number} of {self._of}, " if self._of > 1 else ""
                self._say(f"{name}{which}{progress.fraction:.0%}, {progress}{self._left(progress)}")

    def clear(self) -> None:
        """Wipe the progress line."""
        if self._line and self._width:
            write("\r" + " " * self._width + "\r", self._stream)
            self._shown_at, self._width = 0.0, 0

    def _say(self, sentence: str) -> None:
        self.clear()
        write(printable(sentence) + "\n", self._stream)
        self._said_at = self._clock()

    def _event(self, event: str, **facts: Any) -> None:
        if event != "progress":
            self._at = None
        write(to_json({"event": event, **facts}, self._stream) + "\n", self._stream)

    def _place(self) -> dict[str, int]:
        """Which picture of how many, where there are several."""
        return {"number": self._number, "of": self._of} if self._of > 1 else {}

    def _draw(self, progress: Progress | StyleProgress) -> None:
        width = max(_columns(self._stream) - 1, 1)
        which = f"{self._number}/{self._of} " if self._of > 1 else ""
        text = f"{bar(progress)}  {progress}{self._left(progress)}"
        if self._of > 1:
            # What is cut off, if anything, is what matters least.
            text = f"{which}{bar(progress)}{self._left(progress)}, {progress}"
        if width < _NARROW:
            text = f"{which}{progress.fraction:.0%}"
            text = text if len(text) <= width else text.removeprefix(which)
        text = printable(text)[:width]
        write("\r" + text.ljust(min(self._width, width)), self._stream)
        self._width = len(text)

    def _left(self, progress: Progress | StyleProgress) -> str:
        """The time left, of the picture and of all."""
        left = progress.seconds_left
        if left is None:
            return ""
        text = f", {duration(left)} left"
        if self._of > 1:
            # What is left are as many pictures as this one, on average with those before it.
            passed = self._clock() - self._batch_began
            each = (passed + left) / max(self._begun, 1)
            text += f", {duration(left + each * (self._of - self._number))} in all"
        return text


def _can_draw(stream: TextIO) -> bool:
    """Whether a line can be drawn over itself on a stream."""
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:
        return False


def _columns(stream: TextIO) -> int:
    """The width of a terminal."""
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return found or shutil.get_terminal_size().columns


def bar(progress: Progress | StyleProgress) -> str:
    """The share that is done, as a bar and as a percentage."""
    full = min(max(round(progress.fraction * _BAR), 0), _BAR)
    return f"[{'#' * full}{'.' * (_BAR - full)}] {progress.fraction:4.0%}"


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
