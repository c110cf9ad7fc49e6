"""The dream that the core makes without an editor, to compare an editor's pixels with."""

from __future__ import annotations

from typing import Any

import numpy as np

from dreamlayer import Dreamer, Recipe
from dreamlayer.core.network.shipped import network_of


def headless(
    pixels: np.ndarray[Any, Any],
    recipe: Recipe,
    *,
    mask: np.ndarray[Any, Any] | None = None,
    alpha: np.ndarray[Any, Any] | None = None,
) -> np.ndarray[Any, Any]:
    """What the core makes of 8-bit pixels, rounded as docs/worker.md says: halves up."""
    image, share = (None if p is None else p / np.float32(255) for p in (pixels, mask))
    assert image is not None
    dreamt = Dreamer(network_of(recipe)).dream(image, recipe, mask=share, alpha=alpha)
    return np.floor(np.clip(dreamt.astype(np.float64), 0, 1) * 255 + 0.5).astype(np.uint8)
