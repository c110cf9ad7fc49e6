"""A picture whose arrays or texts cannot be written as they are meant is refused in a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import names
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.errors import ImageError

PIXELS = np.random.default_rng(0).random((6, 8, 3)).astype(np.float32)
LEVELS = np.rint(PIXELS * 255).astype(np.uint8)
ALPHA = LEVELS[:, :, 0]


def spoilt(value: float) -> np.ndarray:
    pixels = PIXELS.copy()
    pixels[3, 4, 1] = value
    return pixels


BAD_PIXELS: dict[str, tuple[Any, str]] = {
    "uint8": (LEVELS, r"are uint8; divide them: pixels / numpy\.float32\(255\)"),
    "uint16": (LEVELS.astype(np.uint16), r"float32\(65535\)"),
    "big-endian": (LEVELS.astype(">u2"), r"float32\(65535\)"),
    "int64": (LEVELS.astype(np.int64), r"such as numpy\.float32\(255\)"),
    "booleans": (LEVELS > 99, "are bool; convert"),
    "complex": (PIXELS.astype(np.complex64), "are complex64"),
    "objects": (PIXELS.astype(object), "are object"),
    "of Pillow": (Image.fromarray(LEVELS), "must be an array, but are of the type 'Image'"),
    "a list": (PIXELS.tolist(), "of the type 'list'"),
    "nothing": (None, "but are None"),
    "0..255": (PIXELS * 255, "divide them by what is white"),
    "0..255, half black": (np.where(PIXELS > 0.5, PIXELS * 255, 0), "such as 255"),
    "-1..1": (PIXELS * 2 - 1, "bring them to that range"),
    "NaN": (spoilt(np.nan), "infinite or NaN"),
    "infinite": (spoilt(-np.inf), "infinite or NaN"),
    "gray": (PIXELS[:, :, 0], r"numpy\.dstack"),
    "gray, one channel": (PIXELS[:, :, :1], r"numpy\.dstack"),
    "with alpha": (np.dstack([PIXELS, PIXELS[:, :, 0]]), "belongs into alpha"),
    "channels first": (PIXELS.transpose(2, 0, 1), r"transpose\(1, 2, 0\)"),
    "a batch": (PIXELS[None], r"but have \[1, 6, 8, 3\]; reshape"),
    "one axis": (PIXELS.reshape(-1), "reshape"),
}


@pytest.mark.parametrize("target", ["a.png", "a.jpg", "a.tif", "a.webp"])
@pytest.mark.parametrize(("pixels", "says"), BAD_PIXELS.values(), ids=BAD_PIXELS)
def test_pixels(tmp_path: Path, pixels: Any, says: str, target: str) -> None:
    """They would be clipped to white or black, or end in numpy's or libvips's own words."""
    _refused(tmp_path / target, images.Picture(pixels), says)


BAD_PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "boolean alpha": ({"alpha": ALPHA > 9}, r"write alpha\.astype\(numpy\.uint8\) \* 255"),
    "alpha of int32": ({"alpha": ALPHA.astype(np.int32)}, "but holds int32"),
    "alpha of three axes": ({"alpha": ALPHA[..., None]}, r"take alpha\[:, :, 0\]"),
    "alpha of one axis": ({"alpha": ALPHA.reshape(-1)}, r"shape \[height, width\], but has"),
    "alpha NaN": ({"alpha": np.full((6, 8), np.nan, np.float32)}, "alpha must be finite"),
    "alpha 0..255": (
        {"alpha": ALPHA.astype(np.float32)},
        "the floats of the alpha go up to",
    ),
    "alpha a list": ({"alpha": ALPHA.tolist()}, "alpha must be an array"),
    "flat extras": ({"extras": ALPHA}, r"\[height, width, channels\]"),
    "extras of booleans": ({"extras": LEVELS > 9}, "extra channels must hold"),
    "resolution NaN": ({"resolution": (np.nan, 3.0)}, "resolution must be two numbers above 0"),
    "resolution infinite": ({"resolution": (np.inf, 3.0)}, "two numbers"),
    "resolution 0": ({"resolution": (0, 0)}, "two numbers"),
    "one resolution": ({"resolution": 11.8}, "two numbers"),
    "three resolutions": ({"resolution": (1, 2, 3)}, "two numbers"),
    "resolution of text": ({"resolution": ("a", "b")}, "two numbers"),
    "depth": ({"depth": 10}, "must be 8, 16 or 32, but is 10"),
    "depth of text": ({"depth": "8"}, "but is '8'"),
    "XMP as text": ({"xmp": "<x/>"}, "xmp must be bytes or None, but is of the type 'str'"),
    "profile": ({"profile": 3}, "profile must be bytes"),
    "recipe": ({"recipe": {"steps": 3}}, "recipe must be text or None"),
    "a comment": ({"comments": "hello"}, "a tuple of texts"),
}


@pytest.mark.parametrize("target", ["a.png", "a.tif"])
@pytest.mark.parametrize(("parts", "says"), BAD_PARTS.values(), ids=BAD_PARTS)
def test_what_stands_beside(tmp_path: Path, parts: dict[str, Any], says: str, target: str) -> None:
    """Alpha, extra channels, resolution and blocks of bytes of another kind are named."""
    _refused(tmp_path / target, images.Picture(PIXELS, **parts), says)


def test_no_picture(tmp_path: Path) -> None:
    """What is no picture at all is told how to become one."""
    with pytest.raises(ImageError, match="but is None"):
        images.write(None, tmp_path / "a.png")  # type: ignore[arg-type]
    for given in PIXELS, "a.png", Image.fromarray(LEVELS):
        _refused(tmp_path / "a.png", given, r"must be a Picture, but is .*Picture\(pixels\)")


@pytest.mark.parametrize("kind", ["f2", "<f4", ">f4", "f8"])
def test_floats_of_any_size(tmp_path: Path, kind: str) -> None:
    """They are written as those of 32 bits are; so are arrays that lie backwards."""
    images.write(images.Picture(PIXELS.astype(kind)[:, ::-1], depth=16), tmp_path / "a.png")
    found = images.read(tmp_path / "a.png").pixels
    np.testing.assert_allclose(found, PIXELS[:, ::-1], atol=1e-3)


def test_floats_beyond_white_in_float_tiff(tmp_path: Path) -> None:
    """Nothing is clipped there, so any range comes back."""
    images.write(images.Picture(PIXELS * 255, depth=32), tmp_path / "a.tif")
    np.testing.assert_array_equal(images.read(tmp_path / "a.tif").pixels, PIXELS * 255)


def _refused(target: Path, picture: Any, says: str) -> None:
    for act in (
        lambda: images.write(picture, target),
        lambda: images.check_target(target, picture=picture),
    ):
        with pytest.raises(ImageError, match=says) as caught:
            act()
        assert re.search(r"\n|\.$", str(caught.value)) is None
    assert names(target.parent) == []
