"""Where results go, and whether two names are of one file, so that nothing is overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dreamlayer.core.errors import OutputError

STREAM = "-"
"""Stands for standard input or output."""


def target_of(output: str | None, source: str | None, word: str, *, several: bool = False) -> str:
    """Where the result of one picture goes.

    Parameters
    ----------
    output : str or None
        The file or folder that was asked for; None for a name beside the source.
    source : str or None
        The picture's name; None where there is none.
    word : str
        What is appended to the name beside the source, and the name of what has no source's.
    several : bool
        True where `output` has to be a folder.
    """
    named = source not in (None, STREAM)
    path = Path(source) if named and source else Path(f"{word}.png")
    if output == "":
        raise OutputError("the output has no name; give a file, a folder or -")
    if output is None:
        if source == STREAM:
            return STREAM
        return str(path.with_name(f"{path.stem}-{word}{path.suffix}") if named else path)
    folder = several or output.endswith(("/", "\\")) or Path(output).is_dir()
    return str(Path(output) / path.name) if folder and output != STREAM else output


def identity(name: str) -> object:
    """What all names of one file have in common, by links or another spelling too.

    None for a stream.
    """
    if name == STREAM:
        return None
    path = Path(name)
    try:
        if path.exists():
            found = path.stat()
            return found.st_dev, found.st_ino
        return os.path.normcase(path.resolve())
    except (OSError, RuntimeError, ValueError):
        # A loop of links, or a name that no file can have; who opens it will say so.
        return name


def same_file(one: str, other: str) -> bool:
    """True where both names lead to one file."""
    first = identity(one)
    return first is not None and first == identity(other)


def clash(name: str, others: Iterable[str]) -> str | None:
    """The first of `others` that is the same file as `name`, or None."""
    return next((other for other in others if same_file(name, other)), None)
