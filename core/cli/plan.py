"""What a command makes of each picture, decided before the work: where results go, what is skipped.

A mistake that concerns the whole run is raised here. What is wrong with one picture is a job that
fails, once it is its turn.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dreamlayer.core.cli.inputs import NOISE, Input
from dreamlayer.core.cli.targets import (
    STREAM,
    check_output,
    free_name,
    identity,
    is_folder,
    looks_like_file,
    target_of,
)
from dreamlayer.core.errors import OutputError, shown
from dreamlayer.core.installation import quoted

_SEARCHED = 1 << 18
"""Bytes at both ends of a file in which its XMP is looked for."""


_NAMELESS = (STREAM, NOISE.name)
"""Sources that are no files."""


_DRAWN = (".gif",)
"""Endings of pictures of few colors, drawings and parts of pages, that stray among photos: what is
made of them cannot be of their format, and is made only where the format or the place is typed."""

_ONE_STREAM = "standard input and output take one picture; use files or a folder"


@dataclass(frozen=True)
class Job:
    """One picture to make.

    Attributes
    ----------
    source : str
        The picture to read, ``-``, or what else the command starts from.
    target : str
        The file to write, or ``-``.
    below : str
        The source's path below the folder that was given.
    typed : bool
        Whether the source was named itself, not found in a folder or by a pattern.
    may_make : bool
        Whether the target's folder is made if it is missing.
    keeps_existing : bool
        Whether another name is taken where a file has come to the target's meanwhile.
    problem, skipped : str or None
        Why it cannot be made, or need not be.
    """

    source: str
    target: str
    below: str = ""
    typed: bool = True
    may_make: bool = False
    keeps_existing: bool = False
    problem: str | None = None
    skipped: str | None = None


def plan(
    inputs: Sequence[Input],
    output: str | None,
    word: str,
    *,
    format: str | None = None,
    unmarked: bool = False,
    keeps_existing: bool = False,
    kept: Iterable[tuple[str | None, str]] = (),
) -> list[Job]:
    """Decide what is made of each input.

    Parameters
    ----------
    inputs : sequence of Input
        The pictures.
    output : str or None
        The file or folder that was asked for; None for names beside the sources.
    word : str
        What the names of results end in, such as ``dream``.
    format : str, optional
        The format to write, by default as the names end.
    unmarked : bool
        Whether results have no recipe, so that names alone tell them.
    keeps_existing : bool
        Whether a result whose name is taken gets a number, so that no file is written over.
    kept : iterable of (str or None, str)
        Files that are read too and must not be written over, and what they are.

    Raises
    ------
    OutputError
        The output cannot be written, or two results would be one file.
    """
    several = len(inputs) > 1
    folder = _into_folder(inputs, output, several=several)
    jobs = []
    for one in _without_results(inputs, output, word, format, unmarked=unmarked):
        if one.target == "" and not (one.problem or one.skipped):
            below = one.below if folder else None
            source = None if one.source == NOISE.name else one.source
            target = target_of(output, source, word, folder=folder, below=below, format=format)
            if several and target == STREAM:
                raise OutputError(_ONE_STREAM)
            made = output is not None and (folder or is_folder(output))
            numbered = keeps_existing and target != STREAM
            one = replace(one, target=target, may_make=made, keeps_existing=numbered)
        jobs.append(one)
    return _checked(jobs, output, format, kept)


def _into_folder(inputs: Sequence[Input], output: str | None, *, several: bool) -> bool:
    """Whether the output is a folder because of what is read."""
    if output is None or output == "":
        return False
    if output == STREAM:
        if several:
            raise OutputError(_ONE_STREAM)
        return False
    if is_folder(output):
        return True
    if several and Path(output).exists():
        raise OutputError(
            f"{shown(Path(output))} is not a folder; several pictures need one, so give a folder "
            "with -o"
        )
    if several and looks_like_file(output):
        raise OutputError(
            f"{shown(Path(output))} is the name of one file, and not a folder; several pictures "
            f"need one, such as {shown(str(Path(output).with_suffix('')) + '/')}"
        )
    found = any(not one.typed for one in inputs)
    return several or (found and not looks_like_file(output) and not Path(output).exists())


def _without_results(
    inputs: Sequence[Input],
    output: str | None,
    word: str,
    format: str | None,
    *,
    unmarked: bool,
) -> list[Job]:
    """A job for each input; skipped are those that an earlier run has made of the others."""
    beside: dict[str, tuple[str, str]] = {}
    for one in inputs:
        if one.problem is None and one.name not in _NAMELESS:
            result = target_of(None, one.name, word, format=format)
            beside.setdefault(_endless(result), (one.name, result))
    ending = re.compile(rf"-{re.escape(word)}(-[1-9][0-9]*)?\Z")
    jobs = []
    for one in inputs:
        problem = one.problem or (_needs_name(one.name, word, format) if output is None else None)
        job = Job(one.name, "", one.below, one.typed, problem=problem)
        named = ending.search(Path(one.name).stem)
        if one.problem is None and named:
            # As it was called before it got a number.
            first = _endless(one.name).removesuffix(named[1] or "")
            source, result = beside.get(first, (None, ""))
            # It may have been written in another format, too.
            is_result = _holds_recipe(one.name)
            if unmarked and source is not None:
                is_result |= Path(result).suffix == Path(one.name).suffix
            if source is not None and is_result:
                job = replace(job, skipped=f"it is the result of {shown(Path(source))}")
            elif is_result and not one.typed:
                job = replace(job, skipped=f"it is a {word} already; name it alone to take it")
        jobs.append(job)
    return jobs


def _needs_name(name: str, word: str, format: str | None) -> str | None:
    """What is wrong with a picture, such as a pipe, beside which no result can be written."""
    if name in _NAMELESS:
        return None
    path = Path(name)
    if path.suffix.lower() in _DRAWN and format is None:
        return (
            f"a {path.suffix[1:].upper()} is read but not written; name the result, such as -o "
            f"{quoted(f'{path.stem}-{word}.png')}, or give a folder with -o or --format png"
        )
    try:
        special = Path(name).exists() and not Path(name).is_file()
    except (OSError, ValueError):
        return None
    if not special or Path(name).is_dir():
        return None
    return (
        f"{shown(Path(name))} is not a regular file, so its result needs a name; give one with -o"
    )


def _endless(name: str) -> str:
    """One name without its ending for all names of a file, without a look at the disk."""
    # The current folder may be gone.
    with contextlib.suppress(OSError):
        name = os.path.abspath(name)  # noqa: PTH100
    return os.path.normcase(str(Path(name).with_suffix("")))


def _holds_recipe(name: str) -> bool:
    """Whether a picture holds a recipe, by a look at both ends of the file."""
    from dreamlayer.core.images.metadata.xmp import NAMESPACE

    mark = NAMESPACE.encode()
    try:
        with Path(name).open("rb") as file:
            if mark in file.read(_SEARCHED):
                return True
            size = file.seek(0, 2)
            file.seek(max(0, size - _SEARCHED))
            return mark in file.read(_SEARCHED)
    except (OSError, ValueError):
        return False


def _checked(
    jobs: Sequence[Job],
    output: str | None,
    format: str | None,
    kept: Iterable[tuple[str | None, str]],
) -> list[Job]:
    """Find out before hours of work if a result could not be written, or over what.

    What concerns a picture that was named is an error; one that was found in a folder is a problem
    of its own.
    """
    waiting = [one for one in jobs if not (one.problem or one.skipped)]
    read = {identity(one.source): one.source for one in waiting if one.source not in _NAMELESS}
    named = {identity(name): what for name, what in kept if name and name != STREAM}
    written: dict[object, str] = {}
    folders: set[str] = set()
    checked = []
    for one in jobs:
        if one.problem or one.skipped:
            checked.append(one)
            continue
        if one.keeps_existing:
            one = replace(one, target=free_name(one.target, written))
        folder = str(Path(one.target).parent)
        if output is not None and folder not in folders:
            folders.add(folder)
            check_output(one.target, format, may_make=one.may_make)
        file = identity(one.target)
        lost = named.get(file)
        # Only a file name that was typed may be the picture's own.
        if lost is None and file in read and not (_own(one, file) and one.target == output):
            lost = "the picture itself" if _own(one, file) else "another of the pictures"
        if file is not None and file in written:
            problem = (
                f"two pictures would both be written to {shown(Path(one.target))}, this one "
                f"and {shown(Path(written[file]))}; rename one or use two folders"
            )
        elif lost is not None:
            problem = (
                f"{shown(Path(one.target))} is {lost}; give another folder or a file name with -o"
            )
        else:
            written[file] = one.source
            checked.append(one)
            continue
        # Another ending is our doing: IMG_1.png and IMG_1.heic, by the shell's `*`.
        renamed = lost is None and Path(one.source).name != Path(written[file]).name
        if (one.typed and not renamed) or lost == "the picture itself":
            raise OutputError(problem)
        checked.append(replace(one, problem=problem))
    return checked


def _own(job: Job, file: object) -> bool:
    return job.source not in _NAMELESS and identity(job.source) == file
