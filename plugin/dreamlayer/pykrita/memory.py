"""Refuses, before any work, frames that would not fit into the memory that is free."""

from ..editor.messages import RefusedError
from . import words


def check_memory(frames, box, pixel_bytes, path="/proc/meminfo"):
    """Raise `RefusedError` where so many frames of a box would not fit.

    They are held here until all are there, and then by Krita too. Other systems than Linux do not
    tell how much there is.
    """
    needed = 2 * frames * box.width * box.height * pixel_bytes
    free = _free_memory(path)
    if free is not None and needed > free:
        shown = {"needed": "{:.1f}".format(needed / 1e9), "free": "{:.1f}".format(free / 1e9)}
        sentence = words.TOO_LARGE.format(
            frames=frames, width=box.width, height=box.height, **shown
        )
        raise RefusedError(sentence)


def _free_memory(path):
    """Bytes of memory that programs can have without swapping; None where no file tells."""
    try:
        with open(path, encoding="ascii") as file:
            facts = dict(line.split(":", 1) for line in file if ":" in line)
    except OSError:
        return None
    kilobytes = facts.get("MemAvailable", "").split()
    return int(kilobytes[0]) * 1024 if kilobytes else None
