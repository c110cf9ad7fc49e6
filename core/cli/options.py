"""Command line options made from the recipe's fields, and the recipe made from the options."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from core.errors import DreamlayerError
from core.recipe import DEFAULT_PRESET, Recipe, load, parse, preset, types_of
from core.term import format_terms, parse_terms

_TEXT = {".toml", ".json"}


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add `--preset`, `--recipe` and one option for each knob of the recipe."""
    sources = parser.add_argument_group("where the recipe comes from")
    start = sources.add_mutually_exclusive_group()
    start.add_argument("--preset", metavar="NAME", help="start from a preset (default: default)")
    start.add_argument(
        "--recipe",
        metavar="FILE",
        help="start from a .toml or .json file, or from the recipe in a picture dreamt before",
    )
    group = parser.add_argument_group("what to change in it")
    kinds = types_of()
    for knob in dataclasses.fields(Recipe):
        option = "--" + ("layer" if knob.name == "layers" else knob.name.replace("_", "-"))
        text = f"{knob.metadata['help']} (default: {_shown(knob.default)})"
        settings: dict[str, Any] = {"dest": knob.name, "default": None, "help": text}
        if knob.name == "layers":
            settings.update(action="extend", type=_typed(parse_terms), metavar="LAYER")
        elif kinds[knob.name] is bool:
            settings.update(action=argparse.BooleanOptionalAction)
        elif knob.metadata.get("choices"):
            settings.update(choices=knob.metadata["choices"])
        elif knob.name == "tile":
            settings.update(type=_tile, metavar="PIXELS|auto")
        else:
            settings.update(type=kinds[knob.name], metavar=kinds[knob.name].__name__.upper())
        group.add_argument(option, **settings)


def recipe_from(options: argparse.Namespace) -> Recipe:
    """The recipe that a command line describes.

    Raises
    ------
    RecipeError, PictureError
        Where a preset, a file or a value is not what it must be.
    """
    start = (
        from_file(options.recipe) if options.recipe else preset(options.preset or DEFAULT_PRESET)
    )
    names = [knob.name for knob in dataclasses.fields(Recipe)]
    given = {n: getattr(options, n) for n in names if getattr(options, n) is not None}
    return start.replace(**given) if given else start


def from_file(name: str) -> Recipe:
    """Read a recipe from a text file, or from the picture that it made."""
    from core.errors import RecipeError
    from core.images import read

    if Path(name).suffix.lower() in _TEXT:
        return load(name)
    text = read(name).recipe
    if text is None:
        raise RecipeError(
            f"picture {name!r} holds no recipe; only pictures made by dreamlayer carry one"
        )
    return parse(text, f"the recipe in {name!r}")


def _typed(read: Any) -> Any:
    """Let argparse show our own sentence instead of `invalid value`."""

    def convert(text: str) -> Any:
        try:
            return read(text)
        except DreamlayerError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

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
        return format_terms(default)
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "none" if default is None else str(default)
