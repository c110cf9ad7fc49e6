"""`dreamlayer dream`: dream on one picture, or on many."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.cli.mask import Mask, read_mask
from dreamlayer.core.cli.options import DREAM, add_recipe_options, add_run_options, recipe_of
from dreamlayer.core.cli.plot import HELP as PLOT_HELP
from dreamlayer.core.cli.plot import plot_targets, recorder, write_plot
from dreamlayer.core.cli.program import Parser
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.targets import STREAM, identity, target_of
from dreamlayer.core.errors import DreamlayerError, OptionError, OutputError
from dreamlayer.core.recipe.recipe import Recipe

if TYPE_CHECKING:
    from dreamlayer.core.dreaming.dreamer import Dreamer
    from dreamlayer.core.dreaming.memory import Estimate
    from dreamlayer.core.images import Picture

_NOISE = "noise/"
"""Stands for no picture; no file can have this name."""


def configure(parser: Parser) -> None:
    """Declare the command's options."""
    parser.shorten("[PICTURE ...] [-o FILE]")
    parser.add_argument(
        "pictures",
        nargs="*",
        metavar="PICTURE",
        help="PNG, JPEG, TIFF or WebP; - for standard input",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="file, folder or - for stdout (default: NAME-dream)"
    )
    parser.add_argument(
        "--mask",
        metavar="FILE",
        help="where to dream: a gray picture as large as the other; white dreams, black keeps",
    )
    parser.add_argument("--plot", metavar="FILE", help=parser.rare(PLOT_HELP))
    add_recipe_options(parser)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    """Dream on every picture; with several, one that fails does not stop the others."""
    recipe = recipe_of(options, DREAM)
    sources = options.pictures or [_noise_for(recipe)]
    several = len(options.pictures) > 1
    targets = [
        target_of(options.output, None if source == _NOISE else source, "dream", several=several)
        for source in sources
    ]
    _check_targets(sources, targets, recipe, options)
    mask = None if options.mask is None else read_mask(options.mask, options.max_megapixels)
    others = [name for name in (options.mask, options.recipe) if name]
    plots = plot_targets(options.plot, sources, targets, recipe, others)

    from dreamlayer.core.dreaming.dreamer import Dreamer
    from dreamlayer.core.network.shipped import network_of

    reporter = Reporter(as_json=options.json, quiet=options.quiet)
    dreamer = Dreamer(network_of(recipe), options.provider, options.threads)
    dreamer.network.check(recipe.layers)
    failed = 0
    for source, target, plot in zip(sources, targets, plots, strict=True):
        try:
            _dream_one(source, target, plot, recipe, dreamer, reporter, options, mask)
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
    plot: str | None,
    recipe: Recipe,
    dreamer: Dreamer,
    reporter: Reporter,
    options: argparse.Namespace,
    mask: Mask | None,
) -> None:
    import numpy as np

    from dreamlayer.core import images
    from dreamlayer.core.ascent.loop import Callbacks
    from dreamlayer.core.images.compact import compacted
    from dreamlayer.core.runtime.graph_cache import fill

    reporter.restart()
    opened = (
        _noise(recipe, options.max_megapixels)
        if source == _NOISE
        else images.open(source, options.max_megapixels)
    )
    images.check_target(target, options.format, opened)
    where = None if mask is None else mask.for_size(opened.width, opened.height)
    weighed = where is not None or opened.has_alpha
    # Noise, and floats in files, are held as they are.
    compact = isinstance(opened, images.Source) and opened.depth < 32 and not opened.has_alpha
    estimate = dreamer.estimate(
        opened.width,
        opened.height,
        recipe,
        weighed=weighed,
        compact=compact,
        encoder=images.encoder_bytes(target, options.format),
    )
    used = recipe.replace(tile=estimate.tile)
    if source == _NOISE:
        # The tone of noise is nothing to hold on to.
        used = used.replace(anchor=0.0)
    provider = "none" if used.idle else dreamer.objective(used).provider
    name = "noise" if source == _NOISE else source
    _announce(reporter, name, opened.width, opened.height, used, estimate, provider)
    picture = opened if isinstance(opened, images.Picture) else opened.load()
    record = None if plot is None else recorder(used)
    pixels = (compacted(picture.pixels) if compact else None) or picture.pixels
    # The dream needs the memory of their floats, if it can.
    picture.pixels = np.empty((0, 0, 3), np.float32)
    picture.pixels = dreamer.dream(
        pixels,
        used,
        mask=where,
        alpha=picture.alpha,
        tile=estimate.tile,
        callbacks=Callbacks(on_progress=reporter.progress, on_step=record),
    )
    picture.recipe = used.to_json()
    images.write(picture, target, format=options.format)
    if plot is not None and record is not None:
        write_plot(record, plot, name, used)
    reporter.done(target)
    fill()


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
    from dreamlayer.core.dreaming.memory import in_units

    sizes = [f"{wide} × {high}" for high, wide in estimate.octaves]
    span = f" ({sizes[0]} to {sizes[-1]})" if len(sizes) > 1 else ""
    reporter.note(
        "start",
        f"{source}: {width} × {height} pixels, octaves {len(sizes)}{span}, steps {recipe.steps}, "
        f"tile {recipe.tile}, provider {provider}, about {in_units(estimate.bytes)} of memory",
        source=source,
        width=width,
        height=height,
        octaves=len(sizes),
        tile=recipe.tile,
        provider=provider,
        memory_bytes=int(estimate.bytes),
    )


