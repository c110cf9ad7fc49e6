"""Recipes from files: the presets that ship, the user's own, and any other file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from dreamlayer.core.errors import RecipeError, nearest, printable, shown
from dreamlayer.core.recipe import own_presets
from dreamlayer.core.recipe.fields import by_current_names
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK, ships
from dreamlayer.core.recipe.parameters import Parameters, parse_table, read_text
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import recalled
from dreamlayer.core.recipe.style import StyleRecipe

DEFAULT_PRESET = "default"
DEFAULT_STYLE = "like-style"

_LONGEST_TITLE = 100
_FOLDER = Path(__file__).parents[1] / "presets"
_ABOUT = ("title", "section", "description", "source", "base")
"""What a recipe's file may hold beside its parameters."""

SECTIONS = ("Basics", "Animals", "Plants", "Places", "Textures", "Published")
"""The sections of the presets that ship, in the order in which they are listed."""

OWN, PUBLISHED, MINE = "own", "published", "mine"
"""Whose a preset is: dreamlayer's own, made after a publication, or the user's."""

R = TypeVar("R", bound=Parameters)


@dataclass(frozen=True)
class Preset:
    """A preset's description.

    Attributes
    ----------
    name : str
        What the command line calls it.
    title : str
        What people call it.
    section : str
        The heading under which it is listed: one of `SECTIONS`, or `own_presets.SECTION`.
    group : str
        `OWN`, `PUBLISHED` or `MINE`.
    description : str
        One sentence; may be empty for the user's.
    source : str
        Where it was published; empty for our own.
    network : str
        The network that it is made for.
    stand_in : str
        Another preset, for a network that ships, to use where that network is missing;
        empty where there is none.
    """

    name: str
    title: str
    section: str
    group: str
    description: str
    source: str
    network: str
    stand_in: str


@dataclass(frozen=True)
class OwnPresets:
    """The user's presets.

    Attributes
    ----------
    found : dict
        Those that can be used, by name.
    problems : tuple of str
        A sentence for each file that cannot.
    """

    found: dict[str, Preset]
    problems: tuple[str, ...]


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
        """The names of all presets that ship, in no order."""
        return [path.stem for path in self.folder.glob("*.toml")]

    def presets(self) -> dict[str, Preset]:
        """All presets that ship, by name: the default, those for networks that ship, the others.

        Those are in the order of their sections, then of their names.
        """

        def order(one: Preset) -> tuple[bool, bool, int, str]:
            ready = ships(one.network)
            return one.name != self.default, not ready, SECTIONS.index(one.section), one.name

        return {one.name: one for one in sorted(map(self._about, self.names()), key=order)}

    def own(self) -> OwnPresets:
        """The user's presets for this command, and what is wrong with others in their folder."""
        found: dict[str, Preset] = {}
        problems = []
        for name, path in own_presets.files().items():
            try:
                about = self._own(name, path)
            except RecipeError as error:
                problems.append(printable(f"{error}"))
                continue
            if about is not None:
                found[name] = about
        return OwnPresets(found, tuple(problems))

    def preset(self, name: str) -> R:
        """The recipe of a preset that ships, or of the user's; `RecipeError` if there is none.

        Examples
        --------
        >>> from dreamlayer import preset
        >>> preset("gentle").replace(steps=4).steps
        4
        """
        if name in self.names() or name in shipped_names():
            return self._shipped(name)
        own = own_presets.files()
        path = own.get(own_presets.normal(name))
        if path is None:
            return self._shipped(name, own)
        return self.parse(read_text(path), f"your preset {shown(name)}")

    def parse(self, text: str, origin: str = "the recipe") -> R:
        """Read a recipe from JSON or TOML text.

        Beside the parameters it may hold `title`, `section`, `description` and `source`, which are
        text for people, and `base`, the name of a preset that ships and gives the parameters it
        leaves out.

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
            return self.kind.from_dict({**self._shipped(base).to_dict(), **own})
        except RecipeError as error:
            raise RecipeError(f"{origin}: {error}") from error

    def load(self, path: str | Path) -> R:
        """Read a recipe file; `RecipeError` where it cannot be read."""
        return self.parse(read_text(path), f"recipe {shown(Path(path))}")

    def _shipped(self, name: str, others: Iterable[str] = ()) -> R:
        """The recipe of a preset that ships; `others` are names that an error may propose too."""
        if name not in self.names():
            for other in (DREAMS, STYLES):
                if name in other.names():
                    raise RecipeError(f"preset {shown(name)} is for `dreamlayer {other.usage}`")
            known = [*self.presets(), *others]
            hint = nearest(name, known) or f"there are: {', '.join(known)}"
            raise RecipeError(f"no preset is called {shown(name)}; {hint}")
        return self.parse(read_text(self.folder / f"{name}.toml"), f"preset {name!r}")

    def _own(self, name: str, path: Path) -> Preset | None:
        """What one of the user's files is; None for another command's.

        Raises
        ------
        RecipeError
            It is damaged, or has the name of a preset that ships.
        """
        text, origin = read_text(path), f"your preset {shown(name)}"
        table = parse_table(text, origin)
        if (table.get("command") == STYLES.kind.COMMAND) != (self.kind is STYLES.kind):
            return None
        own_presets.check_name(name, shipped_names())
        recipe = self.parse(text, origin)

        def said(key: str) -> str:
            value = table.get(key)
            return printable(value.strip()) if isinstance(value, str) else ""

        return Preset(
            name=name,
            title=said("title")[:_LONGEST_TITLE] or name,
            section=own_presets.SECTION,
            group=MINE,
            description=said("description"),
            source=said("source"),
            network=recipe.network,  # type: ignore[attr-defined]
            stand_in="",
        )

    def _about(self, name: str) -> Preset:
        table = _table(self.folder, name)
        network = table.get("network", DEFAULT_NETWORK)
        stand_in = "like-" + name.removesuffix("-as-published")
        return Preset(
            name=name,
            title=table["title"],
            section=table["section"],
            group=PUBLISHED if table.get("source") else OWN,
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


def shipped_names() -> list[str]:
    """The names of all presets that ship, of every command."""
    return [*DREAMS.names(), *STYLES.names()]


presets, preset, parse, load = DREAMS.presets, DREAMS.preset, DREAMS.parse, DREAMS.load
style_preset = STYLES.preset
