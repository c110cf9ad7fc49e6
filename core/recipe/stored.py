"""Recipes as finished pictures hold them: files by their names and digests, never by their paths.

A picture travels, and whoever gets it must neither learn where its maker keeps files, nor have a
file of their own opened because a stranger's picture names it. On the machine where the picture was
made the files are found again by their digests.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from dreamlayer.core.errors import RecipeError, shown
from dreamlayer.core.recipe.given import is_given
from dreamlayer.core.recipe.parameters import FILES, Parameters

_SEPARATORS = re.compile(r"[/\\:]")
"""Of Linux, macOS and Windows, drives and streams included: pictures come from any of them."""

_REMEDIES = {
    "guide": ("the guide", "--guide FILE"),
    "network": ("the network", "--network FILE"),
    "styles": ("the style picture", "the style pictures as arguments"),
}
"""What each parameter that names files is called, and how another file is given."""

R = TypeVar("R", bound=Parameters)


def stored(recipe: Parameters) -> str:
    """One line of JSON in which files stand by their names, with their SHA-256 under `files`.

    What is no path, such as the name of a network, stays as it is.
    """
    return json.dumps(without_paths(recipe.to_dict()), ensure_ascii=False)


def without_paths(table: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's table as `stored` has it; digests that it has already stay.

    Parameters
    ----------
    table : mapping
        As `Recipe.to_dict` gives it, or as it was read from a picture.
    """
    plain, files = dict(table), dict[str, Any]()
    for name in _REMEDIES:
        values, digests = _entries(table, name)
        if not values:
            continue
        found = [
            known or ("" if _is_network_name(name, one) else _remembered(one))
            for one, known in zip(values, digests, strict=True)
        ]
        names = [_name(one, digest) for one, digest in zip(values, found, strict=True)]
        several = isinstance(table[name], list)
        plain[name] = names if several else names[0]
        if any(found):
            files[name] = found if several else found[0]
    plain.pop(FILES, None)
    return {**plain, **({FILES: files} if files else {})}


def recalled(recipe: R, table: Mapping[str, Any]) -> R:
    """A recipe from a picture with the files that were used on this machine before.

    Parameters
    ----------
    recipe : Recipe or StyleRecipe
        As it was read.
    table : mapping
        What was read: with `FILES`, if a picture holds it.
    """
    found: dict[str, Any] = {}
    for name in _unchanged(recipe, table):
        values, digests = _entries(table, name)
        paths = [_recall(digest) or one for one, digest in zip(values, digests, strict=True)]
        if paths != values:
            found[name] = tuple(paths) if isinstance(getattr(recipe, name), tuple) else paths[0]
    return recipe.replace(**found) if found else recipe


def located(
    recipe: R,
    table: Mapping[str, Any],
    picture: str,
    networks: Mapping[str, Path] = MappingProxyType({}),
    typed: Collection[str] = (),
) -> R:
    """A recipe from a picture with the files that it names found again.

    They are looked for below the picture's folder, beside it, and in the current folder; networks
    also among those that have a name. Nothing else is opened, whatever the recipe says. What was
    typed, or has changed since the recipe was read, may name any file.

    Parameters
    ----------
    recipe : Recipe or StyleRecipe
        The recipe, already changed by what was typed.
    table : mapping
        What the picture holds.
    picture : str
        The picture's file, or ``-``.
    networks : mapping
        The files of the networks that have a name.
    typed : collection of str
        The parameters that the user gave.

    Raises
    ------
    RecipeError
        A file is missing, or is another one than that which made the picture.
    """
    folder = Path(picture).parent
    # A hostile recipe may name one large file many times.
    digest_of = functools.cache(_digest)
    found: dict[str, Any] = {}
    for name in _unchanged(recipe, table):
        if name in typed or (name == "guide" and not getattr(recipe, "needs_guide", True)):
            continue
        values, digests = _entries(table, name)
        paths = []
        for value, digest in zip(values, digests, strict=True):
            if name == "network" and (value in networks or _is_network_name(name, value)):
                paths.append(value)
                continue
            more = networks.values() if name == "network" else ()
            path = _found(digest, _places(value, folder, more), digest_of)
            if path is None:
                raise _missing(name, value, picture)
            paths.append(path)
        found[name] = tuple(paths) if isinstance(getattr(recipe, name), tuple) else paths[0]
    return recipe.replace(**found) if found else recipe


