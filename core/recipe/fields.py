"""The fields of a recipe, each declared once with its help, bounds and choices."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from dreamlayer.core.errors import RecipeError, nearest, shown

_HUGE = 10**300
_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def parameter(default: Any, help_: str, **more: Any) -> Any:
    """Declare a field of a recipe.

    Parameters
    ----------
    default, help_
        Its default, and what it does in a phrase.
    more
        `low` and `high` bound it, and `choices` lists its values. `group` is the heading that it
        stands under in help, and `metavar` what its value is called there; `auto` marks those whose
        0 stands for a number that is chosen, and may be written auto; `advanced` marks those
        that mostly come with a preset, and `file` those that may name files. `was` is its name in
        version 0.1, which stays readable; `before` is the default that it had there, and `since`
        marks one that came later, so that recipes which are older replay as they did.
    """
    return field(default=default, metadata={"help": help_, **more})


def known(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the names of today; a name that `kind` does not have is a `RecipeError`."""
    names = {one.name for one in dataclasses.fields(kind)}
    given = by_current_names(kind, values)
    for name in given:
        if not isinstance(name, str):
            raise RecipeError(f"a setting's name must be text, but is {shown(name)}")
        if name not in names:
            hint = nearest(name, names) or f"a recipe has: {', '.join(sorted(names))}"
            raise RecipeError(f"unknown setting {shown(name)}; {hint}")
    return given


def by_current_names(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, those under a name of version 0.1 by the name of today; both are one too many."""
    given: dict[str, Any] = {}
    for name, value in values.items():
        current = former_names(kind).get(name, name)
        if current in given:
            was = next(old for old, new in former_names(kind).items() if new == current)
            raise RecipeError(
                f"setting {shown(current)} is given twice, also by its name of version 0.1, "
                f"{shown(was)}; remove one of the two"
            )
        given[current] = value
    return given


@cache
def former_names(kind: Any) -> dict[str, str]:
    """The names that parameters of `kind` had in version 0.1, with those of today."""
    fields = dataclasses.fields(kind)
    return {one.metadata["was"]: one.name for one in fields if "was" in one.metadata}


def older_defaults(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the absent parameters of a recipe of version 0.1 stand for; empty for others.

    A recipe is that old if it uses a name that only that version had, or, as all recipes in
    pictures, has every parameter of that version and none that came later.
    """
    fields = dataclasses.fields(kind)
    given = by_current_names(kind, values)
    first = {one.name for one in fields if "since" not in one.metadata and one.default is not None}
    later = {one.name for one in fields if "since" in one.metadata}
    old = bool(former_names(kind).keys() & values.keys()) or first <= given.keys()
    if not old or later & given.keys():
        return {}
    return {one.name: one.metadata["before"] for one in fields if "before" in one.metadata}


@cache
def types_of(kind: Any) -> dict[str, Any]:
    """The type of each parameter of `kind`, None taken off; not to be changed."""
    hints = get_type_hints(kind)
    plain = {}
    for one in dataclasses.fields(kind):
        hint = hints[one.name]
        if get_origin(hint) is types.UnionType:
            hint = next(t for t in get_args(hint) if t is not type(None))
        plain[one.name] = hint
    return plain


def is_number(value: Any) -> bool:
    """True for a number that a float can hold, but not for a flag."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE


def encodable(text: str) -> bool:
    """False for half of a surrogate pair, which JSON can smuggle in."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checked(kind: Any, one: dataclasses.Field[Any], value: Any) -> Any:
    """The value in the parameter's own type, within its bounds; `RecipeError` if it cannot be."""
    wanted, limits, name = types_of(kind)[one.name], one.metadata, one.name
    if get_origin(wanted) is tuple:
        return tuple(value)
    if wanted not in _NAMES or (value is None and one.default is None):
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        # A number too large for a float is out of any bounds.
        value = float(value) if abs(value) < _HUGE else math.inf
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise RecipeError(f"{name} must be {_NAMES[wanted]}, but is {shown(value)}")
    low, high, choices = limits.get("low"), limits.get("high"), limits.get("choices")
    if wanted is str and not encodable(value):
        raise RecipeError(f"{name} {shown(value)} holds characters that no text can hold")
    if choices and value not in choices:
        raise RecipeError(f"{name} {shown(value)} is not known; use one of {', '.join(choices)}")
    if wanted is float and not math.isfinite(value):
        raise RecipeError(f"{name} must be a finite number, but is {shown(value)}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise RecipeError(f"{name} must lie between {low} and {high}, but is {shown(value)}")
    return value
