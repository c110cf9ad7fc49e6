"""Write a finished picture with its recipe, as `dream` and `style` do."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from dreamlayer.core.cli.cancelling import if_cancelled
from dreamlayer.core.cli.targets import STREAM, check_output
from dreamlayer.core.interruption import deferred
from dreamlayer.core.recipe.stored import stored

if TYPE_CHECKING:
    from dreamlayer.core.images import Picture, Source
    from dreamlayer.core.recipe.recipe import Recipe
    from dreamlayer.core.recipe.style import StyleRecipe


def check_result(
    picture: Picture | Source,
    target: str,
    recipe: Recipe | StyleRecipe,
    options: argparse.Namespace,
    *,
    may_make: bool,
) -> tuple[str, ...]:
    """Raise `OutputError` where a result could not be written, before the work.

    Parameters
    ----------
    picture : Picture or Source
        What the result is made from.
    target : str
        A file, or ``-``.
    recipe : Recipe or StyleRecipe
        What will make it.
    options : argparse.Namespace
        As for `write_result`.
    may_make : bool
        Whether the target's folder is made if it is missing.

    Returns
    -------
    tuple of str
        What the result will not hold of its file, each a sentence without its end.
    """
    from dreamlayer.core import images
    from dreamlayer.core.images.formats import output_format

    check_output(target, options.format, may_make=may_make)
    return images.check_target(
        STREAM,
        output_format(target, options.format),
        picture,
        recipe=_recipe_text(recipe, options),
        metadata=not options.strip_metadata,
    )


def write_result(
    picture: Picture, target: str, recipe: Recipe | StyleRecipe, options: argparse.Namespace
) -> None:
    """Write a picture with its recipe and metadata, or without them where the options say so.

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

    picture.recipe = _recipe_text(recipe, options)
    images.write(picture, target, format=options.format, metadata=not options.strip_metadata)


def _recipe_text(recipe: Recipe | StyleRecipe, options: argparse.Namespace) -> str | None:
    """What is stored of a recipe."""
    return None if options.no_recipe or options.strip_metadata else stored(recipe)


def until_written(target: str) -> contextlib.AbstractContextManager[None]:
    """A block in which a result is written and counted, with no signal in between.

    Standard output may wait for its reader for ever, and stays interruptible meanwhile.
    """
    if target == STREAM:
        if_cancelled("the picture on standard output may be incomplete")
        return contextlib.nullcontext()
    return deferred()
