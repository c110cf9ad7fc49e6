"""`dreamlayer layers`: list the layers of a network."""

from __future__ import annotations

import argparse
import dataclasses
import fnmatch

from dreamlayer.core.cli.standard_streams import print_json
from dreamlayer.core.errors import LayerError, bare, printable, shown
from dreamlayer.core.network.layers import Layer
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_with
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "pattern",
        nargs="?",
        default="*",
        metavar="PATTERN",
        help="names to show, such as 'mixed*' (default: all)",
    )
    parser.add_argument(
        "--network",
        default=DEFAULT_NETWORK,
        metavar="NAME",
        help="network, by name or .onnx file (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    """Print name, channels, stride and whether it can be dreamed, one layer a line."""
    network = Network(network_with(options.network, options.pattern))
    names = [*network.layer_names, *network.aliases]
    matched = {network.tensor(one) for one in names if fnmatch.fnmatchcase(one, options.pattern)}
    layers = [layer for layer in network.layers() if layer.name in matched]
    if not network.layer_names:
        raise LayerError(
            f"network {bare(network.name)} has no layer to dream with, since none gives a feature "
            "map; use a vision network whose input is the image"
        )
    if not layers:
        raise LayerError(
            f"network {bare(network.name)} has no layer that matches {shown(options.pattern)}; "
            f"leave the pattern out to see all {len(network.layer_names)}"
        )
    if options.json:
        print_json([dataclasses.asdict(layer) for layer in layers])
        return 0
    names = [bare(layer.name) for layer in layers]
    width = max(len("layer"), *map(len, names))
    print(f"{'layer':{width}}  channels  stride  can be dreamed")
    for name, layer in zip(names, layers, strict=True):
        print(printable(f"{name:{width}}  {_row(layer)}"))
    return 0


def _row(layer: Layer) -> str:
    channels = "?" if layer.channels is None else str(layer.channels)
    stride = "-" if layer.stride is None else f"{layer.stride:.3g}"
    verdict = "yes" if layer.reason is None else f"no: {layer.reason}"
    return f"{channels:>8}  {stride:>6}  {verdict}"
