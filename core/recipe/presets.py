"""Recipes from files: the presets that ship, and the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dreamlayer.core.errors import RecipeError, nearest
from dreamlayer.core.recipe.recipe import Recipe, parse_table, read_text

PRESETS = Path(__file__).parents[1] / "presets"
DEFAULT_PRESET = "default"
DEFAULT_NETWORK = "default"
STYLES = PRESETS / "style"
"""Those of `dreamlayer style`, which `core.recipe.presets_style` reads."""

ABOUT = ("description", "source", "base")
"""What a recipe's file may hold beside its parameters."""


@dataclass(frozen=True)
class Preset:
    """What is told of a preset.

    Attributes
    ----------
    name : str
        What to call it.
    description : str
        One sentence.
    source : str
        Where it was published; empty for those of our own.
    network : str
        The network that it is made for.
    stand_in : str
        Another preset, of the network that ships, to use where that network is not at hand;
        empty where there is none.
    """

    name: str
    description: str
    source: str
    network: str
    stand_in: str


def presets() -> dict[str, Preset]:
    """All presets by name: the default, those that run as they are, those that need a network."""
    found = [_about(path.stem) for path in PRESETS.glob("*.toml")]

    def order(one: Preset) -> tuple[bool, bool, bool, str]:
        ready = one.network == DEFAULT_NETWORK
        return one.name != DEFAULT_PRESET, not ready, bool(one.source), one.name

    return {one.name: one for one in sorted(found, key=order)}


def preset(name: str) -> Recipe:
    """The recipe of a preset; `RecipeError` with the nearest names where there is none."""
    if name not in _names():
        if (STYLES / f"{name}.toml").is_file():
            raise RecipeError(f"preset {name!r} is for `dreamlayer style CONTENT STYLE`")
        hint = nearest(name, _names()) or f"there are: {', '.join(presets())}"
        raise RecipeError(f"no preset is called {name!r}; {hint}")
    path = PRESETS / f"{name}.toml"
    return parse(read_text(path), f"preset {name!r}")


def parse(text: str, origin: str = "the recipe") -> Recipe:
    """Read a recipe from JSON or TOML text.

    Beside the parameters it may hold `description` and `source`, which are text for people, and
    `base`, the name of a preset that gives the parameters it leaves out.

    Raises
    ------
    RecipeError
        Where it is neither, or holds what a recipe does not allow.
    """
    table = parse_table(text, origin)
    if table.get("command", "dream") != "dream":
        raise RecipeError(f"{origin} is for `dreamlayer {table['command']}`")
    try:
        return Recipe.from_dict(_with_base(table))
    except RecipeError as error:
        raise RecipeError(f"{origin}: {error}") from error


def load(path: str | Path) -> Recipe:
    """Read a recipe file; `RecipeError` where it cannot be read."""
    return parse(read_text(path), f"recipe {str(path)!r}")


def _with_base(table: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in table.items() if name not in ABOUT}
    base = table.get("base")
    if base is None:
        return own
    if not isinstance(base, str):
        raise RecipeError(f"'base' must be the name of a preset, but is {base!r}")
    return {**preset(base).to_dict(), **own}


def _names() -> list[str]:
    return [path.stem for path in PRESETS.glob("*.toml")]


@cache
def _table(name: str) -> dict[str, Any]:
    """A preset's table, with those that it is based on under it."""
    with (PRESETS / f"{name}.toml").open("rb") as file:
        own = tomllib.load(file)
    return {**(_table(own["base"]) if "base" in own else {}), **own}


def _about(name: str) -> Preset:
    table = _table(name)
    network = table.get("network", DEFAULT_NETWORK)
    stand_in = "like-" + name.removesuffix("-as-published")
    return Preset(
        name=name,
        description=table["description"],
        source=table.get("source", ""),
        network=network,
        stand_in=stand_in if network != DEFAULT_NETWORK and stand_in in _names() else "",
    )
