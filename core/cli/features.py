"""`dreamlayer features`: what a layer sees in a picture, as one labelled sheet."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.cli.cancelling import if_cancelled
from dreamlayer.core.cli.options import add_run_options, whole_number
from dreamlayer.core.cli.parser import Parser
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.results import until_written
from dreamlayer.core.cli.targets import check_output, same_file

if TYPE_CHECKING:
    from dreamlayer.core.visualize.features import Features

_LARGEST_CELL = 1024
_CELL, _OVERLAY_CELL = 128, 192


def configure(parser: Parser) -> None:
    """Declare the command's options."""
    parser.shorten("PICTURE -o FILE --layer NAME")
    parser.add_argument(
        "picture", metavar="PICTURE", help="the picture to look at; - for standard input"
    )
    parser.add_argument(
        "--layer", metavar="NAME", help="layer to look at; `dreamlayer layers` lists them"
    )
    add_sheet_options(parser, cell=None, shown=f"{_CELL}, with --overlay {_OVERLAY_CELL}")
    parser.add_argument(
        "--overlay",
        action="store_true",
        help="lay each map over the picture, in gray, to show where the channel is active",
    )
    parser.add_argument(
        "--channels", metavar="NUMBERS", help="channels to show, such as 0-31+40 (default: all)"
    )
    parser.add_argument(
        "--sort",
        choices=("activity", "number"),
        help="show the most active channels first, or sort by number (default: activity, or number "
        "with --channels)",
    )
    parser.add_argument(
        "--most",
        type=whole_number(0, 100_000),
        default=64,
        metavar="NUMBER",
        help="largest number of channels to show; 0 = all (default: 64)",
    )
    parser.add_argument(
        "--scale",
        choices=("each", "all"),
        default="each",
        help=parser.rare(
            "color scale of each map by itself, or of all together, with a legend (default: each)"
        ),
    )
    parser.add_argument(
        "--colormap",
        choices=("auto", "viridis", "grey", "diverging", "heat"),
        default="auto",
        help="auto is viridis, with --overlay heat, or diverging if values are negative (default: "
        "auto)",
    )
    parser.add_argument(
        "--smooth",
        action="store_true",
        help=parser.rare("interpolate between the positions of a map"),
    )
    parser.add_argument(
        "--max-side",
        type=whole_number(0, 65536),
        default=512,
        metavar="PIXELS",
        help=parser.rare(
            "reduce larger pictures to this longer side; 0 = full size (default: 512)"
        ),
    )
    add_run_options(parser)


def add_sheet_options(
    parser: Parser, cell: int | None, shown: str = "", largest: int = _LARGEST_CELL
) -> None:
    """Add what all commands that draw sheets share; `cell` is the default size of a cell.

    If the default depends on other options, `cell` is None and `shown` says what it is.
    """
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="output file (.png, .jpg, .tif or .webp), or - for standard output",
    )
    parser.add_argument(
        "--network",
        default="default",
        metavar="NAME",
        help="network, by name or .onnx file (default: default)",
    )
    parser.add_argument(
        "--columns",
        type=whole_number(0, 1000),
        default=0,
        metavar="NUMBER",
        help=parser.rare("cells per row; 0 = a sheet somewhat wider than high (default: 0)"),
    )
    parser.add_argument(
        "--cell",
        type=whole_number(32, largest),
        default=cell,
        metavar="PIXELS",
        help=f"longer side of a cell (default: {shown or cell})",
    )


def run(options: argparse.Namespace) -> int:
    """Run the network, draw the sheet, write it."""
    from dreamlayer.core import images
    from dreamlayer.core.errors import OptionError, OutputError, shown
    from dreamlayer.core.images.array_image import check_range
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.network.shipped import network_for
    from dreamlayer.core.recipe.term import parse_channels
    from dreamlayer.core.visualize.bar_chart import bar_sheet, bar_size
    from dreamlayer.core.visualize.features import (
        Appearance,
        describe,
        feature_layout,
        feature_sheet,
        features,
    )
    from dreamlayer.core.visualize.memory import check_drawing
    from dreamlayer.core.visualize.sheets import check_sheet, write_sheet

    reporter = Reporter(as_json=options.json, quiet=options.quiet)
    channels = parse_channels(options.channels) if options.channels is not None else ()
    sort = options.sort or ("number" if channels else "activity")
    if same_file(options.picture, options.output):
        raise OutputError(
            f"the sheet would be written over the picture {shown(Path(options.picture))} itself; "
            f"give another name with -o"
        )
    check_output(options.output, options.format)
    network = Network(network_for(options.network, [options.layer] if options.layer else ()))
    if options.layer is None:
        few = ", ".join([x.name for x in network.layers() if x.reason is None][-3:])
        raise OptionError(
            f"no layer is given; name one with --layer, such as {few}; "
            f"`dreamlayer layers` lists all {len(network.layer_names)}"
        )
    picture = images.read(options.picture, options.max_megapixels)
    check_range(picture.pixels, shown(Path(options.picture)))
    found = features(
        network,
        picture.pixels,
        options.layer,
        max_side=options.max_side,
        provider=options.provider,
        threads=options.threads,
    )
    if options.overlay and not found.spatial:
        raise OptionError(
            f"layer {shown(options.layer)} has one number per channel and no map that --overlay "
            f"could lay over the picture; leave --overlay out, or choose another layer"
        )
    chosen = found.choose(channels, sort, options.most)
    _say_start(reporter, options.picture, picture.width, picture.height, found)
    title, line = describe(found, chosen, network.name, sort)
    if found.spatial:
        looks = Appearance(
            options.cell or (_OVERLAY_CELL if options.overlay else _CELL),
            options.columns,
            options.colormap,
            options.scale,
            options.smooth,
            options.overlay,
        )
        size = feature_layout(len(chosen), found.picture.shape[1:], looks).size
        check_sheet(size, options.output, options.format)
        check_drawing(size)
        sheet = feature_sheet(found, chosen, title, line, looks)
    else:
        size = bar_size(len(chosen))
        check_sheet(size, options.output, options.format)
        check_drawing(size)
        sheet = bar_sheet(found.maps[:, 0, 0], chosen, title, line)
    name = "standard input" if options.picture == "-" else Path(options.picture).name
    with until_written(options.output):
        write_sheet(sheet, options.output, f"{title}; {line}; picture {name}", options.format)
        if_cancelled("the sheet is finished")
    reporter.done(options.output, f"{line[0].lower()}{line[1:]}, ", channels=chosen)
    return 0


def _say_start(reporter: Reporter, source: str, width: int, height: int, found: Features) -> None:
    used = found.picture.shape[2], found.picture.shape[1]
    reduced = "" if used == (width, height) else f", looked at in {used[0]} × {used[1]}"
    reporter.note(
        "start",
        f"{source}: {width} × {height} pixels{reduced}",
        source=source,
        width=width,
        height=height,
        used_width=used[0],
        used_height=used[1],
    )