def _unchanged(recipe: Parameters, table: Mapping[str, Any]) -> Iterator[str]:
    """The parameters that name files, and are as the table has them."""
    for name, value in recipe.shallow().items():
        own = list(value) if isinstance(value, tuple) else value
        if name in _REMEDIES and own and own == table.get(name):
            yield name


def _entries(table: Mapping[str, Any], name: str) -> tuple[list[str], list[str]]:
    """The files that a parameter names, with their digests, empty where there is none.

    Anything but text is no file, and no digest.
    """
    value, listed = table.get(name), table.get(FILES)
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        return [], []
    known = listed.get(name) if isinstance(listed, dict) else None
    given = known if isinstance(known, list) else [known]
    digests = [one if isinstance(one, str) else "" for one in given]
    return [*map(str, values)], [*digests, *[""] * len(values)][: len(values)]


def _is_network_name(parameter: str, value: str) -> bool:
    """Whether it is the name of a network, whatever files are called so, and not a file's."""
    return parameter == "network" and not (_SEPARATORS.search(value) or value.endswith(".onnx"))


def _remembered(value: str) -> str:
    """The digest of a file, which is then remembered on this machine; empty for what is no file."""
    digest = "" if value in ("", "-") else _digest(Path(value))
    if digest:
        from dreamlayer.core.runtime.cache import remember_file

        remember_file(digest, str(Path(value).resolve()))
    return digest


def _digest(path: Path) -> str:
    """A file's SHA-256 in hexadecimal; empty for what is no file, or cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""


def _recall(digest: str) -> str | None:
    """The file with a digest, where this machine has used it and it is unchanged."""
    if not digest:
        return None
    # Recipes are read where nothing else needs the cache.
    from dreamlayer.core.runtime.cache import remembered_file

    path = remembered_file(digest)
    return str(path) if path is not None and _digest(path) == digest else None


def _name(value: str, digest: str) -> str:
    """What is stored of a path: its last part, by the rules of this system for files of it."""
    if digest and os.sep == "/" and "\\" not in value:
        return value.rpartition("/")[2] or value
    return _last(value)


def _last(value: str) -> str:
    """The last part of a path of any system; what has none stays."""
    return _SEPARATORS.split(value.rstrip("/\\"))[-1] or value


def _found(digest: str, places: Iterable[Path], digest_of: Callable[[Path], str]) -> str | None:
    """The first place where a file is, with this digest if it is known."""
    for path in places:
        found = digest_of(path)
        if found and (not digest or found == digest):
            return str(path)
    return None


def _places(value: str, folder: Path, others: Iterable[Path]) -> Iterator[Path]:
    """Where a file may be that a recipe names, by a path of any system."""
    if os.name != "nt" and "/" not in value and value not in ("", ".", "..", "-"):
        # As it is: names may have colons here.
        yield folder / value
        yield Path(value)
    parts = _SEPARATORS.split(value)
    if len(parts) > 1 and not {"", ".."} & set(parts):
        path = folder.joinpath(*parts)
        # A link may lead out of the folder.
        if path.resolve().is_relative_to(folder.resolve()):
            yield path
    name = _last(value)
    if name not in ("", ".", "..", "-"):
        yield folder / name
        yield Path(name)
        yield from (path for path in others if path.name == name)


def _missing(parameter: str, value: str, picture: str) -> RecipeError:
    what, give = _REMEDIES[parameter]
    if is_given(value):
        return RecipeError(
            f"the recipe in {shown(Path(picture))} was made with a layer of an editor as {what}, "
            f"which it does not contain; give {give}"
        )
    return RecipeError(
        f"the recipe in {shown(Path(picture))} was made with {what} {shown(_last(value))}, and no "
        f"such file with the same content lies beside the picture; put it there, or give {give}"
    )
