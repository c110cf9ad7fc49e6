"""`dreamlayer presets`: list the presets."""

from __future__ import annotations

import argparse
import json

from core.recipe import preset, presets


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    """Print each preset's name, network and description."""
    found = presets()
    if options.json:
        rows = {n: {"description": d, "network": preset(n).network} for n, d in found.items()}
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    width = max(len(name) for name in found)
    for name, description in found.items():
        print(f"{name:{width}}  {description} (network: {preset(name).network})")
    return 0
