"""`dreamlayer style`: give one picture the style of another, or of several."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.cli.cancelling import if_cancelled
from dreamlayer.core.cli.inputs import find_inputs
from dreamlayer.core.cli.options import (
    STYLE,
    add_metadata_options,
    add_recipe_options,
    add_run_options,
    recipe_of,
)
from dreamlayer.core.cli.parser import Parser
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.results import check_result, until_written, write_result
from dreamlayer.core.cli.targets import (
    STREAM,
    check_output,
    clash,
    is_folder,
    make_folder_of,
    target_of,
)
from dreamlayer.core.errors import OptionError, OutputError, PictureError, shown
from dreamlayer.core.recipe.style import MAX_STYLES, StyleRecipe

if TYPE_CHECKING:
    from dreamlayer.core.images import Picture
    from dreamlayer.core.style.optimization import Optimization, Round


def configure(parser: Parser) -> None:
    """Declare the command's options."""
    parser.shorten("CONTENT [STYLE ...] [-o FILE]")
    parser.add_argument(
        "content", metavar="CONTENT", help="the picture to change; - for standard input"
    )
    parser.add_argument(
        "styles",
        nargs="*",
        metavar="STYLE",
        help="style pictures (default: those that the recipe names)",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="file, folder or - for stdout (default: NAME-style)"
    )
    parser.add_argument(
        "--rounds-folder",
        metavar="FOLDER",
        help=parser.rare("save the picture after each round in this folder"),
    )
    add_recipe_options(parser, STYLE)
    add_metadata_options(parser)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    """Style one picture."""
    (options.content,) = _files([options.content], most=1)
    options.styles = _files(options.styles, most=MAX_STYLES)
    recipe = _recipe(options)
    target = _target(options, recipe)

    from dreamlayer.core import images
    from dreamlayer.core.images.transparency import keep_hidden
    from dreamlayer.core.network.image_size import other_tile
    from dreamlayer.core.network.shipped import network_of
    from dreamlayer.core.style.pictures import close_styles, open_style
    from dreamlayer.core.style.transfer import StyleTransfer

    may_make = options.output is not None and is_folder(options.output)
    if options.output is not None:
        check_output(target, options.format, may_make=may_make)
    keep = _keeper(options, target, recipe)
    reporter = Reporter(as_json=options.json, quiet=options.quiet)
    reporter.begin(options.content, 1, 1)
    with images.open(options.content, options.max_megapixels) as opened:
        for one in check_result(opened, target, recipe, options, may_make=may_make):
            reporter.remark(f"{options.content}: {one}", source=options.content)
        stylist = StyleTransfer(network_of(recipe), options.provider, options.threads)
        asked = 0 if recipe.tile == StyleRecipe.tile else recipe.tile
        for one in other_tile(stylist.network.name, stylist.network.image_size, asked):
            reporter.remark(one)
        styles = [open_style(name, options.max_megapixels) for name in recipe.styles]
        try:
            needed = stylist.estimate(opened.width, opened.height, recipe, styles).bytes
            picture = opened.load()
            before = picture.pixels
            painting = stylist.prepare(before, recipe, styles, picture.alpha)
        finally:
            close_styles(styles)
    _announce(reporter, options.content, picture, painting, recipe, needed)

    kept: list[str] = []

    def show(made: Round) -> None:
        if keep is not None:
            picture.pixels = keep_hidden(made.pixels, before, picture.alpha)
            # One size only: as many rounds make the same picture again.
            alone = made.count == recipe.rounds
            place = keep(made.number)
            used = recipe.replace(rounds=made.number) if alone else recipe
            with until_written(place):
                write_result(picture, place, used, options)
                kept.append(place)
                if_cancelled(
                    f"{len(kept)} finished rounds are saved, the last as {shown(Path(place))}",
                    finished_rounds=len(kept),
                    last=place,
                )
            reporter.note("round", f"{place}: loss {made.loss:.4g}", target=place, loss=made.loss)

    try:
        result = painting.run(on_progress=reporter.progress, on_round=show if keep else None)
    finally:
        reporter.clear()
    picture.pixels = keep_hidden(result, before, picture.alpha)
    if may_make:
        make_folder_of(target)
    with until_written(target):
        write_result(picture, target, recipe, options)
        if_cancelled(f"{shown(Path(target))} is finished, nothing is half-written")
        reporter.done(target)
    return 0


