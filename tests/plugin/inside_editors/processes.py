"""The processes beside a script in a root: which they are, and whether they compute.

Each is a worker, GIMP's filter, which is a process of its own, the display, or none of our concern.
"""

import os
from pathlib import Path

WORKER, PLUG_IN, DISPLAY = "worker", "plug-in", "display"


def workers():
    """Numbers of the workers that run."""
    return numbers(WORKER)


def numbers(kind):
    """Numbers of the processes of a kind."""
    return [number for number, other, _parent in running() if other == kind]


def running():
    """Number, kind and number of the parent of each process of ours that has not ended."""
    found = []
    for number, kind in _ours():
        try:
            state, parent = _words(Path(f"/proc/{number}/stat"))[:2]
        except OSError:
            continue
        if state != "Z":
            found.append((number, kind, int(parent)))
    return found


def spent_by_workers():
    """The time that each worker has computed, in ticks."""
    return _spent(workers())


def at_work():
    """The time that the filter, its workers and the display have computed, in ticks of each.

    The editor itself is not among them: it answers the batch all the time.
    """
    return _spent(number for number, _kind in _ours())


def any_waits():
    """Whether one of those could compute at this moment, and perhaps waits for a processor."""
    for number, _kind in _ours():
        for stat in Path(f"/proc/{number}/task").glob("*/stat"):
            try:
                if _words(stat)[0] in "RD":
                    return True
            except OSError:
                continue
    return False


def _ours():
    """Number and kind of each process of ours."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                kind = _kind((entry / "cmdline").read_bytes().split(b"\0"))
            except OSError:
                continue
            if kind:
                yield int(entry.name), kind


def _kind(words):
    """What a process with these words is; None where it is none of ours."""
    if b"dreamlayer" in words and b"worker" in words:
        return WORKER
    if any(word.endswith(b"/dreamlayer.py") for word in words):
        return PLUG_IN
    return DISPLAY if os.path.basename(words[0]) == b"Xvfb" else None


def _spent(numbers):
    found = {}
    for number in numbers:
        try:
            # User and system time: the 14th and 15th word of all.
            found[number] = sum(map(int, _words(Path(f"/proc/{number}/stat"))[11:13]))
        except OSError:
            continue
    return found


def _words(stat):
    """The words of such a file from the state on, which follows the name in brackets."""
    return stat.read_text().rpartition(")")[2].split()
