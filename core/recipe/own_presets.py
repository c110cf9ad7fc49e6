"""The user's own presets: recipe files in a folder of their configuration, named after the file."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Collection
from pathlib import Path

from dreamlayer.core.errors import OutputError, RecipeError, shown
from dreamlayer.core.files import check_writable, replace_file
from dreamlayer.core.files.writable import windows_fault
from dreamlayer.core.recipe.fields import encodable
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.parameters import Parameters

VARIABLE = "DREAMLAYER_PRESETS"
"""Names another folder."""

SECTION = "Your own"
"""The heading under which they are listed."""

MAX_NAME = 60
"""Characters of a name; each takes up to four bytes of a file's name, which has 255."""

MAX_FILES = 500
"""Files of the folder that are looked at."""

_ENDINGS = (".toml", ".json")
_RESERVED = {"custom"}
"""What editors call the choice of no preset."""


def folder() -> Path | None:
    """The folder of the user's presets: `DREAMLAYER_PRESETS`, else one in their configuration.

    None where the system names no folder of the user's, as without a home.
    """
    from platformdirs import user_config_path

    named = os.environ.get(VARIABLE, "")
    if named:
        return Path(os.path.expanduser(named)).absolute()  # noqa: PTH111  (may have no home)
    found = user_config_path("dreamlayer", appauthor=False) / "presets"
    return found if found.is_absolute() else None


def files() -> dict[str, Path]:
    """The files of all presets in the folder by name, in the order of their names.

    Where a name has a .json and a .toml file, the first counts.
    """
    root, found = folder(), dict[str, Path]()
    if root is None:
        return found
    with contextlib.suppress(OSError, ValueError):
        for path in sorted(root.iterdir(), key=lambda one: (one.stem.casefold(), one.suffix)):
            if len(found) == MAX_FILES:
                break
            if path.suffix.lower() in _ENDINGS and not path.name.startswith(".") and path.is_file():
                found.setdefault(normal(path.stem), path)
    return found


def normal(name: str) -> str:
    """A name as it is compared: macOS may return another form of the letters than was written."""
    return unicodedata.normalize("NFC", name)


def check_name(name: str, taken: Collection[str]) -> None:
    """Raise `RecipeError` unless a preset may be called so.

    Parameters
    ----------
    name : str
        One that is a file's name on every system, so that presets can be copied to any.
    taken : collection of str
        The names of the presets that ship, which none may hide.
    """
    if not name.strip():
        raise RecipeError("the preset has no name; give one such as 'my forest'")
    if len(name) > MAX_NAME:
        raise RecipeError(
            f"the name {shown(name)} has {len(name)} characters, but a preset's has at most "
            f"{MAX_NAME}; shorten it"
        )
    if not encodable(name) or not name.isprintable():
        raise RecipeError(
            f"the name {shown(name)} holds characters that cannot be read; use letters, digits and "
            "spaces"
        )
    fault = "it contains a slash or a colon" if set("/\\:") & set(name) else windows_fault(name)
    if not fault and (name[0] in ".-" or name != name.strip()):
        fault = "it begins with a dot, a dash or a space"
    if fault:
        raise RecipeError(
            f"a preset cannot be called {shown(name)} ({fault}); use letters, digits and spaces"
        )
    if normal(name).casefold() in {one.casefold() for one in (*taken, *_RESERVED)}:
        raise RecipeError(
            f"{shown(name)} is the name of a preset that comes with dreamlayer; choose another"
        )


def save(name: str, recipe: Parameters, taken: Collection[str]) -> Path:
    """Write a recipe as a preset, atomically; one of the same name is replaced.

    Files that it names are written with their full paths, so that it works in every folder.

    Parameters
    ----------
    name, taken
        As for `check_name`.
    recipe : Recipe or StyleRecipe
        What to save.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RecipeError
        The name is not allowed.
    OutputError
        The file cannot be written.
    """
    name = normal(name)
    check_name(name, taken)
    root = folder()
    if root is None:
        raise OutputError(
            f"this system names no folder for presets; set {VARIABLE} to one of your own"
        )
    path = files().get(name, root / f"{name}.toml")
    whole = _with_full_paths(recipe)
    text = whole.to_json() + "\n" if path.suffix.lower() == ".json" else whole.to_toml()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder for presets {shown(root)} cannot be created: "
            f"{error.strerror or error}; set {VARIABLE} to another"
        ) from error
    check_writable(path)
    replace_file(path, text.encode())
    return path


def _with_full_paths(recipe: Parameters) -> Parameters:
    """The recipe with full paths of the files that it names."""
    from dataclasses import fields

    changed = {}
    for one in fields(recipe):  # type: ignore[arg-type]
        value = getattr(recipe, one.name)
        if one.metadata.get("file") and value and value != DEFAULT_NETWORK:
            several = isinstance(value, tuple)
            changed[one.name] = tuple(map(_full, value)) if several else _full(value)
    return recipe.replace(**changed) if changed else recipe


def _full(name: str) -> str:
    """The full path of a file; what is none, such as the name of a network, stays."""
    with contextlib.suppress(OSError, ValueError):
        if Path(name).is_file():
            return str(Path(name).absolute())
    return name
