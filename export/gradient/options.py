"""The options of ``python -m export gradient``; nothing heavy is imported to declare them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.cli.parser import Parser, typed

if TYPE_CHECKING:
    pass

VARIANT_HELP = {
    "portable": "right in every runtime tried",
    "blocked": "the fastest on ONNX Runtime's CPU provider; wrong in OpenVINO",
    "indices": "the fastest where pools give indices, as with CUDA; not for WebGPU, and wrong in "
    "OpenVINO",
}
"""What each of `core.autodiff.variants.VARIANTS` is for."""

RUNTIME_HELP = {
    "onnxruntime": "ONNX Runtime's CPU provider",
    "openvino": "the package openvino, on the processor",
    "node": "onnxruntime-web in Node.js",
    "reference": "onnx's reference evaluator, in Python",
    "webgpu": "ONNX Runtime's WebGPU provider",
}
"""What each of `export.gradient.runtimes.RUNTIMES` is."""

_LARGEST = 65535


def configure(parser: Parser) -> None:
    """Declare the options of the command."""
    parser.description = (
        "Write a stand-alone ONNX model with standard operators only: input image, outputs loss, "
        "gradient and, where asked, activations. A JSON file of the same name describes it. "
        "docs/gradients.md shows how to run it in Python, JavaScript, C# and others."
    )
    parser.add_argument("network", metavar="NETWORK", help="a network file, its name, or default")
    parser.add_argument(
        "--layer",
        action="append",
        default=[],
        metavar="NAME[:WEIGHT[:CHANNELS[:KIND]]]",
        help="layer of the objective, its weight (default: 1; may be negative) and its channels, "
        "counted from 0 and joined by + (default: all), such as mixed3, mixed4:-0.5, "
        "conv2d_40:1:13+139+200-207; also any other tensor of the network, such as "
        "logits:1:281:mean; may be repeated",
    )
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        type=typed(_class, "a class and perhaps its weight, such as 281 or 281:-1"),
        metavar="NUMBER[:WEIGHT]",
        help="class of the objective, counted from 0: its logit, or whatever the network gives for "
        "each class; may be repeated",
    )
    parser.add_argument(
        "--tap",
        action="append",
        default=[],
        metavar="NAME",
        help="layer whose activations become an output too; may be repeated",
    )
    parser.add_argument(
        "--size",
        type=typed(_size, "a height and a width in pixels, such as 224x224"),
        metavar="HEIGHTxWIDTH",
        help="for images of this size only, one at a time: no arithmetic on sizes is left "
        "(default: any size)",
    )
    variants = "; ".join(f"{name}: {told}" for name, told in VARIANT_HELP.items())
    parser.add_argument(
        "--variant",
        choices=tuple(VARIANT_HELP),
        default="portable",
        help=f"how the gradient is written. {variants} (default: %(default)s)",
    )
    parser.add_argument(
        "--fold",
        action="store_true",
        help="store kernels as plain float numbers, and whatever else is computed from weights, "
        "for importers that know weights in no other form; the file is larger",
    )
    runtimes = "; ".join(f"{name}: {told}" for name, told in RUNTIME_HELP.items())
    parser.add_argument(
        "--verify",
        action="append",
        default=[],
        choices=tuple(RUNTIME_HELP),
        help="run the file in this runtime and compare it with the network's own gradient; may be "
        f"repeated. {runtimes}",
    )
    parser.add_argument(
        "--node-modules",
        type=Path,
        metavar="FOLDER",
        help="where onnxruntime-web was installed, for --verify node (default: the current folder, "
        "or NODE_PATH)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="where to write"
    )


def run(arguments: argparse.Namespace) -> Iterator[str]:
    """Do the command's work; see `export.gradient.command.run`."""
    from dreamlayer.export.gradient.command import run as export
    from dreamlayer.export.gradient.request import Request

    request = Request(
        arguments.network,
        tuple(arguments.layer),
        arguments.output,
        classes=tuple(arguments.classes),
        taps=tuple(arguments.tap),
        size=arguments.size,
        variant=arguments.variant,
        fold=arguments.fold,
    )
    return export(request, arguments.verify, arguments.node_modules, isolated=True)


def _size(text: str) -> tuple[int, int]:
    height, width = (int(part) for part in text.lower().replace("×", "x").split("x"))
    if not (0 < height <= _LARGEST and 0 < width <= _LARGEST):
        raise ValueError(text)
    return height, width


def _class(text: str) -> tuple[int, float]:
    number, colon, weight = text.partition(":")
    index, factor = int(number), float(weight) if colon else 1.0
    if index < 0 or not math.isfinite(factor):
        raise ValueError(text)
    return index, factor
