"""Dreams on frames, each zoomed from the last: how far luminance, contrast and chroma drift."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.measure.pictures import PHOTO
from bench.peers.subjects import recipe_of_0_1
from bench.report.tables import table
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.tone import Tone, tone_of
from dreamlayer.core.images.arrays import as_float
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe

Array = npt.NDArray[np.float32]

_ZOOM = 0.02
OLD = recipe_of_0_1(steps=10).replace(tile=0)
"""The default of version 0.1."""

RECIPES = {
    "the default of version 0.1": OLD,
    "the default, without anchor": Recipe(anchor=0.0),
    "the default, anchor 1": Recipe(anchor=1.0),
    "the default of version 0.1, anchor 1": OLD.replace(anchor=1.0),
}
STEADY = {"octaves": 2, "steps": 2}


def report(options: argparse.Namespace) -> str:
    """The table of all recipes, in Markdown."""
    rows = []
    for name, recipe in RECIPES.items():
        largest = drift(recipe.replace(**STEADY), options.frames)
        rows.append((name, *(f"{100 * value:+.1f} %" for value in largest)))
    head = ("recipe", *(field.name for field in fields(Tone)))
    return (
        f"{options.frames} frames of 600 × 400 pixels, each the last dream zoomed by "
        f"{_ZOOM:.0%} and dreamt on in {STEADY['octaves']} octaves of {STEADY['steps']} steps: "
        f"the largest change from the first picture.\n\n" + table(head, rows)
    )


def drift(recipe: Recipe, frames: int) -> tuple[float, float, float]:
    """The largest relative change of luminance, contrast and chroma, each with its sign."""
    with Image.open(PHOTO) as source:
        frame = as_float(np.asarray(source.convert("RGB")))
    dreamer = Dreamer(network_of(recipe), "cpu")
    first = tone_of(frame.transpose(2, 0, 1))
    changes = []
    for number in range(frames):
        frame = dreamer.dream(zoomed(frame), recipe, tone=first)
        now = tone_of(np.clip(frame, 0, 1).transpose(2, 0, 1))
        changes.append([getattr(now, f.name) / getattr(first, f.name) - 1 for f in fields(Tone)])
        print(f"frame {number + 1}: {changes[-1]}", file=sys.stderr)
    largest = [max(column, key=abs) for column in zip(*changes, strict=True)]
    return largest[0], largest[1], largest[2]


def zoomed(frame: Array) -> Array:
    """The frame enlarged around its center, and cropped to its size."""
    height, width = frame.shape[:2]
    x, y = (side * (1 - 1 / (1 + _ZOOM)) / 2 for side in (width, height))
    planes = [
        Image.fromarray(plane).resize(
            (width, height), Image.Resampling.BICUBIC, (x, y, width - x, height - y)
        )
        for plane in np.ascontiguousarray(frame.transpose(2, 0, 1))
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)
