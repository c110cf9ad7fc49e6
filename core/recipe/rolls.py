"""Random shifts of tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dreamlayer.core.recipe.recipe import parse_jitter as parse_jitter

if TYPE_CHECKING:
    import numpy as np


def draw_jitter(rng: np.random.Generator, jitter: str, size: int) -> int:
    """One shift along an axis of `size` pixels."""
    bounds = parse_jitter(jitter)
    if bounds is None:
        return int(rng.integers(size))
    low, high = bounds
    return int(rng.integers(low, high + 1)) if low < high else low
