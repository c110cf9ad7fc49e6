"""Command line options made from the recipe's fields, and the recipe made from the options."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.recipe.fields import Parameters, types_of
from dreamlayer.core.recipe.presets import DEFAULT_PRESET, load, parse, preset
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term, format_terms, parse_terms

_TEXT = {".toml", ".json"}
R = TypeVar("R", bound=Parameters)


@dataclass(frozen=True)
class Form(Generic[R]):
    """A class of recipes, and how those of it are had.

    Attributes
    ----------
    kind : type
        The class; each of its fields becomes an option, but those that are `positional`.
    default : str
        The preset to start from where none is named.
    preset, load, parse : callable
        The recipe of a preset's name, of a file's, and of a text and what messages call it.
    readers : mapping
        For parameters that hold a tuple: reads one from text.
    """

    kind: Any
    default: str
    preset: Callable[[str], R]
    load: Callable[[str], R]
    parse: Callable[[str, str], R]
    readers: dict[str, Callable[[str], Any]] = dataclasses.field(default_factory=dict)


DREAM = Form(Recipe, DEFAULT_PRESET, preset, load, parse)


def add_recipe_options(parser: argparse.ArgumentParser, form: Form[Any] = DREAM) -> None:
    """Add `--preset`, `--recipe` and one option for each parameter of the recipe."""
    sources = parser.add_argument_group("where the recipe comes from")
    start = sources.add_mutually_exclusive_group()
    start.add_argument(
        "--preset", metavar="NAME", help=f"start from a preset (default: {form.default})"
    )
    start.add_argument(
        "--recipe",
        metavar="FILE",
        help="start from a .toml or .json file, or from the recipe in a picture made before",
    )
    group = parser.add_argument_group("what to change in it")
    kinds = types_of(form.kind)
    for one in dataclasses.fields(form.kind):
        if one.metadata.get("positional"):
            continue
        layers = kinds[one.name] == tuple[Term, ...]
        option = "--" + (one.name.removesuffix("s") if layers else one.name).replace("_", "-")
        text = f"{one.metadata['help']} (default: {_shown(one.default)})"
        settings: dict[str, Any] = {"dest": one.name, "default": None, "help": text}
        if layers:
            settings.update(action="extend", type=_typed(parse_terms), metavar="LAYER")
        elif one.name in form.readers:
            settings.update(type=_typed(form.readers[one.name]), metavar="NUMBER,...")
        elif kinds[one.name] is bool:
            settings.update(action=argparse.BooleanOptionalAction)
        elif one.metadata.get("choices"):
            settings.update(choices=one.metadata["choices"])
        elif one.name == "tile":
            settings.update(type=_tile, metavar="PIXELS|auto")
        elif one.default is None:
            name = kinds[one.name].__name__
            settings.update(type=_or_none(kinds[one.name]), metavar=f"{name.upper()}|none")
        else:
            settings.update(type=kinds[one.name], metavar=kinds[one.name].__name__.upper())
        group.add_argument(option, **settings)


def recipe_from(options: argparse.Namespace) -> Recipe:
    """The recipe that a dream's command line describes; see `recipe_of`."""
    return recipe_of(options, DREAM)


def recipe_of(options: argparse.Namespace, form: Form[R]) -> R:
    """The recipe that a command line describes.

    Raises
    ------
    RecipeError, PictureError
        Where a preset, a file or a value is not what it must be.
    """
    start = (
        from_file(options.recipe, form)
        if options.recipe
        else form.preset(options.preset or form.default)
    )
    names = [parameter.name for parameter in dataclasses.fields(form.kind)]
    given = {n: getattr(options, n) for n in names if getattr(options, n, None) is not None}
    given = {n: None if value is _NONE else value for n, value in given.items()}
    return start.replace(**given) if given else start


def from_file(name: str, form: Form[R]) -> R:
    """Read a recipe from a text file, or from the picture that it made."""
    from dreamlayer.core.errors import RecipeError
    from dreamlayer.core.images import read

    if Path(name).suffix.lower() in _TEXT:
        return form.load(name)
    text = read(name).recipe
    if text is None:
        raise RecipeError(
            f"picture {name!r} holds no recipe; only pictures made by dreamlayer carry one"
        )
    return form.parse(text, f"the recipe in {name!r}")


def _typed(read: Any) -> Any:
    """Let argparse show our own sentence instead of `invalid value`."""

    def convert(text: str) -> Any:
        try:
            return read(text)
        except DreamlayerError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


_NONE = object()
"""Stands for `none`, since argparse's None means that nothing was typed."""


def _or_none(kind: Any) -> Any:
    """Read a value of some kind, or the word none."""

    def convert(text: str) -> Any:
        if text.lower() == "none":
            return _NONE
        try:
            return kind(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor none") from error

    return convert


def _tile(text: str) -> int:
    if text == "auto":
        return 0
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number of pixels nor auto"
        ) from error


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return format_terms(default) or "none"
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "none" if default is None else str(default)
