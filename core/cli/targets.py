"""Where results go, and whether two names are of one file, so that nothing is overwritten."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import unicodedata
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from dreamlayer.core.cli import standard_streams
from dreamlayer.core.errors import OutputError, shown
from dreamlayer.core.interruption import deferred

STREAM = "-"
"""Stands for standard input or output."""

_SEPARATORS = ("/", "\\") if os.name == "nt" else ("/",)


def target_of(
    output: str | None,
    source: str | None,
    word: str,
    *,
    folder: bool = False,
    below: str | None = None,
    format: str | None = None,
) -> str:
    """Where the result of one picture goes.

    Parameters
    ----------
    output : str or None
        The file or folder that was asked for; None for a name beside the source.
    source : str or None
        The picture's name; None where there is none.
    word : str
        What is appended to the name beside the source, and the name of what has no source's.
    folder : bool
        True where `output` has to be a folder; else it is one by a slash at its end, or by being
        there.
    below : str, optional
        The path within the folder; by default the source's name.
    format : str, optional
        What is to be written. A name that is not typed gets its ending, by default the source's
        own where that is of a format that is written, else ``.png``.
    """
    named = source not in (None, STREAM)
    path = Path(source) if named and source else Path(f"{word}.png")
    if output == "":
        raise OutputError("the output has no name; give a file, a folder or -")
    ending = ending_for(path.suffix if named else "", format)
    if output is None:
        if source == STREAM:
            return STREAM
        stem = f"{_stem(path)}-{word}" if named else word
        return str(path.with_name(f"{stem}{ending}"))
    if output == STREAM or not (folder or is_folder(output)):
        return output
    within = Path(below) if named and below else Path(path.name)
    return str(Path(output) / within.with_name(f"{_stem(within)}{ending}"))


def ending_for(ending: str, format: str | None) -> str:
    """The ending of a name that was not typed: the source's, if it can be written and fits."""
    from dreamlayer.core.images import FORMATS

    if format is not None:
        fitting = FORMATS[format]
        return ending if ending.lower() in fitting else fitting[0]
    written = any(ending.lower() in fitting for fitting in FORMATS.values())
    return ending if written else FORMATS["png"][0]


def reads(name: str) -> bool:
    """Whether a file has the ending of a picture."""
    return Path(name).suffix.lower() in _endings()


@functools.cache
def _endings() -> frozenset[str]:
    from dreamlayer.core.images import READ

    return frozenset().union(*READ.values())


def _stem(path: Path) -> str:
    """A name without its ending; what only looks like one stays."""
    return path.stem if reads(path.name) else path.name


def is_folder(output: str) -> bool:
    """Whether a name is that of a folder: by a slash at its end, or because it is one."""
    return output.endswith(_SEPARATORS) or _is_dir(output)


def looks_like_file(output: str) -> bool:
    """Whether a name that is not there would be that of a picture, by its ending."""
    from dreamlayer.core.images import FORMATS

    ending = Path(output).suffix.lower()
    return not is_folder(output) and any(ending in fitting for fitting in FORMATS.values())


def check_output(target: str, format: str | None = None, *, may_make: bool = False) -> None:
    """Raise the error that writing a picture would raise, before the work.

    Parameters
    ----------
    target : str
        A file, or ``-``.
    format : str, optional
        What is to be written, by default as the name ends.
    may_make : bool
        Whether `make_folder_of` will be called, so that the folder may be missing.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    from dreamlayer.core import images
    from dreamlayer.core.images.formats import output_format

    if target == STREAM and standard_streams.is_closed("stdout"):
        raise OutputError("standard output is closed; give a file with -o")
    if target == STREAM and standard_streams.is_terminal("stdout"):
        raise OutputError(
            "standard output is a terminal, which shows no pictures; give a file with -o, or send "
            "the result through a pipe"
        )
    folder = Path(target).parent
    if not may_make or target == STREAM or folder.exists():
        images.check_target(target, format)
        return
    output_format(target, format)
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError(f"{shown(folder)} is not a folder; give another folder with -o")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"making a folder in {shown(folder)} is not permitted; give another folder with -o"
        )


def make_folder_of(target: str) -> None:
    """Make the folder that a result goes into, with those above it.

    Raises
    ------
    OutputError
        The system refuses.
    """
    if target == STREAM:
        return
    folder = Path(target).parent
    try:
        with deferred():
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {shown(folder)} cannot be made: {error.strerror or error}; give another "
            f"folder with -o"
        ) from error


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
        return folded(str(path.resolve()))
    except (OSError, RuntimeError, ValueError):
        # A loop of links, or a name that no file can have; who opens it will say so.
        return name


def folded(path: str, system: str = sys.platform) -> str:
    """A path of a file that may not be there yet, alike for all spellings that mean one file.

    Names differ by case on Linux alone, and macOS takes composed and decomposed letters for the
    same.
    """
    if system == "darwin":
        return unicodedata.normalize("NFC", path).casefold()
    return os.path.normcase(path)


def same_file(one: str, other: str) -> bool:
    """True where both names lead to one file."""
    first = identity(one)
    return first is not None and first == identity(other)


def clash(name: str, others: Iterable[str]) -> str | None:
    """The first of `others` that is the same file as `name`, or None."""
    return next((other for other in others if same_file(name, other)), None)


def free_name(target: str, taken: Container[object] = ()) -> str:
    """The name itself where there is no such file, else the first with a number that is free.

    Parameters
    ----------
    target : str
        A file.
    taken : container
        What `identity` says of files that are not there yet, but will be.
    """
    path, number, name = Path(target), 1, target
    while os.path.lexists(name) or identity(name) in taken:
        number += 1
        name = str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
    return name


@contextlib.contextmanager
def claimed(target: str) -> Iterator[str]:
    """A free name as `free_name` finds it, held by an empty file; a failure removes that again.

    Two programs that write at the same time so get two names.

    Raises
    ------
    OutputError
        The system refuses.
    """
    while True:
        name = free_name(target)
        try:
            Path(name).touch(exist_ok=False)
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(
                f"{shown(Path(name))} cannot be written: {error.strerror or error}; give another "
                "place with -o"
            ) from error
    try:
        yield name
    except BaseException:
        # What was written before, say, Ctrl-C is a result.
        with contextlib.suppress(OSError):
            if not Path(name).stat().st_size:
                Path(name).unlink()
        raise


def _is_dir(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False
