"""Options that commands share: those of a recipe, made from its fields, and those of a run."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from dreamlayer.core.cli.parser import Parser, typed
from dreamlayer.core.errors import RecipeError, shown
from dreamlayer.core.recipe.fields import types_of
from dreamlayer.core.recipe.parameters import Parameters, parse_table
from dreamlayer.core.recipe.presets import DREAMS, STYLES, Presets
from dreamlayer.core.recipe.style import parse_weights
from dreamlayer.core.recipe.term import Term, format_terms, parse_terms

_TEXT = {".toml", ".json"}
_FORMATS = ("png", "jpeg", "tiff", "webp")
R = TypeVar("R", bound=Parameters)


@dataclass(frozen=True)
class Form(Generic[R]):
    """How the recipes of one command are asked for.

    Attributes
    ----------
    presets : Presets
        Its presets and its class of recipes; each field becomes an option, but those that are
        `positional`.
    main : tuple of str
        The parameters that `--help` shows; the others need `--help-all`.
    """

    presets: Presets[R]
    main: tuple[str, ...]


DREAM = Form(DREAMS, ("network", "layers", "octaves", "steps", "strength", "seed"))
STYLE = Form(
    STYLES,
    (
        *("network", "content_weight", "size", "style_scale", "rounds"),
        *("keep_colors", "strength", "seed"),
    ),
)


def add_recipe_options(parser: Parser, form: Form[Any] = DREAM) -> None:
    """Add `--preset`, `--recipe` and one option for each parameter of the recipe."""
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--preset", metavar="NAME", help=f"preset to start from (default: {form.presets.default})"
    )
    start.add_argument(
        "--recipe", metavar="FILE", help="recipe to start from: .toml, .json, or a picture"
    )
    groups: dict[str, Any] = {}
    for one in dataclasses.fields(form.presets.kind):
        if one.metadata.get("positional"):
            continue
        title = one.metadata["group"]
        if parser.whole and title not in groups:
            groups[title] = parser.add_argument_group(title)
        text = f"{one.metadata['help']} (default: {_shown(one)})"
        shown = text if one.name in form.main else parser.rare(text)
        add_parameter(groups.get(title, parser), form.presets.kind, one, shown)


def add_parameter(
    group: argparse._ActionsContainer, recipe: Any, one: dataclasses.Field[Any], help_: str
) -> None:
    """Add the option of one parameter, and its hidden alias where version 0.1 had another name.

    The default is None, which stands for what the preset or recipe says.
    """
    kind = types_of(recipe)[one.name]
    metavar = one.metadata.get("metavar", "NUMBER" if kind in (int, float) else "TEXT")
    settings: dict[str, Any] = {"dest": one.name, "default": None, "help": help_}
    if kind == tuple[Term, ...]:
        settings.update(action="extend", type=typed(parse_terms), metavar="LAYER")
    elif kind == tuple[float, ...]:
        settings.update(type=typed(parse_weights), metavar=metavar)
    elif kind is bool:
        settings.update(action=argparse.BooleanOptionalAction)
    elif one.metadata.get("choices"):
        settings.update(choices=one.metadata["choices"])
    elif one.metadata.get("auto"):
        settings.update(type=typed(_or_auto, "a whole number or auto"), metavar=metavar)
    elif one.default is None:
        settings.update(type=_or_none(kind), metavar=metavar)
    else:
        settings.update(type=kind, metavar=metavar)
    name = one.name.removesuffix("s") if kind == tuple[Term, ...] else one.name
    group.add_argument(_option(name), **settings)
    if "was" in one.metadata:
        settings["help"] = argparse.SUPPRESS
        group.add_argument(_option(one.metadata["was"]), **settings)


def add_run_options(parser: Parser, *, reads: bool = True) -> None:
    """Add what is no part of a recipe; `reads` is False where no picture is read."""
    parser.add_argument(
        "--provider",
        default="auto",
        metavar="NAME",
        help="auto, cpu, cuda, openvino, ... (default: auto)",
    )
    group = parser.add_argument_group("run") if parser.whole else parser
    group.add_argument(
        "--threads",
        type=int,
        default=0,
        metavar="NUMBER",
        help=parser.rare("processor threads; 0 = all (default: 0)"),
    )
    group.add_argument(
        "--format",
        choices=_FORMATS,
        help=parser.rare("format of the result (default: by its name; png for -o -)"),
    )
    if reads:
        group.add_argument(
            "--max-megapixels",
            type=typed(_megapixels, "a number above 0"),
            default=500.0,
            metavar="NUMBER",
            help=parser.rare("refuse larger pictures (default: 500)"),
        )
    shown = group.add_mutually_exclusive_group()
    shown.add_argument(
        "--json",
        action="store_true",
        help=parser.rare("report progress, errors and the end as JSON lines on standard error"),
    )
    shown.add_argument("--quiet", action="store_true", help=parser.rare("report errors only"))


def add_batch_options(parser: Parser) -> None:
    """Add what is for many pictures."""
    group = parser.add_argument_group("many pictures") if parser.whole else parser
    group.add_argument(
        "--recursive", action="store_true", help="take the pictures in folders within folders too"
    )
    existing = group.add_mutually_exclusive_group()
    existing.add_argument(
        "--skip-existing",
        action="store_true",
        help="leave out pictures whose result is there already",
    )
    existing.add_argument(
        "--keep-existing",
        action="store_true",
        help=parser.rare(
            "write over no file: where a result's name is taken, take NAME-dream-2, and so on"
        ),
    )


def add_metadata_options(parser: Parser) -> None:
    """Add what decides on what is stored in the result beside its pixels."""
    group = parser.add_argument_group("metadata") if parser.whole else parser
    group.add_argument(
        "--no-recipe",
        action="store_true",
        help=parser.rare("do not store the recipe in the result"),
    )
    group.add_argument(
        "--strip-metadata",
        action="store_true",
        help=parser.rare(
            "store nothing beside the pixels and their color profile: no recipe, camera, place or "
            "author"
        ),
    )


def recipe_of(options: argparse.Namespace, form: Form[R], *, locate: bool = True) -> R:
    """The recipe that a command line describes.

    Parameters
    ----------
    options : Namespace
        What was typed.
    form : Form
        The command's recipes.
    locate : bool
        Find the files that the recipe of a picture names; see `core.recipe.stored.located`.

    Raises
    ------
    RecipeError, PictureError
        Where a preset, a file or a value is not what it must be.
    """
    presets, text = form.presets, None
    if options.recipe is not None:
        start, text = from_file(options.recipe, presets)
    else:
        start = presets.preset(presets.default if options.preset is None else options.preset)
    names = [parameter.name for parameter in dataclasses.fields(start)]  # type: ignore[arg-type]
    given = {n: getattr(options, n) for n in names if getattr(options, n, None) is not None}
    given = {n: None if value is _NONE else value for n, value in given.items()}
    recipe = start.replace(**given) if given else start
    if text is None or not locate:
        return recipe
    from dreamlayer.core.network.files import available
    from dreamlayer.core.recipe.stored import located

    table = parse_table(text, "the recipe")
    return located(recipe, table, options.recipe, available(), typed=given)


def from_file(name: str, presets: Presets[R]) -> tuple[R, str | None]:
    """Read a recipe from a text file, or from the picture that it made, with the text there."""
    from dreamlayer.core.images import read

    if Path(name).suffix.lower() in _TEXT:
        return presets.load(name), None
    text = read(name).recipe
    if text is None:
        raise RecipeError(
            f"picture {shown(Path(name))} contains no recipe; only pictures made by dreamlayer "
            "have one"
        )
    return presets.parse(text, f"the recipe in {shown(Path(name))}"), text


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A type for argparse: a whole number within bounds."""

    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return typed(read, f"a whole number from {low} to {high}")


def _megapixels(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


_NONE = object()
"""Stands for `none`, since argparse's None means that nothing was typed."""


def _or_auto(text: str) -> int:
    return 0 if text.lower() == "auto" else int(text)


def _or_none(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    return typed(lambda text: _NONE if text.lower() == "none" else kind(text), "a number or none")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _shown(one: dataclasses.Field[Any]) -> str:
    default = one.default
    if isinstance(default, tuple):
        return format_terms(default) or "none"
    if isinstance(default, bool):
        return "yes" if default else "no"
    if one.metadata.get("auto") and not default:
        return "auto"
    return "none" if default in (None, "") else str(default)
