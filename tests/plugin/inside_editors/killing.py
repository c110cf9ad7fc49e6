"""Kills processes beside a script in a root, and looks what they leave.

A batch in the editor works again and again, and tells of each call in a file of one JSON a line.
"""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

from processes import WORKER, running

PATIENCE = 240.0
"""Seconds for which anything is waited for, also where the machine does much else."""

_GONE = 30.0
"""Seconds within which a process must end by itself, also where the machine does much else."""


class Calls:
    """What a batch tells of its calls.

    Parameters
    ----------
    path : Path
        The file, which may not be there yet.
    """

    def __init__(self, path):
        self.path = path

    def lines(self):
        """What is there, of whole lines."""
        text = self.path.read_text() if self.path.exists() else ""
        return [json.loads(line) for line in text.split("\n")[:-1] if line]

    def last(self):
        """The last one."""
        return self.lines()[-1]


def kill(process):
    """As hard as it goes."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def left_of(*kinds):
    """Our processes of these kinds that are still there after some seconds."""
    return _left(lambda: [f"{kind} {n}" for n, kind, _parent in running() if kind in kinds])


def orphans_left(parents):
    """Workers of no living parent that are still there after some seconds.

    `parents` gives the numbers of the living ones.
    """

    def lost():
        # First the workers: one that a new parent starts meanwhile is no orphan.
        here = [(number, parent) for number, kind, parent in running() if kind == WORKER]
        living = set(parents())
        return [f"{WORKER} {number}" for number, parent in here if parent not in living]

    return _left(lost)


def _left(ask):
    end = time.monotonic() + _GONE
    while (here := ask()) and time.monotonic() < end:
        time.sleep(0.02)
    return here


def paths_in(places, own=()):
    """All that lies in folders, files and folders, but for files of a test's own names."""
    found = set()
    for place in places:
        for path in Path(place).rglob("*"):
            if path.name not in own:
                found.add(str(path))
    return found


def until(ask, what):
    """Ask until the answer is something."""
    end = time.monotonic() + PATIENCE
    while not ask():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come")
        time.sleep(0.02)
