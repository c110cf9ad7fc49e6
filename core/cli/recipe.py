"""`dreamlayer recipe`: print or save a recipe, also the one that a picture was made with."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from dreamlayer.core.cli.options import DREAM, add_recipe_options, recipe_of
from dreamlayer.core.cli.parser import Parser
from dreamlayer.core.cli.standard_streams import as_json, print_toml
from dreamlayer.core.errors import OutputError, shown
from dreamlayer.core.files import check_writable, replace_file


def configure(parser: Parser) -> None:
    """Declare the command's options."""
    parser.shorten("[-o FILE]")
    parser.add_argument("-o", "--output", metavar="FILE", help="save to a .toml or .json file")
    parser.add_argument("--json", action="store_true", help="print JSON instead of TOML")
    add_recipe_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print the recipe that the options describe, or save it."""
    recipe = recipe_of(options, DREAM, locate=False)
    if options.output in (None, "-"):
        if options.json:
            print(as_json(json.loads(recipe.to_json()), sys.stdout))
        else:
            print_toml(recipe.to_toml().rstrip())
        return 0
    path = Path(options.output)
    if path.suffix.lower() not in (".toml", ".json"):
        raise OutputError(f"recipes are saved as .toml or .json, but {shown(path.name)} is neither")
    text = recipe.to_json() + "\n" if path.suffix.lower() == ".json" else recipe.to_toml()
    check_writable(path)
    replace_file(path, text.encode())
    return 0
