"""Write a finished picture, whose recipe tells nothing of the files on this machine."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os

from dreamlayer.core import images
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.recipe.parameters import parse_table
from dreamlayer.core.recipe.stored import without_paths


def write(
    picture: Picture,
    target: str | os.PathLike[str],
    *,
    recipe: str | None = None,
    format: str | None = None,
    metadata: bool = True,
) -> tuple[str, ...]:
    """Write a picture atomically, as `core.images.write` does.

    Of files that the recipe names, such as a guide, their names and digests are written, not where
    they are; see `core.recipe.stored`.

    Parameters
    ----------
    picture, target, recipe, format, metadata
        As for `core.images.write`.

    Returns
    -------
    tuple of str
        As `core.images.write`.

    Raises
    ------
    OutputError
        As for `core.images.write`.

    Examples
    --------
    >>> from dreamlayer import read, write
    >>> picture = read("photo.jpg")
    >>> picture.pixels = picture.pixels[:, ::-1]
    >>> write(picture, "mirrored.png")
    ()
    """
    text = picture.recipe if recipe is None else recipe
    if text is not None:
        # What is no recipe is the caller's own text.
        with contextlib.suppress(RecipeError):
            table = parse_table(text, "the recipe")
            plain = without_paths(table)
            if plain != table:
                text = json.dumps(plain, ensure_ascii=False)
    named = dataclasses.replace(picture, recipe=text)
    return images.write(named, target, format=format, metadata=metadata)
