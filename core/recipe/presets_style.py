"""Style recipes from files: the presets that ship, and the user's own."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from dreamlayer.core.errors import RecipeError, nearest
from dreamlayer.core.recipe.presets import ABOUT, DEFAULT_NETWORK, PRESETS, STYLES, Preset
from dreamlayer.core.recipe.recipe import parse_table, read_text
from dreamlayer.core.recipe.style import StyleRecipe

DEFAULT_STYLE = "like-style"


def style_presets() -> dict[str, Preset]:
    """All presets for styles by name, the default first."""
    names = sorted(_names(), key=lambda name: (name != DEFAULT_STYLE, name))
    return {name: _about(name) for name in names}


def style_preset(name: str) -> StyleRecipe:
    """The recipe of a preset; `RecipeError` with what there is where it is none for styles."""
    if name not in _names():
        if (PRESETS / f"{name}.toml").is_file():
            raise RecipeError(
                f"preset {name!r} is for `dreamlayer dream PICTURE`; for styles there are: "
                f"{', '.join(style_presets())}"
            )
        hint = nearest(name, _names()) or f"there are: {', '.join(style_presets())}"
        raise RecipeError(f"no preset for styles is called {name!r}; {hint}")
    return parse_style(read_text(STYLES / f"{name}.toml"), f"preset {name!r}")


def parse_style(text: str, origin: str = "the recipe") -> StyleRecipe:
    """Read a style recipe from JSON or TOML text.

    Beside the parameters and `command` it may hold `description`, `source` and `base`, as a dream's
    recipe may; see `core.recipe.presets.parse`.

    Raises
    ------
    RecipeError
        Where it is neither, or holds what a style recipe does not allow.
    """
    table = parse_table(text, origin)
    try:
        own = {name: value for name, value in table.items() if name not in ABOUT}
        base = table.get("base")
        if base is not None and not isinstance(base, str):
            raise RecipeError(f"'base' must be the name of a preset, but is {base!r}")
        if base is not None:
            own = {**style_preset(base).to_dict(), **own}
        return StyleRecipe.from_dict(own)
    except RecipeError as error:
        raise RecipeError(f"{origin}: {error}") from error


def load_style(path: str | Path) -> StyleRecipe:
    """Read a style recipe file; `RecipeError` where it cannot be read."""
    return parse_style(read_text(path), f"recipe {str(path)!r}")


def _names() -> list[str]:
    return [path.stem for path in STYLES.glob("*.toml")]


@cache
def _table(name: str) -> dict[str, Any]:
    """A preset's table, with those that it is based on under it."""
    own = tomllib.loads((STYLES / f"{name}.toml").read_text(encoding="utf-8"))
    return {**(_table(own["base"]) if "base" in own else {}), **own}


def _about(name: str) -> Preset:
    table = _table(name)
    network = table.get("network", DEFAULT_NETWORK)
    stand_in = f"like-{name}"
    return Preset(
        name=name,
        description=table["description"],
        source=table.get("source", ""),
        network=network,
        stand_in=stand_in if network != DEFAULT_NETWORK and stand_in in _names() else "",
    )
