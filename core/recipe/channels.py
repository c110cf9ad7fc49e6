"""Numbers of channels as text."""

from __future__ import annotations

import re

from dreamlayer.core.errors import LayerError, RecipeError
from dreamlayer.core.recipe.term import parse_term

_FORM = re.compile(r"\d{1,6}(-\d{1,6})?([+,]\d{1,6}(-\d{1,6})?)*")


def parse_channels(text: str) -> tuple[int, ...]:
    """Read numbers and ranges joined by ``+`` or commas, such as ``0-31+40``; each kept once.

    Raises
    ------
    RecipeError
        Where the text has another form.
    """
    plain = text.replace(" ", "")
    if not _FORM.fullmatch(plain):
        raise RecipeError(
            f"channels {text[:80]!r} cannot be read; "
            f"write numbers and ranges joined by +, such as 0-31+40"
        )
    found = parse_term(f"layer:1:{plain.replace(',', '+')}").channels
    return tuple(dict.fromkeys(found))


def check_channels(channels: tuple[int, ...], layer: str, count: int) -> None:
    """Raise `LayerError` where a layer of `count` channels has not all of these."""
    wrong = [channel for channel in channels if channel >= count]
    if wrong:
        raise LayerError(
            f"layer {layer!r} has no channel {wrong[0]}; channels 0 to {count - 1} are allowed"
        )
