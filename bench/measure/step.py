"""Where the time of a step goes: `python -m bench.measure.step` prints the share of each part.

Dreams single octaves of squares with a preset, with a clock around the functions of the loop, and
prints milliseconds per step and what is outside the network.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np

from bench.measure.profile import Clock, wrap
from bench.measure.serving import picture
from dreamlayer.core.ascent.loop import ascend
from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.ascent.tiles import grid_for
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.recipe.presets import DEFAULT_PRESET, preset

NETWORK, LOOP = "network", "loop"
PARTS = {
    NETWORK: ["dreaming.objective:Objective.__call__"],
    "cut tiles": ["ascent.numpy_backend:cut"],
    "add gradients": ["ascent.numpy_backend:add"],
    "colors": ["ascent.normalize:mix_colors"],
    "pyramid": ["ascent.normalize:normalize_bands"],
    "blur": ["ascent.normalize:smooth"],
    "normalize": ["ascent.numpy_backend:condition", "ascent.numpy_backend:divide"],
    "headroom, add": ["ascent.numpy_backend:advance"],
    "anchor": ["ascent.loop:anchored"],
    LOOP: ["ascent.loop:_climb"],
}
"""Functions below `dreamlayer.core` that are timed for each part; `LOOP` is what they leave."""

_SIDES = (304, 512, 1024)


def measure(side: int, name: str, steps: int, threads: int) -> dict[str, float]:
    """Seconds of each part per step, on one octave of `side` × `side` pixels."""
    recipe = preset(name).replace(octaves=1, steps=steps)
    dreamer = Dreamer(recipe.network, "cpu", threads)
    tile = dreamer.estimate(side, side, recipe).tile
    geometry = dreamer.network.geometry([term.layer for term in recipe.layers])
    grid = grid_for(recipe, tile, geometry)
    objective = dreamer.objective(recipe)
    base = picture(side)

    def run(count: int) -> None:
        backend = objective.backend(recipe.replace(steps=count))
        assert isinstance(backend, NumpyBackend), "the provider is the CPU"
        ascend(backend, base, grid=grid, rng=np.random.default_rng(recipe.seed))

    # The first steps open sessions and allocate.
    run(2)
    clock.seconds.clear()
    began = time.perf_counter()
    run(steps)
    whole = time.perf_counter() - began
    found = {part: clock.seconds.get(part, 0.0) for part in PARTS}
    found[LOOP] += whole - sum(found.values())
    return {part: seconds / steps for part, seconds in found.items()}


clock = Clock()


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.step", description="Where the time of a step goes."
    )
    parser.add_argument(
        "--side", type=int, nargs="+", metavar="PIXELS", default=_SIDES, help="sides of the squares"
    )
    parser.add_argument("--preset", metavar="NAME", default=DEFAULT_PRESET, help="the recipe")
    parser.add_argument("--steps", type=int, metavar="N", default=10, help="steps per octave")
    parser.add_argument(
        "--threads", type=int, metavar="N", default=0, help="threads; 0 for all cores"
    )
    asked = parser.parse_args(argv)
    wrap(clock, PARTS)
    for side in asked.side:
        parts = measure(side, asked.preset, asked.steps, asked.threads)
        whole = sum(parts.values())
        print(f"{side} × {side} pixels, {asked.preset}: {whole * 1e3:.1f} ms per step")
        for part, seconds in parts.items():
            print(f"  {part:<14}{seconds * 1e3:9.2f} ms {seconds / whole:7.1%}")
        print(f"  {'outside':<14}{(whole - parts[NETWORK]) * 1e3:9.2f} ms", end="")
        print(f" {1 - parts[NETWORK] / whole:7.1%}", flush=True)


if __name__ == "__main__":
    main()
