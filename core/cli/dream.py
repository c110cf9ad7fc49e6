"""`dreamlayer dream`: dream on one picture, or on many."""

from __future__ import annotations

import argparse
from functools import partial

from dreamlayer.core.cli.batch import Batch
from dreamlayer.core.cli.dream_picture import Dreams
from dreamlayer.core.cli.inputs import NOISE, check_streams, find_inputs
from dreamlayer.core.cli.mask import read_mask
from dreamlayer.core.cli.options import (
    DREAM,
    add_batch_options,
    add_metadata_options,
    add_recipe_options,
    add_run_options,
    recipe_of,
)
from dreamlayer.core.cli.parser import Parser
from dreamlayer.core.cli.plan import Job, plan
from dreamlayer.core.cli.plot import HELP as PLOT_HELP
from dreamlayer.core.cli.plot import plot_targets
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.targets import STREAM
from dreamlayer.core.errors import OptionError
from dreamlayer.core.recipe.recipe import Recipe


def configure(parser: Parser) -> None:
    """Declare the command's options."""
    parser.shorten("[PICTURE ...] [-o FILE]")
    parser.add_argument(
        "pictures",
        nargs="*",
        metavar="PICTURE",
        help="file, folder, pattern like '*.jpg', or - for stdin",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="file, folder or - for stdout (default: NAME-dream)"
    )
    add_batch_options(parser)
    parser.add_argument(
        "--mask",
        metavar="FILE",
        help="gray picture: dream where white, keep where black",
    )
    parser.add_argument("--plot", metavar="FILE", help=parser.rare(PLOT_HELP))
    add_recipe_options(parser)
    add_metadata_options(parser)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    """Dream on every picture; with several, one that fails does not stop the others."""
    recipe = recipe_of(options, DREAM)
    jobs = _jobs(options, recipe)
    others = [name for name in (options.mask, options.recipe, recipe.guide) if name]
    plots = plot_targets(options.plot, jobs, recipe, others)
    mask = None if options.mask is None else read_mask(options.mask, options.max_megapixels)

    from dreamlayer.core.dreaming.dreamer import Dreamer
    from dreamlayer.core.network.image_size import other_tile
    from dreamlayer.core.network.shipped import network_of
    from dreamlayer.core.runtime.sessions import first_choice

    reporter = Reporter(as_json=options.json, quiet=options.quiet)
    dreamer = Dreamer(network_of(recipe), options.provider, options.threads)
    dreamer.network.check(recipe.layers)
    for one in other_tile(dreamer.network.name, dreamer.network.image_size, recipe.tile):
        reporter.remark(one)
    if not recipe.idle:
        first_choice(options.provider)
    _check_guide(recipe, options.max_megapixels)
    if len(jobs) > 1 and not recipe.idle:
        # What is wrong with layers or guide concerns all pictures, and is told once.
        dreamer.objective(recipe)
    batch = Batch(jobs, reporter, skip_existing=options.skip_existing)
    dreams = Dreams(recipe, dreamer, reporter, options, mask)
    return batch.run(lambda job: dreams.make(job, plots.get(job), partial(batch.finish, job)))


def _jobs(options: argparse.Namespace, recipe: Recipe) -> list[Job]:
    """What to make, and from what."""
    kept = [
        (recipe.guide, "the guide"),
        (options.recipe, "the recipe"),
        (options.mask, "the mask"),
        (recipe.network, "the network"),
    ]
    settings = {
        "format": options.format,
        "keeps_existing": options.keep_existing,
        "unmarked": options.no_recipe or options.strip_metadata,
        "kept": kept,
    }
    if options.pictures:
        inputs = find_inputs(options.pictures, recursive=options.recursive, output=options.output)
        check_streams(inputs)
        if options.mask == STREAM and any(one.name == STREAM for one in inputs):
            raise OptionError("standard input takes one picture; give the mask as a file")
        return plan(inputs, options.output, "dream", **settings)
    if recipe.start == "image":
        raise OptionError(
            "no picture is given; name one, or start from noise with --start noise (--canvas sets "
            "its size)"
        )
    return plan([NOISE], options.output, "dream", **settings)


def _check_guide(recipe: Recipe, max_megapixels: float) -> None:
    """Raise what is wrong with the guide once, before all pictures."""
    if recipe.needs_guide and recipe.guide not in ("", STREAM) and not recipe.idle:
        from dreamlayer.core import images

        images.open(recipe.guide, max_megapixels).close()
