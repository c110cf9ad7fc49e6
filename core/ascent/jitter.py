"""The random places of a step's tiles, which keep their borders from showing."""

from __future__ import annotations

import numpy as np

from dreamlayer.core.recipe.recipe import parse_jitter


def draw_jitter(rng: np.random.Generator, jitter: str, size: int) -> int:
    """One random shift along an axis of `size` pixels, by a recipe's `jitter`."""
    bounds = parse_jitter(jitter)
    if bounds is None:
        return int(rng.integers(size))
    low, high = bounds
    return int(rng.integers(low, high + 1)) if low < high else low


def random_start(rng: np.random.Generator, side: int, latest: int) -> int:
    """Where the first of some random tiles starts, at least a quarter of its side in the image."""
    return int(rng.integers(-3 * (side // 4), latest + 1))
