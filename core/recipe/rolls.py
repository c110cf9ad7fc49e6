"""How far tiles are shifted at random, as it is written in a recipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dreamlayer.core.errors import RecipeError

if TYPE_CHECKING:
    import numpy as np

ANY, NONE = "any", "none"
_MOST = 65536
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_RANGE = re.compile(r"(-?\d{1,6})\.\.(-?\d{1,6})", re.ASCII)


def parse_jitter(text: str) -> tuple[int, int] | None:
    """Lowest and highest shift in pixels; None for any shift within the image.

    Parameters
    ----------
    text : str
        ``any``, ``none``, ``32`` for -32 to 32, or ``-150..149``.

    Raises
    ------
    RecipeError
        Where it is none of these, or a number is beyond 65536.
    """
    plain = text.strip().lower()
    if plain == ANY:
        return None
    if plain == NONE:
        return 0, 0
    found = _RANGE.fullmatch(plain)
    if _NUMBER.fullmatch(plain):
        low, high = -int(plain), int(plain)
    else:
        low, high = (int(found[1]), int(found[2])) if found else (1, 0)
    if not -_MOST <= low <= high <= _MOST:
        raise RecipeError(
            f"jitter {text[:40]!r} cannot be read; write any, none, a number of pixels up to "
            f"{_MOST}, or a range such as -150..149"
        )
    return low, high


def draw_jitter(rng: np.random.Generator, jitter: str, size: int) -> int:
    """One shift along an axis of `size` pixels."""
    bounds = parse_jitter(jitter)
    if bounds is None:
        return int(rng.integers(size))
    low, high = bounds
    return int(rng.integers(low, high + 1)) if low < high else low
