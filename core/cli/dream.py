"""`dreamlayer dream`: dream on one picture, or on many."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.options import add_recipe_options, recipe_from
from core.cli.progress import Reporter, duration
from core.errors import DreamlayerError, OutputError
from core.recipe import Recipe

if TYPE_CHECKING:
    from core.dreaming import Dreamer
    from core.memory import Estimate

_STREAM = "-"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help="PNG, JPEG, TIFF or WebP; - for standard input",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write: a file (its ending chooses the format), a folder, or - for standard "
        "output (default: NAME-dream beside each picture)",
    )
    parser.add_argument("--format", choices=("png", "jpeg", "tiff", "webp"), help="format for -o -")
    parser.add_argument(
        "--provider", default="auto", help="execution provider: auto, cpu, cuda, openvino, ..."
    )
    parser.add_argument(
        "--threads", type=int, default=0, help="processor threads, 0 for all (default: 0)"
    )
    parser.add_argument(
        "--max-megapixels",
        type=_megapixels,
        default=500.0,
        metavar="N",
        help="refuse larger pictures (default: 500)",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="report as JSON lines on standard error")
    shown.add_argument("--quiet", action="store_true", help="report errors only")
    add_recipe_options(parser)


def _megapixels(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def run(options: argparse.Namespace) -> int:
    """Dream on every picture; with several, one that fails does not stop the others."""
    recipe = recipe_from(options)
    targets = [_target(source, options) for source in options.pictures]
    _check_targets(options.pictures, targets, options)

    from core.dreaming import Dreamer

    reporter = Reporter(as_json=options.json, quiet=options.quiet)
    dreamer = Dreamer(recipe.network, options.provider, options.threads)
    dreamer.network.check(recipe.layers)
    failed = 0
    for source, target in zip(options.pictures, targets, strict=True):
        try:
            _dream_one(source, target, recipe, dreamer, reporter, options)
        except DreamlayerError as error:
            reporter.clear()
            if len(targets) == 1:
                raise
            failed += 1
            print(f"{source}: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            reporter.clear()
            raise
    return 2 if failed else 0


def _dream_one(
    source: str,
    target: str,
    recipe: Recipe,
    dreamer: Dreamer,
    reporter: Reporter,
    options: argparse.Namespace,
) -> None:
    from core import images

    began = time.monotonic()
    opened = images.open(source, options.max_megapixels)
    images.check_target(target, options.format, opened)
    estimate = dreamer.estimate(opened.width, opened.height, recipe)
    used = recipe.replace(tile=estimate.tile)
    provider = "none" if used.idle else dreamer.session(used).provider
    _announce(reporter, source, opened.width, opened.height, used, estimate, provider)
    picture = opened.load()
    picture.pixels = dreamer.dream(
        picture.pixels, used, tile=estimate.tile, watch=reporter.progress
    )
    picture.recipe = used.to_json()
    images.write(picture, target, format=options.format)
    seconds = time.monotonic() - began
    reporter.clear()
    reporter.note(
        "done", f"{target}: done in {duration(seconds)}", target=target, seconds=round(seconds, 2)
    )


def _announce(
    reporter: Reporter,
    source: str,
    width: int,
    height: int,
    recipe: Recipe,
    estimate: Estimate,
    provider: str,
) -> None:
    """Say before the start what is about to be done and what it needs."""
    from core.memory import in_units

    reporter.note(
        "start",
        f"{source}: {width} × {height} pixels, octaves {recipe.octaves}, steps {recipe.steps}, "
        f"tile {recipe.tile}, provider {provider}, about {in_units(estimate.bytes)} of memory",
        source=source,
        width=width,
        height=height,
        tile=recipe.tile,
        provider=provider,
        memory_bytes=int(estimate.bytes),
    )


def _target(source: str, options: argparse.Namespace) -> str:
    """Where the dream of one picture goes."""
    output: str | None = options.output
    if output == "":
        raise OutputError("the output has no name; give a file, a folder or -")
    if output is None:
        if source == _STREAM:
            return _STREAM
        path = Path(source)
        return str(path.with_name(f"{path.stem}-dream{path.suffix}"))
    folder = output.endswith(("/", "\\")) or Path(output).is_dir()
    if output != _STREAM and (folder or len(options.pictures) > 1):
        return str(Path(output) / (Path(source).name if source != _STREAM else "dream.png"))
    return output


def _check_targets(sources: list[str], targets: list[str], options: argparse.Namespace) -> None:
    """Find out before hours of work that a result could not be written."""
    from core import images

    if sources.count(_STREAM) > 1 or (targets.count(_STREAM) > 0 and len(targets) > 1):
        raise OutputError("standard input and output take one picture; name files or a folder")
    output: str | None = options.output
    if len(targets) > 1 and output is not None and not Path(output).is_dir():
        raise OutputError(
            f"several pictures need a folder to go to, and {output!r} is none; create it first"
        )
    for target in targets:
        if targets.count(target) > 1:
            raise OutputError(
                f"two pictures would both be written to {target!r}; rename one or use two folders"
            )
        images.check_target(target, options.format)
    for source, target in zip(sources, targets, strict=True):
        # Only a file name that was typed may be the picture's own.
        if target not in (output, _STREAM) and _same_file(source, target):
            raise OutputError(
                f"{target!r} is the picture itself; give another folder or a file name with -o"
            )


def _same_file(one: str, other: str) -> bool:
    return Path(one).exists() and Path(other).exists() and Path(one).samefile(other)
