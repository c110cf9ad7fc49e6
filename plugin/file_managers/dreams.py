"""Dream on files with the command line's `dream`, in a process of its own that can be cancelled."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from dreamlayer.core.cli.progress import duration
from dreamlayer.core.errors import bare, printable
from dreamlayer.plugin.file_managers.window import Window

_POLL = 0.1
"""Seconds between two looks at whether the user cancels."""

_GRACE = 20.0
"""Seconds that the process has to end after it is told to; a tile takes less."""

_NO_WINDOW = 0x08000000


@dataclass
class Outcome:
    """What came of the files.

    Attributes
    ----------
    done : list of str
        The results that were written.
    failed : list of (str, str)
        Pictures that could not be dreamed on, each with the reason.
    skipped : list of (str, str)
        Pictures that need no work, each with the reason.
    error : str
        What ended the work early, or kept it from beginning; else empty.
    cancelled : bool
        Whether the user cancelled.
    current : str
        The picture that was begun last.
    """

    done: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    cancelled: bool = False
    current: str = ""

    def take(self, event: Mapping[str, Any]) -> None:
        """Take what one event of the process says."""
        kind, said = event.get("event"), str(event.get("message", ""))
        if kind == "start":
            self.current = str(event.get("source", ""))
        elif kind == "done":
            self.done.append(str(event.get("target", "")))
        elif kind == "failed":
            self.failed.append((str(event.get("source", "")), said))
        elif kind == "skipped":
            self.skipped.append((str(event.get("source", "")), str(event.get("reason", ""))))
        elif kind == "summary" and event.get("not_tried"):
            self.error = self.failed[-1][1] if self.failed else f"{event['not_tried']} are left"
        elif kind == "error":
            self.error = said
        elif kind == "cancelled":
            self.cancelled = True


def dream(
    command: Sequence[str],
    environment: Mapping[str, str],
    window: Window,
    ended: threading.Event,
) -> Outcome:
    """Run `dream --json` to its end, and show how far it is.

    Parameters
    ----------
    command, environment
        How it is started.
    window : Window
        Where progress is shown, and the user may cancel.
    ended : threading.Event
        Set by whoever else wants it to end, such as a signal's handler.
    """
    outcome = Outcome()
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(environment),
            creationflags=_NO_WINDOW if os.name == "nt" else 0,
        )
    except (OSError, ValueError) as error:
        outcome.error = f"{command[0]} does not start: {error}"
        return outcome
    assert process.stderr is not None
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stderr, lines), daemon=True)
    reader.start()
    last, open_ = "", True
    try:
        while open_:
            if window.cancelled or ended.is_set():
                outcome.cancelled = True
                break
            line = _next(lines)
            if line is None:
                open_ = False
            elif line:
                last = _take(line, outcome, window) or last
    finally:
        code = _end(process, at_once=open_)
        reader.join(_GRACE)
    while open_ and (line := _next(lines)):
        # What was finished before it was cancelled.
        _take(line, outcome, window)
    if code and not (outcome.error or outcome.failed or outcome.cancelled):
        outcome.error = last or f"dreamlayer ended with exit code {code}"
    return outcome


def _read(stream: IO[bytes], lines: queue.Queue[str | None]) -> None:
    with stream:
        for line in stream:
            if line.strip():
                lines.put(line.decode("utf-8", "replace").strip())
    lines.put(None)


def _next(lines: queue.Queue[str | None]) -> str | None:
    """The next line; '' where there is none yet, None where there are no more."""
    try:
        return lines.get(timeout=_POLL)
    except queue.Empty:
        return ""


def _take(line: str, outcome: Outcome, window: Window) -> str:
    """Take a line; what is said that is no event, such as by a library that fails."""
    try:
        event = json.loads(line)
        kind = event["event"]
    except (KeyError, TypeError, ValueError):
        return printable(line)
    outcome.take(event)
    if kind in ("start", "progress"):
        number, of = int(event.get("number", 1)), max(int(event.get("of", 1)), 1)
        share = float(event.get("fraction", 0.0))
        window.show((number - 1 + share) / of, _told(outcome.current, event))
    return ""


def _told(source: str, event: Mapping[str, Any]) -> str:
    """What the window says of a picture."""
    text = bare(Path(source).name)
    if event.get("of", 1) > 1:
        text = f"{text} ({event['number']} of {event['of']})"
    left = event.get("seconds_left")
    return f"{text}, {duration(float(left))} left" if left else text


def _end(process: subprocess.Popen[bytes], *, at_once: bool) -> int:
    """Wait for the end of the process, or make it end."""
    if at_once:
        process.terminate()
    try:
        return process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
