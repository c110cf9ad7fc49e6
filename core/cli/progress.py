"""Show how far a dream has come: a line on a terminal, JSON lines for programs, else nothing."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from dreamlayer.core.ascent.progress import Progress
    from dreamlayer.core.style.lbfgs import StyleProgress

_INTERVAL = 0.1
_BAR = 20


class Reporter:
    """Where a command's progress and notes go.

    Parameters
    ----------
    as_json : bool
        One JSON object a line, on `stream`.
    quiet : bool
        Nothing at all.
    stream : text stream
        Standard error by default, so that a picture on standard output stays whole.
    """

    def __init__(self, *, as_json: bool, quiet: bool, stream: TextIO | None = None) -> None:
        self._json, self._quiet = as_json, quiet
        self._stream = sys.stderr if stream is None else stream
        self._line = not as_json and not quiet and self._stream.isatty()
        self._shown_at = 0.0
        self._began = time.monotonic()
        self._at: tuple[object, ...] | None = None

    def note(self, event: str, sentence: str, **facts: Any) -> None:
        """Say one thing: a sentence for people, the facts for programs."""
        if self._json:
            self._write(json.dumps({"event": event, **facts}, ensure_ascii=False) + "\n")
        elif not self._quiet:
            self.clear()
            self._write(sentence + "\n")

    def done(self, target: str, what: str = "", **facts: Any) -> None:
        """Say that an output was written, and how long it took since this reporter was made."""
        seconds = time.monotonic() - self._began
        self.clear()
        sentence = f"{target}: {what}done in {duration(seconds)}"
        self.note("done", sentence, target=target, **facts, seconds=round(seconds, 2))

    def restart(self) -> None:
        """Measure the time of `done` from now on."""
        self._began = time.monotonic()

    def progress(self, progress: Progress | StyleProgress) -> None:
        """Show the state of the work; a terminal at most ten times a second, JSON once a step."""
        if self._json:
            at = (progress.octave, progress.step)
            if at != self._at or progress.fraction >= 1:
                self._at = at
                facts = dataclasses.asdict(progress)
                self._write(json.dumps({"event": "progress", **facts}) + "\n")
        elif self._line:
            now = time.monotonic()
            if now - self._shown_at >= _INTERVAL or progress.fraction >= 1:
                self._shown_at = now
                width = shutil.get_terminal_size().columns - 1
                self._write("\r" + sentence(progress)[:width].ljust(width))

    def clear(self) -> None:
        """Wipe the progress line."""
        if self._line and self._shown_at:
            self._write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self._shown_at = 0.0

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def sentence(progress: Progress | StyleProgress) -> str:
    """One line about the state of a dream or a style."""
    full = round(progress.fraction * _BAR)
    left = "" if progress.seconds_left is None else f", {duration(progress.seconds_left)} left"
    return f"[{'#' * full}{'.' * (_BAR - full)}] {progress.fraction:4.0%}  {progress}{left}"


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
