"""`dream` keeps its dreamer warm, and gives what a fresh one gives."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamlayer import Recipe, Term, dream
from dreamlayer.core.dreaming import warm_dreamer
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.network.shipped import network_of

RNG = np.random.default_rng(0)
PHOTO = RNG.random((40, 56, 3)).astype(np.float32)


def test_warm_dreamer_gives_what_a_fresh_one_gives(recipe: Recipe) -> None:
    """What was dreamed before leaves no trace."""
    dreamer = Dreamer(network_of(recipe))
    dreamer.dream(PHOTO[::-1].copy(), recipe.replace(seed=9))
    np.testing.assert_array_equal(dreamer.dream(PHOTO, recipe), dream(PHOTO, recipe))


def test_dream_keeps_its_dreamer_warm(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second call loads nothing; another state of the network's file, or a thread, does."""
    made = []

    class Noted(Dreamer):
        def __init__(self, *given: Any) -> None:
            made.append(given)
            super().__init__(*given)

    monkeypatch.setattr(warm_dreamer, "Dreamer", Noted)
    network = tmp_path / "network.onnx"
    network.write_bytes(Path(recipe.network).read_bytes())
    recipe = recipe.replace(network=str(network))
    first = dream(PHOTO, recipe)
    np.testing.assert_array_equal(dream(PHOTO, recipe.replace(seed=0)), first)
    assert len(made) == 1
    with ThreadPoolExecutor(1) as pool:
        np.testing.assert_array_equal(pool.submit(dream, PHOTO, recipe).result(), first)
    assert len(made) == 2
    os.utime(network, (1, 1))
    np.testing.assert_array_equal(dream(PHOTO, recipe), first)
    assert len(made) == 3


def test_dream_keeps_one_objective(recipe: Recipe) -> None:
    """What other recipes loaded is given back, so that memory does not grow with their number."""
    for layer in ("deep", "first"):
        dream(PHOTO, recipe.replace(layers=(Term(layer),)))
    dreamer = warm_dreamer._warm.dreamer
    assert dreamer.is_warm(recipe.replace(layers=(Term("first"),)))
    assert not dreamer.is_warm(recipe.replace(layers=(Term("deep"),)))
