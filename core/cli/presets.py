"""`dreamlayer presets`: list the presets, or save one of the user's own."""

from __future__ import annotations

import argparse
import dataclasses
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dreamlayer.core.cli.options import DREAM, STYLE, Form, add_recipe_options, recipe_of
from dreamlayer.core.cli.parser import Parser
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.standard_streams import print_json
from dreamlayer.core.errors import OptionError, RecipeError, printable, shown
from dreamlayer.core.installation import command
from dreamlayer.core.network.files import EXPORTS, available
from dreamlayer.core.recipe import own_presets
from dreamlayer.core.recipe.networks import ships
from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.presets import (
    DREAMS,
    PUBLISHED,
    SECTIONS,
    STYLES,
    Preset,
    shipped_names,
)

_WIDTH = 96


def configure(parser: Parser) -> None:
    """Declare the command's options."""
    parser.shorten("[--save NAME]")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument(
        "--save",
        metavar="NAME",
        help="save the recipe that the other options describe as a preset of your own",
    )
    add_recipe_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print each preset's name, description, network and source, or save one."""
    if options.save is not None:
        path = own_presets.save(options.save, _recipe(options), shipped_names())
        print_saved(options.save, path, as_json=options.json)
        return 0
    if options.recipe is not None or options.preset is not None or _typed(options, DREAM):
        raise OptionError("a recipe is only saved with a name; give --save NAME")
    own = DREAMS.own(), STYLES.own()
    here = set(available())
    if options.json:
        rows = _table("dream", [*DREAMS.presets().values(), *own[0].found.values()], here)
        rows |= _table("style", [*STYLES.presets().values(), *own[1].found.values()], here)
        print_json(rows)
    else:
        _print_shipped(here)
        mine = [*own[0].found.values(), *own[1].found.values()]
        if mine:
            _print(f"Your own, in {own_presets.folder()}:", mine)
    reporter = Reporter(as_json=options.json, quiet=False)
    for problem in dict.fromkeys((*own[0].problems, *own[1].problems)):
        reporter.remark(problem)
    return 0


def print_saved(name: str, path: Path, *, as_json: bool) -> None:
    """Say where a preset was saved."""
    if as_json:
        print_json({"name": own_presets.normal(name), "path": str(path)})
    else:
        print(printable(f"saved as preset {shown(name)}: {path}"))


def _print_shipped(here: set[str]) -> None:
    found, styles = DREAMS.presets().values(), STYLES.presets().values()
    for section in SECTIONS:
        group = [one for one in found if one.section == section and ships(one.network)]
        near = any(one.group == PUBLISHED for one in group)
        _print("Near published ones, on a network that ships:" if near else f"{section}:", group)
    others = [one for one in found if not ships(one.network)]
    for network in dict.fromkeys(one.network for one in others):
        group = [one for one in others if one.network == network]
        _print(f"As published, on {network}{_state(network, here)}:", group)
    for network in dict.fromkeys(one.network for one in styles):
        group = [one for one in styles if one.network == network]
        on = "a network that ships" if ships(network) else f"{network}{_state(network, here)}"
        _print(f"Of `dreamlayer style CONTENT STYLE`, on {on}:", group)


def _state(network: str, here: set[str]) -> str:
    return "" if network in here else f", not here yet ({command('export')} {EXPORTS[network]})"


def _print(title: str, group: Iterable[Preset]) -> None:
    """A heading and a line for each preset; more lines where one is too long."""
    print(title)
    rows = list(group)
    width = max((len(one.name) for one in rows), default=0)
    for one in rows:
        text = one.description or (one.title if one.title != one.name else f"On {one.network}.")
        text += f" ({one.source})" if one.source else ""
        lines = textwrap.wrap(text, _WIDTH - width - 4)
        print(f"  {one.name:{width}}  {lines[0]}")
        for line in lines[1:]:
            print(" " * (width + 4) + line)
    print()


def _table(command: str, found: Iterable[Preset], here: set[str]) -> dict[str, dict[str, object]]:
    return {
        one.name: {
            "command": command,
            "title": one.title,
            "section": one.section,
            "group": one.group,
            "description": one.description,
            "source": one.source,
            "network": one.network,
            "ready": one.network in here,
            "stand_in": one.stand_in,
        }
        for one in found
    }


def _recipe(options: argparse.Namespace) -> Parameters:
    """The recipe to save: a dream's, or a style's where `--preset` or `--recipe` names one."""
    if not _is_style(options):
        return recipe_of(options, DREAM)
    foreign = _typed(options, DREAM) - {one.name for one in dataclasses.fields(STYLES.kind)}
    if foreign:
        raise OptionError(f"a style recipe has no {' and no '.join(sorted(foreign))}; leave it out")
    return recipe_of(options, STYLE)


def _is_style(options: argparse.Namespace) -> bool:
    """Whether the preset or recipe that was named is a style's."""
    if options.recipe is None:
        return options.preset in {*STYLES.names(), *STYLES.own().found}
    try:
        recipe_of(argparse.Namespace(recipe=options.recipe, preset=None), STYLE, locate=False)
    except RecipeError:
        return False
    return True


def _typed(options: argparse.Namespace, form: Form[Any]) -> set[str]:
    """The parameters that were given as options."""
    names = [one.name for one in dataclasses.fields(form.presets.kind)]
    return {name for name in names if getattr(options, name, None) is not None}
