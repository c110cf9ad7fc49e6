"""Renew the presets' thumbnails: `python docs/thumbnails.py [PRESET ...]`, in a checkout.

A picture of the tests, dreamt with each preset whose network ships, 160 pixels wide.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from dreamlayer import Dreamer, preset, presets
from dreamlayer.core.dreaming.dreamer import noise_picture
from dreamlayer.core.images.arrays import as_float
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.networks import ships

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "core" / "presets" / "thumbnails"
PHOTO = ROOT / "tests" / "data" / "coffee.jpg"
DREAMT, SIZE = (480, 320), (160, 107)
_MOST_BYTES = 10_000


def thumbnail(name: str) -> bytes:
    """The JPEG of one preset."""
    recipe = preset(name)
    with Image.open(PHOTO) as photo:
        pixels = as_float(np.asarray(photo.convert("RGB").resize(DREAMT, Image.Resampling.LANCZOS)))
    if recipe.start == "noise":
        pixels = noise_picture(recipe)
    dreamt = Dreamer(network_of(recipe)).dream(pixels, recipe)
    picture = Image.fromarray(np.rint(np.clip(dreamt, 0, 1) * 255).astype(np.uint8))
    small = picture.resize(SIZE, Image.Resampling.LANCZOS)
    for quality in range(88, 30, -4):
        file = io.BytesIO()
        small.save(file, "JPEG", quality=quality)
        if file.tell() <= _MOST_BYTES:
            break
    return file.getvalue()


def main(names: list[str]) -> None:
    """Write the thumbnails of some presets, or of all."""
    FOLDER.mkdir(exist_ok=True)
    for name, about in presets().items():
        # A guide is what its user has.
        if (names and name not in names) or not ships(about.network) or preset(name).needs_guide:
            continue
        (FOLDER / f"{name}.jpg").write_bytes(thumbnail(name))
        print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
