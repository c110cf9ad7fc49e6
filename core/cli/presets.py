"""`dreamlayer presets`: list the presets."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable

from dreamlayer.core.cli.standard_streams import print_json
from dreamlayer.core.installation import command
from dreamlayer.core.network.files import EXPORTS, available
from dreamlayer.core.recipe.networks import ships
from dreamlayer.core.recipe.presets import DREAMS, STYLES, Preset

_WIDTH = 96


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    """Print each preset's name, description, network and source."""
    found, styles, here = DREAMS.presets(), STYLES.presets(), set(available())
    if options.json:
        rows = _table("dream", found.values(), here) | _table("style", styles.values(), here)
        print_json(rows)
        return 0
    ready = [one for one in found.values() if ships(one.network)]
    others = [one for one in found.values() if not ships(one.network)]
    own = [one for one in ready if not one.source]
    near = [one for one in ready if one.source]
    _print("On a network that ships:", own)
    _print("Near published ones, on a network that ships:", near)
    for network in dict.fromkeys(one.network for one in others):
        group = [one for one in others if one.network == network]
        _print(f"As published, on {network}{_state(network, here)}:", group)
    for network in dict.fromkeys(one.network for one in styles.values()):
        group = [one for one in styles.values() if one.network == network]
        on = "a network that ships" if ships(network) else f"{network}{_state(network, here)}"
        _print(f"Of `dreamlayer style CONTENT STYLE`, on {on}:", group)
    return 0


def _state(network: str, here: set[str]) -> str:
    return "" if network in here else f", not here yet ({command('export')} {EXPORTS[network]})"


def _print(title: str, group: Iterable[Preset]) -> None:
    """A heading and a line for each preset; more lines where one is too long."""
    print(title)
    rows = list(group)
    width = max((len(one.name) for one in rows), default=0)
    for one in rows:
        text = one.description + (f" ({one.source})" if one.source else "")
        lines = textwrap.wrap(text, _WIDTH - width - 4)
        print(f"  {one.name:{width}}  {lines[0]}")
        for line in lines[1:]:
            print(" " * (width + 4) + line)
    print()


def _table(command: str, found: Iterable[Preset], here: set[str]) -> dict[str, dict[str, object]]:
    return {
        one.name: {
            "command": command,
            "description": one.description,
            "source": one.source,
            "network": one.network,
            "ready": one.network in here,
            "stand_in": one.stand_in,
        }
        for one in found
    }
