"""Renew the presets' thumbnails: `python docs/thumbnails.py [PRESET ...]`, in a checkout.

A picture of the tests, dreamt with each preset whose network ships, or styled by a picture of the
documentation, 160 pixels wide.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dreamlayer import Dreamer, preset, presets
from dreamlayer.core.dreaming.dreamer import noise_picture
from dreamlayer.core.images.arrays import as_float
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.networks import ships
from dreamlayer.core.recipe.presets import STYLES, style_preset
from dreamlayer.core.style.transfer import StyleTransfer

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "core" / "presets" / "thumbnails"
PHOTO = ROOT / "tests" / "data" / "coffee.jpg"
STYLE = ROOT / "docs" / "recipes" / "roses.jpg"
DREAMT, SIZE = (480, 320), (160, 107)
_MOST_BYTES, _MOST_BYTES_OF_STYLES = 10_000, 8_000


def dreamt(name: str) -> np.ndarray[Any, Any]:
    """What a preset dreams: pixels of 0..1."""
    recipe = preset(name)
    pixels = noise_picture(recipe) if recipe.start == "noise" else opened(PHOTO, DREAMT)
    return Dreamer(network_of(recipe)).dream(pixels, recipe)


def styled(name: str) -> np.ndarray[Any, Any]:
    """What a preset of styles makes: pixels of 0..1."""
    recipe = style_preset(name)
    styles = [Picture(opened(STYLE), None)]
    return StyleTransfer(network_of(recipe)).prepare(opened(PHOTO, DREAMT), recipe, styles).run()


def opened(path: Path, size: tuple[int, int] | None = None) -> np.ndarray[Any, Any]:
    """A picture's pixels, at its own size or another."""
    with Image.open(path) as picture:
        rgb = picture.convert("RGB")
    return as_float(np.asarray(rgb if size is None else rgb.resize(size, Image.Resampling.LANCZOS)))


def thumbnail(pixels: np.ndarray[Any, Any], most: int) -> bytes:
    """The JPEG of pixels, of so many bytes at most."""
    picture = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    small = picture.resize(SIZE, Image.Resampling.LANCZOS)
    for quality in range(88, 30, -4):
        file = io.BytesIO()
        small.save(file, "JPEG", quality=quality)
        if file.tell() <= most:
            break
    return file.getvalue()


def main(names: list[str]) -> None:
    """Write the thumbnails of some presets, or of all."""
    FOLDER.mkdir(exist_ok=True)
    for name, about in presets().items():
        # A guide is what its user has.
        if wanted(name, names, about.network) and not preset(name).needs_guide:
            write(name, thumbnail(dreamt(name), _MOST_BYTES))
    for name, about in STYLES.presets().items():
        if wanted(name, names, about.network):
            write(name, thumbnail(styled(name), _MOST_BYTES_OF_STYLES))


def wanted(name: str, names: list[str], network: str) -> bool:
    """Whether a preset gets a thumbnail now."""
    return (not names or name in names) and ships(network)


def write(name: str, data: bytes) -> None:
    """Put a thumbnail into its place."""
    (FOLDER / f"{name}.jpg").write_bytes(data)
    print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
