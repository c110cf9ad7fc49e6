"""The pictures that arguments stand for: files, folders, and patterns that no shell expanded."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreamlayer.core.cli.targets import STREAM, reads
from dreamlayer.core.errors import OptionError, shown

_SEPARATOR = re.compile(r"[/\\]+" if os.name == "nt" else "/+")
_PATTERN = re.compile(r"[*?\[]")
_DIGITS = re.compile(r"(\d+)")
_RECURSIVE = "**"


@dataclass(frozen=True)
class Input:
    """A picture to read.

    Attributes
    ----------
    name : str
        Its file, or ``-``.
    below : str
        Its path below the folder that was given, or its name alone.
    typed : bool
        Whether this very file was named; else it was found in a folder or by a pattern.
    problem : str or None
        What is wrong with the argument, where it stands for no file.
    """

    name: str
    below: str
    typed: bool = True
    problem: str | None = None


NOISE = Input("noise/", "")
"""Stands for no picture; no file can have this name."""


def find_inputs(
    arguments: Sequence[str], *, recursive: bool = False, output: str | None = None
) -> list[Input]:
    """Expand arguments to pictures, each file once, in the order of the arguments.

    A folder stands for the pictures in it, a pattern for what matches it, both in natural order
    and without hidden files. A file whose name has the characters of a pattern is that file.

    Parameters
    ----------
    arguments : sequence of str
        Files, folders, patterns with ``*``, ``?``, ``[...]`` and ``**``, or ``-``.
    recursive : bool
        Whether folders within folders count; links to folders above are not followed.
    output : str, optional
        The folder of the results, which is never searched.

    Returns
    -------
    list of Input
        What stands for nothing has a `problem`.
    """
    results = None if output in (None, STREAM) else os.path.realpath(str(output))
    found: list[Input] = []
    seen: set[str] = set()
    for argument in arguments:
        if len(arguments) > 1 and _is_folder(argument) and _canonical(argument) == results:
            # The shell's `*` names the folder of the results too, once it is there.
            continue
        for one in _expanded(argument, recursive=recursive, results=results):
            file = one.name if one.name == STREAM or one.problem else _canonical(one.name)
            if file not in seen or one.name == STREAM:
                seen.add(file)
                found.append(one)
    return found


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts ``photo9`` before ``photo10``."""
    parts = _DIGITS.split(name.casefold())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]


def _expanded(argument: str, *, recursive: bool, results: str | None) -> Iterator[Input]:
    if argument == STREAM:
        yield Input(argument, argument)
    elif not argument:
        yield Input(argument, "", True, "the name of a picture is empty; leave it out, or name one")
    elif _is_folder(argument):
        if results is not None and _canonical(argument) == results:
            # Its pictures are to be replaced by their dreams, or written beside them.
            results = None
        pictures = _in_folder(argument, recursive=recursive, results=results)
        yield from pictures or [Input(argument, "", False, _nothing_in(argument, recursive))]
    elif not _PATTERN.search(argument) or os.path.lexists(argument):
        yield Input(argument, Path(argument).name)
    else:
        matches = sorted(_matching(argument), key=_order)
        if not matches:
            problem = f"no file matches {shown(argument)}; check the pattern and the folder"
            yield Input(argument, "", False, problem)
            return
        within = {
            one: _in_folder(one, recursive=recursive, results=results)
            for one in matches
            if _RECURSIVE not in argument and _is_folder(one)
        }
        if len(within) == len(matches) and not any(within.values()):
            yield Input(argument, "", False, _nothing_in(matches[0], recursive))
        for match in matches:
            if match in within:
                yield from within[match]
            elif not _is_folder(match) and (results is None or not _is_below(match, results)):
                yield Input(match, _below(match, argument), False)


def _below(match: str, pattern: str) -> str:
    """The path of a match below the folder that all matches of a pattern are in."""
    parts = Path(pattern).parts
    fixed = next((number for number, one in enumerate(parts) if _PATTERN.search(one)), 0)
    try:
        return str(Path(match).relative_to(Path(*parts[: min(fixed, len(parts) - 1)])))
    except ValueError:
        return Path(match).name


