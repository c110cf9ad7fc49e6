"""Recipes from files: the presets that ship, and the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from dreamlayer.core.errors import RecipeError, nearest, shown
from dreamlayer.core.recipe.fields import by_current_names
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK, ships
from dreamlayer.core.recipe.parameters import Parameters, parse_table, read_text
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import recalled
from dreamlayer.core.recipe.style import StyleRecipe

DEFAULT_PRESET = "default"
DEFAULT_STYLE = "like-style"

_FOLDER = Path(__file__).parents[1] / "presets"
_ABOUT = ("description", "source", "base")
"""What a recipe's file may hold beside its parameters."""

R = TypeVar("R", bound=Parameters)


@dataclass(frozen=True)
class Preset:
    """A preset's description.

    Attributes
    ----------
    name : str
        What to call it.
    description : str
        One sentence.
    source : str
        Where it was published; empty for our own.
    network : str
        The network that it is made for.
    stand_in : str
        Another preset, for a network that ships, to use where that network is missing;
        empty where there is none.
    """

    name: str
    description: str
    source: str
    network: str
    stand_in: str


@dataclass(frozen=True)
class Presets(Generic[R]):
    """The presets of one command, and the reader of its recipes.

    Attributes
    ----------
    kind : type
        The class of its recipes.
    folder : Path
        Where its presets are.
    default : str
        The preset to start from where none is named.
    usage : str
        How the command is called.
    """

    kind: type[R]
    folder: Path
    default: str
    usage: str

    def names(self) -> list[str]:
        """The names of all presets, in no order."""
        return [path.stem for path in self.folder.glob("*.toml")]

    def presets(self) -> dict[str, Preset]:
        """All presets by name: the default, those for the networks that ship, the others."""

        def order(one: Preset) -> tuple[bool, bool, bool, str]:
            ready = ships(one.network)
            return one.name != self.default, not ready, bool(one.source), one.name

        return {one.name: one for one in sorted(map(self._about, self.names()), key=order)}

    def preset(self, name: str) -> R:
        """The recipe of a preset; `RecipeError` with the nearest names if there is none.

        Examples
        --------
        >>> from dreamlayer import preset
        >>> preset("gentle").replace(steps=4).steps
        4
        """
        if name not in self.names():
            for other in (DREAMS, STYLES):
                if name in other.names():
                    raise RecipeError(f"preset {shown(name)} is for `dreamlayer {other.usage}`")
            hint = nearest(name, self.names()) or f"there are: {', '.join(self.presets())}"
            raise RecipeError(f"no preset is called {shown(name)}; {hint}")
        return self.parse(read_text(self.folder / f"{name}.toml"), f"preset {name!r}")

    def parse(self, text: str, origin: str = "the recipe") -> R:
        """Read a recipe from JSON or TOML text.

        Beside the parameters it may hold `description` and `source`, which are text for people,
        and `base`, the name of a preset that gives the parameters it leaves out.

        Parameters
        ----------
        text : str
            The recipe.
        origin : str
            What errors call it.

        Raises
        ------
        RecipeError
            Where it is neither, or holds what a recipe does not allow.
        """
        table = parse_table(text, origin)
        try:
            given = {name: value for name, value in table.items() if name not in _ABOUT}
            base = table.get("base")
            if base is None:
                return recalled(self.kind.from_dict(given), given)
            if not isinstance(base, str):
                raise RecipeError(f"'base' must be the name of a preset, but is {shown(base)}")
            # By the names of today, so that they replace those of the base.
            own = by_current_names(self.kind, given)
            return self.kind.from_dict({**self.preset(base).to_dict(), **own})
        except RecipeError as error:
            raise RecipeError(f"{origin}: {error}") from error

    def load(self, path: str | Path) -> R:
        """Read a recipe file; `RecipeError` where it cannot be read."""
        return self.parse(read_text(path), f"recipe {shown(Path(path))}")

    def _about(self, name: str) -> Preset:
        table = _table(self.folder, name)
        network = table.get("network", DEFAULT_NETWORK)
        stand_in = "like-" + name.removesuffix("-as-published")
        return Preset(
            name=name,
            description=table["description"],
            source=table.get("source", ""),
            network=network,
            stand_in="" if ships(network) or stand_in not in self.names() else stand_in,
        )


@cache
def _table(folder: Path, name: str) -> dict[str, Any]:
    """A preset's table, completed from the preset that it is based on."""
    own = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    return {**(_table(folder, own["base"]) if "base" in own else {}), **own}


def recipe_from(given: object, presets: Presets[R]) -> R:
    """The recipe that a caller gives as such, as parameters by name, or as a preset's name.

    Raises
    ------
    RecipeError
        It is another command's recipe, or none.
    """
    if isinstance(given, presets.kind):
        return given
    if isinstance(given, str):
        return presets.preset(given)
    if isinstance(given, Mapping):
        return presets.kind.from_dict(given)
    raise RecipeError(
        f"a recipe must be a {presets.kind.__name__}, a mapping of its parameters or the name of a "
        f"preset, but is {shown(given)}"
    )


DREAMS = Presets(Recipe, _FOLDER, DEFAULT_PRESET, "dream PICTURE")
STYLES = Presets(StyleRecipe, _FOLDER / "style", DEFAULT_STYLE, "style CONTENT STYLE")

presets, preset, parse, load = DREAMS.presets, DREAMS.preset, DREAMS.parse, DREAMS.load
style_preset = STYLES.preset