def _noise_for(recipe: Recipe) -> str:
    """What stands for no picture; `OptionError` where the recipe needs one."""
    if recipe.start == "image":
        raise OptionError(
            "no picture is given; name one, or start from noise with --start noise (--canvas sets "
            "its size)"
        )
    return _NOISE


def _noise(recipe: Recipe, megapixels: float) -> Picture:
    """The noise to start from, if it is not too large."""
    from dreamlayer.core.dreaming.dreamer import noise_picture
    from dreamlayer.core.dreaming.memory import check_memory
    from dreamlayer.core.images import Picture

    if recipe.canvas**2 > megapixels * 1e6:
        raise OptionError(
            f"a canvas of {recipe.canvas} × {recipe.canvas} pixels is more than the "
            f"{megapixels:g} megapixels allowed; give a smaller --canvas, or raise the limit with "
            f"--max-megapixels"
        )
    check_memory(recipe.canvas, recipe.canvas)
    return Picture(noise_picture(recipe))


def _check_targets(
    sources: list[str], targets: list[str], recipe: Recipe, options: argparse.Namespace
) -> None:
    """Find out before hours of work if a result could not be written."""
    from dreamlayer.core import images

    if sources.count(STREAM) > 1 or (targets.count(STREAM) > 0 and len(targets) > 1):
        raise OutputError("standard input and output take one picture; use files or a folder")
    if options.mask == STREAM and STREAM in sources:
        raise OptionError("standard input takes one picture; give the mask as a file")
    output: str | None = options.output
    if len(targets) > 1 and output is not None and not Path(output).is_dir():
        raise OutputError(
            f"{output!r} is not a folder; several pictures need one, so create it first"
        )
    written: set[object] = set()
    pictures = {identity(source) for source in sources if source != _NOISE}
    read = [
        (recipe.guide, "the guide"),
        (options.recipe, "the recipe"),
        (options.mask, "the mask"),
    ]
    for source, target in zip(sources, targets, strict=True):
        images.check_target(target, options.format)
        file = identity(target)
        if file is None:
            continue
        if file in written:
            raise OutputError(
                f"two pictures would both be written to {target!r}; rename one or use two folders"
            )
        written.add(file)
        lost = [what for name, what in read if name and identity(name) == file]
        own = identity(source) == file
        # Only a file name that was typed may be the picture's own.
        if file in pictures and not (own and target == output):
            lost.append("the picture itself" if own else "another of the pictures")
        if lost:
            raise OutputError(
                f"{target!r} is {lost[0]}; give another folder or a file name with -o"
            )
