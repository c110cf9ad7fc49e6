"""Where the time of our own command goes: `python -m bench.measure.profile FILE dream PICTURE ...`.

Runs the command in this process with a clock around the functions that do the work, and writes the
seconds of each part to FILE as JSON.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import BenchError, UnavailableError
from bench.measure.gradients import Say
from bench.measure.pictures import launch, own_command, size_of, write_photo
from bench.measure.results import Profile
from bench.peers.subjects import Subject
from bench.peers.table import Entry

NETWORK, START = "network", "start of Python and imports"
PARTS = {
    # Includes sessions that are opened for sizes on the way.
    NETWORK: [
        "dreaming.objective:Objective.__call__",
        "dreaming.objective:Objective.expect",
    ],
    "roll: cut and add tiles": [
        "ascent.loop:tiles_of",
        "ascent.numpy_backend:cut",
        "ascent.numpy_backend:add",
    ],
    "pyramid": [
        "ascent.numpy_backend:condition",
        "ascent.numpy_backend:divide",
    ],
    "colors, headroom and tone": [
        "ascent.normalize:mix_colors",
        "ascent.numpy_backend:advance",
        "dreaming.dreamer:finished",
    ],
    "update and clip": ["dreaming.dreamer:Dreamer.dream"],
    "resize and anchor": ["ascent.loop:anchored", "ascent.numpy_backend:resized_plane"],
    "read the picture": ["images:open", "images:Source.load"],
    "write the picture": ["images:check_target", "images:write"],
    "load network and provider": [
        "dreaming.dreamer:Dreamer.__init__",
        "dreaming.dreamer:Dreamer.objective",
        "dreaming.dreamer:Dreamer.estimate",
        "network.network:Network.check",
    ],
}
"""Functions below `dreamlayer.core` that are timed for each part. Time in a function that another
one calls counts for the inner one alone, so `Dreamer.dream` is what is left of the loop; the rest
of the process is `START`."""

BEFORE = ("load network and provider", START)
"""Parts that come before the dream, once per process, whatever the picture."""

_MEGAPIXELS = 1.0


class Clock:
    """Adds up the seconds of parts that may call one another, each without its inner ones."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self._now = now
        self._inside: list[float] = []

    def around(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function with the clock around it."""

        @functools.wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            began = self._now()
            self._inside.append(0.0)
            try:
                return work(*arguments, **named)
            finally:
                whole = self._now() - began
                own = whole - self._inside.pop()
                self.seconds[part] = self.seconds.get(part, 0.0) + own
                if self._inside:
                    self._inside[-1] += whole

        return timed


def wrap(clock: Clock, parts: Mapping[str, Sequence[str]]) -> None:
    """Put the clock around functions named MODULE:NAME below `dreamlayer.core`, in this process.

    Raises
    ------
    BenchError
        There is no function of that name.
    """
    for part, names in parts.items():
        for name in names:
            module, _, path = name.partition(":")
            *owners, last = path.split(".")
            holder: Any = importlib.import_module(f"dreamlayer.core.{module}")
            try:
                for owner in owners:
                    holder = getattr(holder, owner)
                setattr(holder, last, clock.around(part, getattr(holder, last)))
            except AttributeError as error:
                raise BenchError(f"the profile times {name}, which does not exist") from error


def measure_profiles(
    entries: Sequence[Entry], subject: Subject, steps: int, *, say: Say = lambda _: None
) -> list[Profile]:
    """Profile the default recipe on one megapixel, for each of our own rows."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        width, height = size_of(_MEGAPIXELS)
        photo, output, parts_file = (
            Path(name) / part for part in ("photo.jpg", "dream.png", "parts")
        )
        write_photo(photo, width, height)
        for entry in entries:
            if not entry.ours:
                continue
            say(f"profile of {entry.label}")
            try:
                arguments = own_command(entry, subject, photo, output, steps)
            except UnavailableError:
                continue
            command = [
                entry.python or sys.executable,
                "-m",
                "bench.measure.profile",
                str(parts_file),
            ]
            run = launch(entry, [*command, *arguments])
            seconds = json.loads(parts_file.read_text(encoding="utf-8"))
            seconds[START] = max(run.seconds - sum(seconds.values()), 0.0)
            parts = {part: seconds.get(part, 0.0) for part in (*PARTS, START)}
            found.append(Profile(entry.label, width, height, steps, parts))
    return found


def main(argv: Sequence[str]) -> int:
    """Run one of our own commands with the clock, and write the seconds."""
    from dreamlayer.core.cli.program import main as command

    # `core` imports it when it first blurs; importing is not part of that.
    importlib.import_module("scipy.ndimage")
    file, *arguments = argv
    clock = Clock()
    wrap(clock, PARTS)
    code = command(arguments)
    Path(file).write_text(json.dumps(clock.seconds), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
