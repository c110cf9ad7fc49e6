"""What may come of a command on a file from a stranger: a picture, or one sentence."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path

import numpy as np
from forked_program import Ended
from PIL import Image

MEMORY = 1_500_000_000
"""The most memory in bytes that a command may hold for a small picture."""

_BETRAYING = ("Traceback", "something went wrong inside", "Warning:", "Segmentation", "Error:")


def faults(ended: Ended, *, as_json: bool = False) -> list[str]:
    """What is wrong with how a run ended, in words; nothing where all is well.

    Parameters
    ----------
    ended : Ended
        The run.
    as_json : bool
        Whether it reports JSON on standard error; else that holds one sentence, or nothing.
    """
    found = []
    if ended.hung:
        found.append(f"hang: no end after {ended.seconds:.0f} s")
    elif ended.code < 0:
        found.append(f"signal {-ended.code}")
    elif ended.code not in (0, 2):
        found.append(f"exit code {ended.code}")
    if ended.peak > MEMORY:
        found.append(f"memory: {ended.peak >> 20} MiB")
    text = ended.errors.decode(errors="replace")
    if word := next((one for one in _BETRAYING[:2] if one in text), ""):
        found.append(f"traceback: {word}")
    lines = text.splitlines()
    if as_json:
        found += [f"prose among JSON: {line}" for line in not_json(ended.errors)[:1]]
    elif ended.code == 2 and len(lines) != 1:
        found.append(f"lines: {len(lines)} in place of one sentence")
    if ended.code == 2 and any(one in text for one in _BETRAYING[2:]):
        found.append("words: of the machine")
    if ended.code == 0 and lines and not as_json:
        found.append("words: on standard error although all is well")
    if any(not line.isprintable() for line in lines):
        found.append("words: control characters")
    if any(len(line) > 2400 for line in lines):
        found.append("words: a sentence of more than 2400 characters")
    return found


def unreadable(data: bytes) -> str:
    """Why nothing can read a picture that was written; empty where something can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            image.load()
            image.getexif()
    except Exception as error:
        if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return _unreadable_tiff(data)
        return f"{type(error).__name__}: {error}"
    return ""


def _unreadable_tiff(data: bytes) -> str:
    """Floats and 16-bit colors are beyond Pillow."""
    import pyvips

    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="warning")
        np.asarray(image)
    except pyvips.Error as error:
        return f"libvips: {error}"
    return ""


def left_over(folder: Path, *expected: str) -> list[str]:
    """Files that should not be in a folder, hidden ones too."""
    return sorted({path.name for path in folder.iterdir()} - set(expected))


def not_json(errors: bytes) -> list[str]:
    """Lines that are no JSON object."""
    wrong = []
    for line in errors.decode(errors="replace").splitlines():
        try:
            if not isinstance(json.loads(line), dict):
                wrong.append(line)
        except ValueError:
            wrong.append(line)
    return wrong


def sentence(ended: Ended) -> str:
    """The one sentence of a run that refused; fails where it did anything else."""
    text = ended.errors.decode(errors="replace")
    assert ended.code == 2, (ended.code, text)
    assert not faults(ended), (faults(ended), text)
    return text.strip()


def done(ended: Ended) -> str:
    """What a run that succeeded wrote to standard error; fails where it did not."""
    text = ended.errors.decode(errors="replace")
    assert ended.code == 0, (ended.code, text)
    assert "Traceback" not in text, text
    return text
