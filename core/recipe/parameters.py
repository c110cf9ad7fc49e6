"""The base of all recipes: checked values, and their stored form as a dict, JSON or TOML."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, get_origin

import tomli_w

from dreamlayer.core.errors import RecipeError, bare, shown
from dreamlayer.core.recipe.fields import checked, encodable, known, older_defaults, types_of
from dreamlayer.core.recipe.term import Term, check_term_count, parse_terms, within_limits

DREAM = "dream"
"""The command that recipes are for where they name none."""

_MAX_LENGTH = 1 << 20
"""Characters of a recipe; those with all layers of a large network have a tenth."""

_MAX_PARTS = 50
_TOKENS = re.compile(
    # Strings end at the end of the line at the latest, so that each character is looked at once.
    r"""(?P<part>"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[A-Za-z0-9_-]+)|(?P<dot>\.)"""
    r"""|(?P<space>[ \t]+)|(?P<other>[^"'A-Za-z0-9_. \t-]+)"""
)
"""What dotted keys are made of, and what lies between them."""

FILES = "files"
"""The key of digests in recipes that pictures hold; see `core.recipe.stored`."""


class Parameters:
    """Base of a frozen dataclass whose fields are made by `parameter`.

    Values are checked when it is made: a number in a text field, or one out of bounds, is a
    `RecipeError`. Fields that hold a tuple check their entries themselves.
    """

    COMMAND: ClassVar[str] = DREAM
    """The command that it is a recipe for; the stored form of all others than dreams names it."""

    def __post_init__(self) -> None:
        for one in dataclasses.fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, one.name, checked(type(self), one, getattr(self, one.name)))

    def shallow(self) -> dict[str, Any]:
        """The values by name, as they are."""
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}  # type: ignore[arg-type]

    def replace(self, **changes: Any) -> Self:
        """A copy with some parameters changed; an unknown name is a `RecipeError`."""
        return type(self)(**{**self.shallow(), **known(type(self), changes)})

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts; parameters that are None are left out."""
        plain = {name: _plain(value) for name, value in self.shallow().items() if value is not None}
        return plain if self.COMMAND == DREAM else {**plain, "command": self.COMMAND}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gives; absent keys mean the defaults.

        Layers may also be text as `parse_terms` reads it, or hold such text beside tables.

        Raises
        ------
        RecipeError
            Where a key is unknown, a value is not allowed, or the recipe is another command's.
        """
        command = plain.get("command", DREAM)
        if command != cls.COMMAND:
            raise RecipeError(
                f"this recipe is for `dreamlayer {bare(str(command))}`; one for `dreamlayer "
                f"{cls.COMMAND}` says command = {json.dumps(cls.COMMAND)}"
            )
        given = {name: value for name, value in plain.items() if name not in ("command", FILES)}
        values = {**older_defaults(cls, given), **known(cls, given)}
        own: Any = cls
        kinds = types_of(own)
        for name, value in values.items():
            kind = kinds[name]
            if kind == tuple[Term, ...] and not _are_terms(value):
                values[name] = _terms(value, name)
            elif get_origin(kind) is tuple and not isinstance(value, list | tuple):
                raise RecipeError(f"{shown(name)} must be a list, but is {shown(value)}")
        return cls(**values)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_toml(self) -> str:
        """A TOML document, the form of presets."""
        return tomli_w.dumps(self.to_dict())


def parse_table(text: str, origin: str) -> dict[str, Any]:
    """Read the table that a recipe is stored as, JSON or TOML.

    Raises
    ------
    RecipeError
        Where the text is neither.
    """
    if len(text) > _MAX_LENGTH:
        raise RecipeError(
            f"{origin} has {len(text)} characters, but a recipe has at most {_MAX_LENGTH}; "
            f"give one that dreamlayer wrote"
        )
    is_json = text.lstrip().startswith("{")
    if not is_json:
        _check_dotted_keys(text, origin)
    try:
        plain = json.loads(text) if is_json else tomllib.loads(text)
    except ValueError as error:
        raise RecipeError(f"{origin} is neither JSON nor TOML: {bare(str(error))}") from error
    except RecursionError as error:
        raise RecipeError(f"{origin} is nested too deep to be a recipe") from error
    table: dict[str, Any] = plain
    return table


def _check_dotted_keys(text: str, origin: str) -> None:
    """Refuse keys of very many parts, for which `tomllib` takes time by their number squared."""
    parts, after_dot = 0, True
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        if kind == "space":
            continue
        if kind == "part":
            parts = parts + 1 if after_dot else 1
        elif kind != "dot":
            parts = 0
        after_dot = kind == "dot"
        if parts > _MAX_PARTS:
            raise RecipeError(
                f"{origin} has a key of more than {_MAX_PARTS} parts with dots between them, but a "
                f"recipe's keys have two at most; give one that dreamlayer wrote"
            )


def read_text(path: str | Path) -> str:
    """The text of a recipe file, UTF-8 with or without a byte-order mark.

    Raises
    ------
    RecipeError
        It cannot be read, is longer than a recipe, or is in another encoding.
    """
    name = shown(Path(path))
    try:
        with Path(path).open("rb") as file:
            # What is longer is not read, though it may have no end.
            data = file.read(_MAX_LENGTH + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or bare(str(error))
        raise RecipeError(f"recipe {name} cannot be read: {reason}; check the name") from error
    if len(data) > _MAX_LENGTH:
        raise RecipeError(
            f"{name} is no recipe: it is longer than {_MAX_LENGTH} bytes; give a .toml or .json "
            f"file that dreamlayer wrote"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RecipeError(f"recipe {name} is text in UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"recipe {name} is not text in UTF-8; give a .toml or .json file, saved as UTF-8"
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [entry.to_dict() if isinstance(entry, Term) else entry for entry in value]
    return value


def _are_terms(given: Any) -> bool:
    return isinstance(given, tuple) and all(isinstance(entry, Term) for entry in given)


def _terms(given: Any, name: str) -> tuple[Term, ...]:
    """The layers that a stored recipe has under a name: text, or a list of texts and tables."""
    entries = [given] if isinstance(given, str) else given
    if not isinstance(entries, list) or not all(isinstance(e, str | Mapping) for e in entries):
        raise RecipeError(
            f"{shown(name)} must be text such as 'mixed3, mixed4:0.5', or a list of such texts "
            f"and of tables with a key 'layer'"
        )
    check_term_count(len(entries))
    return tuple(within_limits(_each_term(entries, name)))


def _each_term(entries: list[Any], name: str) -> Iterator[Term]:
    for entry in entries:
        if isinstance(entry, Mapping):
            yield Term.from_dict(entry)
        elif encodable(entry):
            yield from parse_terms(entry)
        else:
            raise RecipeError(
                f"{shown(name)} {shown(entry)} holds characters that no text can hold"
            )
