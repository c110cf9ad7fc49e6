"""The command line of the exporter; nothing heavy is imported before a command runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dreamlayer.core.cli.arguments import joined
from dreamlayer.core.errors import DreamlayerError

DESCRIPTION = "Make network files for dreamlayer, and gradient models for other runtimes."
LAYER_HELP = (
    "what to climb: a layer, its weight (1; may be negative) and its channels from 0, joined by + "
    "(all), such as mixed3, mixed4:-0.5, conv2d_40:1:13+139+200-207; may be repeated"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process where None.

    Returns
    -------
    int
        0; 2 where the command could not be carried out, 130 where it was interrupted.
    """
    typed = joined(sys.argv[1:] if argv is None else argv, ("--range", "--mean", "--std"))
    arguments = _parser().parse_args(typed)
    try:
        print(arguments.command(arguments))
    except DreamlayerError as error:
        print(f"{arguments.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{arguments.prog}: interrupted, nothing was written", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    """Build the parser."""
    entered = Path(sys.argv[0]).name
    prog = "python -m export" if entered in ("__main__.py", "-m", "-c") else entered
    parser = argparse.ArgumentParser(prog=prog, description=DESCRIPTION)
    parser.set_defaults(prog=prog)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_default(commands)
    _add_inception_v3(commands)
    _add_vgg(commands, "vgg16", "VGG16")
    _add_vgg(commands, "vgg19", "VGG19")
    _add_inception5h(commands)
    _add_adopt(commands)
    _add_gradient(commands)
    return parser


Commands = argparse._SubParsersAction  # argparse gives its type no public name


def _add_default(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare ``default``."""
    parser = commands.add_parser(
        "default",
        help="rebuild the network that ships with dreamlayer, byte for byte",
        description="Rebuild the network that ships with dreamlayer from the npm package nsfwjs.",
    )
    parser.add_argument(
        "--tarball", type=Path, help="nsfwjs-4.3.0.tgz; without it, npm downloads it"
    )
    _output(parser, "the place of the shipped network")
    parser.set_defaults(command=_run_default)


def _add_inception_v3(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare ``inception_v3``."""
    parser = _add_keras(commands, "inception_v3", "InceptionV3")
    parser.set_defaults(pooling=None, channels=None, mean=None)


def _add_vgg(commands: Commands[argparse.ArgumentParser], name: str, title: str) -> None:
    """Declare ``vgg16`` or ``vgg19``."""
    parser = _add_keras(commands, name, title)
    parser.add_argument(
        "--pooling",
        choices=("max", "average"),
        default="max",
        help="what the pools take (%(default)s); style transfer asks for average",
    )
    parser.add_argument(
        "--channels",
        choices=("bgr", "rgb"),
        default="bgr",
        help="order of the colours that the first layer sees (%(default)s, as it was trained)",
    )
    parser.add_argument(
        "--mean",
        choices=("imagenet", "none"),
        default="imagenet",
        help="what is subtracted from 0..255 (%(default)s, as it was trained)",
    )


def _add_keras(
    commands: Commands[argparse.ArgumentParser], name: str, title: str
) -> argparse.ArgumentParser:
    """Declare the command of a network of Keras, with the options that all have."""
    parser = commands.add_parser(
        name,
        help=f"export {title} from Keras and compare it with Keras",
        description=f"Export {title} from Keras, every layer under its Keras name, and print "
        "how well activations and gradients agree with Keras.",
    )
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="imagenet|random|FILE",
        help="Keras's own (downloaded once), random ones, or a .h5 or .keras file (%(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="for random weights (%(default)s)")
    parser.add_argument(
        "--top",
        action="store_true",
        help="with the classifier, for any size; its layer logits has a channel for each class",
    )
    _output(parser, f"{name}.onnx, with a word for each option that changes the network")
    parser.set_defaults(command=_run_keras, kind=name)
    return parser


def _add_inception5h(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare ``inception5h``."""
    parser = commands.add_parser(
        "inception5h",
        help="export the frozen graph inception5h and compare it with TensorFlow",
        description="Export the frozen TensorFlow graph inception5h up to mixed5b, every layer "
        "under its own name, and print how well activations and gradients agree with TensorFlow.",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="tensorflow_inception_graph.pb, or the inception5h.zip that it comes in",
    )
    parser.add_argument(
        "--mean",
        choices=("117", "none"),
        default="117",
        help="what is subtracted from 0..255 (%(default)s, as it was trained)",
    )
    parser.add_argument(
        "--channels",
        choices=("rgb", "bgr"),
        default="rgb",
        help="order of the colours that the first layer sees (%(default)s, as it was trained)",
    )
    _output(parser, "inception5h.onnx, with a word for each option that changes the network")
    parser.set_defaults(command=_run_inception5h)


def _add_adopt(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare ``adopt``."""
    parser = commands.add_parser(
        "adopt",
        help="make a network file from any ONNX convolutional network",
        description="Make a network file from any ONNX convolutional network. What no option says "
        "is taken from the file where it tells, and otherwise assumed; it is printed.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.onnx")
    parser.add_argument("--input", metavar="NAME", help="name of the image input")
    parser.add_argument("--layout", choices=("nchw", "nhwc"), help="axes of the input")
    parser.add_argument("--channels", choices=("rgb", "bgr"), help="order of the colours")
    parser.add_argument("--range", choices=("0..1", "0..255", "-1..1"), help="values of its pixels")
    parser.add_argument(
        "--mean", type=_triple, metavar="R,G,B", help="subtracted, in units of the range"
    )
    parser.add_argument("--std", type=_triple, metavar="R,G,B", help="divided by after the mean")
    parser.add_argument("--name", help="what recipes call the network (the file's name)")
    parser.add_argument("--license", metavar="TEXT", help="terms of use, recorded in the file")
    _output(parser, "NAME.onnx")
    parser.set_defaults(command=_run_adopt)


def _add_gradient(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare ``gradient``."""
    parser = commands.add_parser(
        "gradient",
        help="write a stand-alone model that gives loss and gradient",
        description="Write a stand-alone ONNX model with standard operators only: input image, "
        "outputs loss, gradient and, where asked, activations.",
    )
    parser.add_argument("network", metavar="NETWORK", help="a network file, its name, or default")
    parser.add_argument(
        "--layer",
        action="append",
        required=True,
        metavar="NAME[:WEIGHT[:CHANNELS[:KIND]]]",
        help=LAYER_HELP,
    )
    parser.add_argument(
        "--tap",
        action="append",
        default=[],
        metavar="NAME",
        help="a layer whose activations are an output too; may be repeated",
    )
    _output(parser, None)
    parser.set_defaults(command=_run_gradient)


def _output(parser: argparse.ArgumentParser, otherwise: str | None) -> None:
    """Declare ``-o``, required where there is nothing to write to otherwise."""
    told = f"where to write ({otherwise})" if otherwise else "where to write"
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=otherwise is None, help=told
    )


def _triple(text: str) -> tuple[float, float, float]:
    """Parse ``R,G,B``, or one number for all three."""
    numbers = [float(part) for part in text.split(",")]
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue


def _run_default(arguments: argparse.Namespace) -> str:
    from dreamlayer.export.shipped import default

    return default.run(arguments.tarball, arguments.output or default.DEFAULT_OUTPUT)


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
    from dreamlayer.export.adopt import adopt
    from dreamlayer.export.adopt.input_guess import InputOptions

    options = InputOptions(
        input=arguments.input,
        layout=arguments.layout,
        channels=arguments.channels,
        range=arguments.range,
        mean=arguments.mean,
        std=arguments.std,
    )
    return adopt.run(arguments.model, arguments.output, options, arguments.name, arguments.license)


def _run_gradient(arguments: argparse.Namespace) -> str:
    from dreamlayer.export import gradient

    return gradient.run(arguments.network, arguments.layer, arguments.output, arguments.tap)