def _matching(pattern: str) -> list[str]:
    try:
        return glob.glob(_below_what_is_there(pattern), recursive=True)  # noqa: PTH207 - as typed
    except (re.error, ValueError, RecursionError):
        return []


def _below_what_is_there(pattern: str) -> str:
    """A pattern whose first folders stand for themselves where they are there: ``f[1]/*.jpg``."""
    known, rest = "", pattern
    while (found := _SEPARATOR.search(rest)) is not None:
        longer = known + rest[: found.end()]
        if not os.path.isdir(longer):  # noqa: PTH112 - as typed
            break
        known, rest = longer, rest[found.end() :]
    return glob.escape(known) + rest


def _in_folder(folder: str, *, recursive: bool, results: str | None) -> list[Input]:
    """The pictures of a folder in natural order, those of folders within it behind them."""
    found: list[Input] = []
    entered: set[object] = set()
    waiting = [(folder, "")]
    while waiting:
        here, below = waiting.pop()
        if results is not None and _canonical(here) == results:
            continue
        try:
            state = Path(here).stat()
            if (state.st_dev, state.st_ino) in entered:
                # A link leads to it too.
                continue
            entered.add((state.st_dev, state.st_ino))
            with os.scandir(here) as listed:
                entries = [one for one in listed if not one.name.startswith(".")]
        except OSError as error:
            said = f"the folder {shown(Path(here))} cannot be read: {error.strerror or error}"
            found.append(Input(here, below, False, f"{said}; check its permissions"))
            continue
        entries.sort(key=lambda one: natural(one.name))
        within = []
        for entry in entries:
            path = os.path.join(below, entry.name)  # noqa: PTH118 - quick, for many
            # In the current folder, a name that looks like an option needs the dot.
            name = path if folder == "." and not path.startswith("-") else entry.path
            if _entry_is_folder(entry):
                within.append((entry.path, path))
            elif _entry_is_picture(entry):
                found.append(Input(name, path, False))
        if recursive:
            waiting += reversed(within)
    return found


def _entry_is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _entry_is_picture(entry: os.DirEntry[str]) -> bool:
    """Whether a file is to be read as a picture: by its ending, or without one by its content."""
    try:
        if not entry.is_file():
            # What a broken link leads to is missing, which is worth a word; a pipe is not.
            return entry.is_symlink() and reads(entry.name) and not Path(entry.path).exists()
    except OSError:
        return reads(entry.name)
    return reads(entry.name) or (not Path(entry.name).suffix and _begins_like_picture(entry.path))


def _begins_like_picture(path: str) -> bool:
    from dreamlayer.core.errors import PictureError
    from dreamlayer.core.images.decoders.sniffing import sniff

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - quick, for many
            sniff(file, path)
    except (OSError, PictureError):
        return False
    return True


def _nothing_in(folder: str, recursive: bool) -> str:
    name = shown(Path(folder))
    if recursive:
        return f"there is no picture in the folder {name}, or in those within it; name another"
    return (
        f"there is no picture in the folder {name}; name another, or give --recursive for the "
        "folders within it"
    )


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False


def _is_below(name: str, folder: str) -> bool:
    return (_canonical(name) + os.sep).startswith(folder.rstrip(os.sep) + os.sep)


def _canonical(name: str) -> str:
    """One name for all names of a file."""
    try:
        return os.path.normcase(os.path.realpath(name))
    except (OSError, ValueError):
        # No file can have it; who opens it will say so.
        return name


def _order(name: str) -> list[list[tuple[int, int, str]]]:
    return [natural(part) for part in Path(name).parts]


def check_streams(inputs: Sequence[Input]) -> None:
    """Raise `OptionError` where standard input stands for more than one picture."""
    if sum(one.name == STREAM for one in inputs) > 1:
        raise OptionError("standard input and output take one picture; use files or a folder")
