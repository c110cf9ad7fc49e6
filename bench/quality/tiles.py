"""One step's gradient, assembled from tiles, beside the whole image's: cosine against time."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from statistics import median

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.measure.agreement import cosine
from bench.measure.pictures import PHOTO, size_of
from bench.report.tables import table
from dreamlayer.core.ascent.tile import add, cut
from dreamlayer.core.ascent.tiles import Grid
from dreamlayer.core.dreaming.objective import Objective
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution

Array = npt.NDArray[np.float32]

NETWORKS = {
    "mobilenet_v2_block13": Recipe().layers,
    "inception_v3_mixed5": (Term("mixed3"), Term("mixed4"), Term("mixed5")),
}
SETTINGS = ((512, 0), (512, 32), (512, 64), (768, 64), (1024, 0), (1024, 64), (1024, 128))
"""Tile and overlap; the first are those of version 0.1, to whose time others are compared."""

DEFAULT = (1024, Recipe().overlap)
_REFERENCE = (2048, 512)
"""Tiles that overlap by more than any activation sees give the gradient of the whole image."""

_ROUNDS = 2


def report(options: argparse.Namespace) -> str:
    """The table of both networks, in Markdown."""
    width, height = size_of(options.megapixels)
    image = photo(width, height)
    rows = []
    for name, terms in NETWORKS.items():
        rows += _rows(name, terms, image)
    head = ("network, tile, overlap", "cosine to the whole image", "pixels", "seconds", "ratio")
    return (
        f"One step's gradient on {width} × {height} pixels, assembled from tiles. The whole "
        f"image's comes from tiles of {_REFERENCE[0]} with an overlap of {_REFERENCE[1]}, more "
        f"than any activation sees. Pixels: those that the network computes, relative to the "
        f"image's. Seconds: the median of {_ROUNDS} runs in turn, on one session for any size. "
        f"Ratio: to tiles of 512 without overlap, the default of version 0.1.\n\n"
        + table(head, rows)
    )


def photo(width: int, height: int) -> Array:
    """The photo of the tests, cropped and resized, with a little noise: [3, height, width]."""
    with Image.open(PHOTO) as source:
        scale = min(source.width / width, source.height / height)
        box = (0, 0, width * scale, height * scale)
        pixels = source.convert("RGB").resize((width, height), Image.Resampling.BICUBIC, box)
    planes = np.asarray(pixels, np.float32).transpose(2, 0, 1) / 255
    # An enlarged photo lacks the grain of a real one.
    grain = np.random.default_rng(0).normal(0, 0.02, planes.shape).astype(np.float32)
    return np.clip(planes + grain, 0, 1)


def _rows(name: str, terms: Sequence[Term], image: Array) -> list[tuple[str, ...]]:
    network = Network(name)
    geometry = network.geometry([term.layer for term in terms])
    objective = Objective(network, terms, "", Execution("cpu"))

    def assembled(side: int, overlap: int) -> tuple[Array, float, float]:
        total, seen, began = np.zeros_like(image), 0, time.perf_counter()
        for tile in Grid(side, overlap, geometry).cover(*image.shape[1:]):
            _, gradient = objective(cut(image, tile))
            gradient *= tile.pixels / image[0].size
            add(total, tile, gradient)
            seen += tile.pixels
        return total, time.perf_counter() - began, seen / image[0].size

    whole, _, _ = assembled(*_REFERENCE)
    likeness = {}
    times: dict[tuple[int, int], list[float]] = {one: [] for one in SETTINGS}
    for _ in range(_ROUNDS):
        for setting in SETTINGS:
            found, seconds, share = assembled(*setting)
            likeness[setting] = cosine(found, whole), share
            times[setting].append(seconds)
            print(f"{name} {setting}: {likeness[setting]}, {seconds:.1f} s", file=sys.stderr)
    first = median(times[SETTINGS[0]])
    rows: list[tuple[str, ...]] = []
    for setting in SETTINGS:
        seconds, (near, share) = median(times[setting]), likeness[setting]
        label = f"{name}, {setting[0]}, {setting[1]}" + (" (default)" * (setting == DEFAULT))
        rows.append(
            (label, f"{near:.4f}", f"{share:.2f}", f"{seconds:.1f}", f"{seconds / first:.2f}")
        )
    return rows
