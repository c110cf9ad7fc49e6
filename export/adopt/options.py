"""The options of ``python -m export adopt``; nothing heavy is imported to declare them."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from dreamlayer.core.cli.parser import Parser, typed


def configure(parser: Parser) -> None:
    """Declare the options of the command."""
    parser.description = (
        "Make a network file from any ONNX convolutional network. What no option says is read from "
        "the file, or else assumed, and printed."
    )
    parser.add_argument("model", type=Path, metavar="MODEL.onnx")
    parser.add_argument("--input", metavar="NAME", help="name of the image input")
    parser.add_argument(
        "--constant",
        type=typed(_constant, "NAME=NUMBER, or NAME=N,N,... with a number for each element"),
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what another input is to be, such as scale=1 or training=0; may be given for each",
    )
    parser.add_argument("--layout", choices=("nchw", "nhwc"), help="axes of the input")
    parser.add_argument("--channels", choices=("rgb", "bgr"), help="color order of the input")
    parser.add_argument("--range", choices=("0..1", "0..255", "-1..1"), help="range of its pixels")
    triple = typed(_triple, "a number, or three as R,G,B")
    parser.add_argument(
        "--mean", type=triple, metavar="R,G,B", help="subtracted, in units of the range"
    )
    parser.add_argument("--std", type=triple, metavar="R,G,B", help="divided by after the mean")
    parser.add_argument(
        "--size",
        default="auto",
        metavar="any|HxW|auto",
        help="images that it is to take: of any size, or of one height and width, in whose tiles "
        "pictures are then dreamed (default: any if that costs no layer, else its own)",
    )
    parser.add_argument(
        "--name", help="what recipes call the network (default: the name of the file)"
    )
    parser.add_argument("--license", metavar="TEXT", help="terms of use, stored in the file")
    parser.add_argument(
        "--allow-difference",
        type=typed(_share, "a number of 0 or more, such as 0.01"),
        default=0.001,
        metavar="SHARE",
        help="how much outputs may differ from the source's, as a share of their largest number "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to write (default: NAME.onnx)"
    )


def run(arguments: argparse.Namespace) -> str:
    """Adopt the network in a process of its own, and return what was decided and written."""
    from dreamlayer.core.network.trials import guarded
    from dreamlayer.export.adopt import adopt
    from dreamlayer.export.adopt.image_sizes import parse_size
    from dreamlayer.export.adopt.input_guess import InputOptions

    options = InputOptions(
        input=arguments.input,
        layout=arguments.layout,
        channels=arguments.channels,
        range=arguments.range,
        mean=arguments.mean,
        std=arguments.std,
        constants=tuple(arguments.constant),
    )
    model = arguments.model
    done: str = guarded(
        model,
        adopt.run,
        model,
        arguments.output,
        options,
        arguments.name,
        arguments.license,
        arguments.allow_difference,
        parse_size(arguments.size),
    )
    return done


def _triple(text: str) -> tuple[float, float, float]:
    """Parse ``R,G,B``, or one number for all three."""
    numbers = [float(part) for part in text.split(",")]
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue


def _constant(text: str) -> tuple[str, tuple[float, ...]]:
    """Parse ``NAME=N,N,...``; the name may hold further equals signs."""
    name, equals, numbers = text.rpartition("=")
    values = tuple(float(part) for part in numbers.split(","))
    if not (name and equals and all(map(math.isfinite, values))):
        raise ValueError(text)
    return name, values


def _share(text: str) -> float:
    """Parse a number of 0 or more."""
    number = float(text)
    if not number >= 0:
        raise ValueError(text)
    return number