def _files(arguments: Sequence[str], most: int) -> list[str]:
    """The pictures that arguments stand for: files, and patterns that the shell left.

    Raises
    ------
    PictureError, OptionError
        One stands for nothing, or all for more than so many.
    """
    for one in arguments:
        if is_folder(one) and Path(one).is_dir():
            raise PictureError(f"{shown(Path(one))} is a folder; style takes pictures by name")
    found = find_inputs(arguments)
    for problem in (one.problem for one in found if one.problem):
        raise PictureError(problem)
    if len(found) > most:
        raise OptionError(
            f"{' '.join(map(shown, arguments[:3]))} stands for {len(found)} pictures, but "
            f"{'one is' if most == 1 else f'at most {most} are'} allowed; name fewer"
        )
    return [one.name for one in found]


def _recipe(options: argparse.Namespace) -> StyleRecipe:
    """The recipe that the command line describes, the style pictures with it."""
    options.styles = tuple(options.styles) or None
    recipe = recipe_of(options, STYLE)
    if options.styles and options.style_weights is None and recipe.style_weights:
        # Those were for the recipe's own pictures.
        recipe = recipe.replace(style_weights=())
    if STREAM in recipe.styles and (options.content == STREAM or len(recipe.styles) > 1):
        raise OptionError("standard input takes one picture; use files for the others")
    return recipe


def _target(options: argparse.Namespace, recipe: StyleRecipe) -> str:
    """Where the result goes; only a file name that was typed may be that of a picture used."""
    target = target_of(options.output, options.content, "style", format=options.format)
    taken = None if target == options.output else clash(target, [options.content, *recipe.styles])
    if taken == options.content:
        raise OutputError(
            f"{shown(Path(target))} is the picture itself; give another folder or a file name "
            "with -o"
        )
    if taken is not None:
        raise OutputError(
            f"the result would be written over the style picture {shown(Path(taken))}; give "
            "another folder or a file name with -o"
        )
    return target


def _keeper(
    options: argparse.Namespace, target: str, recipe: StyleRecipe
) -> Callable[[int], str] | None:
    """Names the file for each round, or None where they are not kept."""
    if options.rounds_folder is None:
        return None
    folder = Path(options.rounds_folder)
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"{shown(folder)} is not a folder; each round has its own file, so name a folder with "
            f"--rounds-folder"
        )
    if not folder.is_dir():
        raise OutputError(
            f"the folder {shown(folder)} for the rounds does not exist; create it first"
        )
    from dreamlayer.core import images

    name = Path(target) if target != STREAM else Path(f"style.{options.format or 'png'}")

    def place(number: int) -> str:
        return str(folder / f"{name.stem}-round-{number:02d}{name.suffix}")

    images.check_target(place(1), options.format)
    for number in range(1, recipe.octaves * recipe.rounds + 1):
        taken = clash(place(number), [options.content, *recipe.styles, target])
        if taken is not None:
            raise OutputError(
                f"round {number} would be written over {shown(Path(taken))}; give another "
                "--rounds-folder"
            )
    return place


def _announce(
    reporter: Reporter,
    source: str,
    picture: Picture,
    painting: Optimization,
    recipe: StyleRecipe,
    needed: float,
) -> None:
    """Say before the start what is about to be done and what it needs."""
    from dreamlayer.core.dreaming.free_memory import in_units

    height, width = painting.sizes[-1]
    reporter.note(
        "start",
        f"{source}: {picture.width} × {picture.height} pixels, worked on at {width} × {height}, "
        f"sizes {len(painting.sizes)}, rounds {recipe.rounds}, provider {painting.provider}, "
        f"about {in_units(needed)} of memory",
        source=source,
        width=picture.width,
        height=picture.height,
        working_width=width,
        working_height=height,
        provider=painting.provider,
        memory_bytes=int(needed),
    )
