"""Write a finished picture with its recipe, as `dream` and `style` do."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from dreamlayer.core.cli.cancelling import if_cancelled
from dreamlayer.core.cli.targets import STREAM
from dreamlayer.core.interruption import deferred

if TYPE_CHECKING:
    from dreamlayer.core.images import Picture, Source
    from dreamlayer.core.recipe.recipe import Recipe
    from dreamlayer.core.recipe.style import StyleRecipe


def check_fits(target: str, format: str | None, picture: Picture | Source) -> None:
    """Raise `OutputError` where the format of a target cannot hold a picture."""
    from dreamlayer.core import images
    from dreamlayer.core.images.formats import output_format

    images.check_target(STREAM, output_format(target, format), picture)


def write_result(
    picture: Picture, target: str, recipe: Recipe | StyleRecipe, options: argparse.Namespace
) -> None:
    """Write a picture with its recipe and metadata, or without them if the options say so.

    Parameters
    ----------
    picture : Picture
        Its pixels are finished.
    target : str
        A file, or ``-``.
    recipe : Recipe or StyleRecipe
        What made it.
    options : argparse.Namespace
        Those of `options.add_metadata_options`, and `format`.
    """
    from dreamlayer.core import images

    if options.strip_metadata:
        _strip(picture)
    picture.recipe = None if options.no_recipe else recipe.to_json()
    images.write(picture, target, format=options.format)


def until_written(target: str) -> contextlib.AbstractContextManager[None]:
    """A block in which a result is written and counted, with no signal in between.

    Standard output may wait for its reader for ever, and stays interruptible meanwhile.
    """
    if target == STREAM:
        if_cancelled("the picture on standard output may be incomplete")
        return contextlib.nullcontext()
    return deferred()


def _strip(picture: Picture) -> None:
    """Leave out what the picture's file told beside its pixels and their colors."""
    picture.exif = picture.xmp = picture.iptc = None
    picture.png_chunks = tuple(
        one for one in picture.png_chunks if one[0] not in (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
    )
