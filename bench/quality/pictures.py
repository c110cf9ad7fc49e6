"""Sheets of each preset's dreams on six pictures, with clipped pixels and chroma."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from bench.errors import BenchError
from bench.quality.frames import OLD
from bench.report.tables import table
from dreamlayer.core.dreaming.dreamer import Dreamer, noise_picture
from dreamlayer.core.dreaming.tone import tone_of
from dreamlayer.core.images.arrays import as_float
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.presets import preset, presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.visualize.sheets import Cell, Layout, draw_sheet

Array = npt.NDArray[np.float32]

BEFORE = "version-0.1"
"""Stands for the default of that version."""

_PHOTOS = ("coffee", "astronaut", "chelsea", "rocket")
_SIDE, _NOISE = 480, 360
_BOX = (200, 300)


def report(options: argparse.Namespace) -> str:
    """The table of all presets, in Markdown; sheets go to the folder of `--sheets`."""
    own = [one.name for one in presets().values() if not one.source]
    names = options.presets.split(",") if options.presets else [BEFORE, *own]
    sources = pictures()
    rows = []
    for name in names:
        print(name, file=sys.stderr)
        recipe = OLD if name == BEFORE else preset(name)
        dreams = {what: _dream(recipe, image) for what, image in sources.items()}
        rows += [_row(name, what, sources[what], dreams[what]) for what in sources]
        if options.sheets is not None:
            _sheet(name, dreams, options.sheets / f"{name}.jpg")
    return (
        f"scikit-image's photos at {_SIDE} pixels, a drawn sky, and noise. Clipped: pixels with a "
        "channel that is black or white in 8 bits; new: those that were not in the photo. Chroma: "
        "its mean, relative to the photo's.\n\n"
        + table(("preset, picture", "clipped in the photo", "clipped", "new", "chroma"), rows)
    )


def pictures() -> dict[str, Array | None]:
    """Float32 [height, width, 3] by name; None for noise."""
    try:
        from skimage import data
    except ImportError as error:
        raise BenchError(
            "the photos are those of scikit-image, which is not installed; run "
            "pip install scikit-image"
        ) from error
    found: dict[str, Array | None] = {}
    for name in _PHOTOS:
        photo = Image.fromarray(getattr(data, name)())
        photo.thumbnail((_SIDE, _SIDE))
        found[name] = as_float(np.asarray(photo))
    return {**found, "sky": sky(), "noise": None}


def sky() -> Array:
    """Soft clouds on blue, float32 [270, 480, 3]."""
    height, rng = 270, np.random.default_rng(3)
    down = np.linspace(0, 1, height)[:, np.newaxis] * np.ones((1, _SIDE))
    blue = np.stack([0.35 + 0.4 * down, 0.55 + 0.3 * down, 0.85 + 0.1 * down], axis=2)
    grain = (rng.normal(size=(height, _SIDE)) for _ in range(5))
    cloud = sum(gaussian_filter(g, s) * s for g, s in zip(grain, (4, 8, 16, 32, 64), strict=True))
    cloud = (cloud - np.min(cloud)) / np.ptp(cloud)
    share = 0.7 * np.clip((cloud - 0.45) * 3, 0, 1)[:, :, np.newaxis]
    return np.asarray(blue * (1 - share) + 0.97 * share, np.float32)


def _dream(recipe: Recipe, image: Array | None) -> Array:
    if image is None:
        # Nothing to hold on to at first, so a few steps more.
        steps = max(recipe.steps, 16)
        recipe = recipe.replace(start="noise", canvas=_NOISE, steps=steps)
        image = noise_picture(recipe)
    dreamer = Dreamer(network_of(recipe), "cpu")
    return np.clip(dreamer.dream(image, recipe), 0, 1)


def _clipped(image: Array) -> npt.NDArray[np.bool_]:
    levels = np.rint(image * 255)
    return np.asarray(((levels == 0) | (levels == 255)).any(axis=2))


def _row(name: str, what: str, before: Array | None, after: Array) -> tuple[str, ...]:
    now = _clipped(after)
    if before is None:
        return f"{name}, {what}", "", f"{now.mean():.1%}", "", ""
    own = _clipped(before)
    chroma = [tone_of(image.transpose(2, 0, 1)).chroma for image in (before, after)]
    shares = (f"{share.mean():.1%}" for share in (own, now, now & ~own))
    return f"{name}, {what}", *shares, f"{chroma[1] / chroma[0] - 1:+.1%}"


def _sheet(name: str, dreams: Mapping[str, Array], path: Path) -> None:
    cells = []
    for what, dreamt in dreams.items():
        picture = Image.fromarray(np.rint(dreamt * 255).astype(np.uint8))
        picture.thumbnail(_BOX[::-1])
        cells.append(Cell(np.asarray(picture), what, ""))
    layout = Layout(len(cells), 3, _BOX, notes=False, lines=1)
    line = "the default, before" if name == BEFORE else presets()[name].description
    drawn = draw_sheet(cells, layout, name, [line])
    Image.fromarray(drawn).save(path, quality=85)
