"""The processes beside a script in a window: which they are, and whether they compute."""

import os
from pathlib import Path


def workers():
    """Numbers of the workers that run."""
    return [number for number, words in _running() if _is_worker(words)]


def spent_by_workers():
    """The time that each worker has computed, in ticks."""
    return _spent(workers())


def at_work():
    """The time that the filter, its workers and the display have computed, in ticks of each.

    GIMP itself is not among them: it answers the batch all the time.
    """
    return _spent(number for number, words in _running() if _is_ours(words))


def any_waits():
    """Whether one of those could compute at this moment, and perhaps waits for a processor."""
    for number, words in _running():
        if _is_ours(words):
            for stat in Path(f"/proc/{number}/task").glob("*/stat"):
                try:
                    if _words(stat)[0] in "RD":
                        return True
                except OSError:
                    continue
    return False


def _running():
    """Number and words of each process."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield entry.name, (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue


def _is_worker(words):
    return b"dreamlayer" in words and b"worker" in words


def _is_ours(words):
    filter_ = any(word.endswith(b"/dreamlayer.py") for word in words)
    return filter_ or _is_worker(words) or os.path.basename(words[0]) == b"Xvfb"


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
