"""Arrays of every layout and type are taken, and come back in their own; others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dreamlayer import Recipe, Term, dream
from dreamlayer.core.errors import ImageError, RecipeError
from dreamlayer.core.images.array_image import (
    array_image,
    as_mask,
    check_clipping,
    check_range,
)

RNG = np.random.default_rng(0)
LEVELS = RNG.integers(0, 256, (12, 16, 4)).astype(np.uint8)
SHAPES = [(12, 16), (12, 16, 1), (12, 16, 2), (12, 16, 3), (12, 16, 4)]
TYPES = ["u1", "<u2", ">u2", "f2", "<f4", ">f4", "<f8", ">f8"]


def of(kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """An image of a type and shape."""
    values = LEVELS[:, :, : shape[2] if len(shape) == 3 else 1].reshape(shape)
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        return (values / 255).astype(dtype)
    return (values.astype(np.uint32) * (257 if dtype.itemsize == 2 else 1)).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", TYPES)
def test_nothing_changes_where_nothing_is_dreamt(kind: str, shape: tuple[int, ...]) -> None:
    """Every bit comes back, in the same layout, type and byte order."""
    given = of(kind, shape)
    image = array_image(given)
    assert image.pixels.shape == (12, 16, 3)
    assert image.pixels.dtype == np.float32
    result = image.like_given(image.pixels.copy())
    assert (result.shape, result.dtype) == (given.shape, given.dtype)
    assert result.tobytes() == given.tobytes()


@pytest.mark.parametrize("kind", TYPES)
def test_types_mean_the_same_colors(kind: str) -> None:
    """Byte order and depth are no matter of color."""
    expected = LEVELS[:, :, :3] / np.float32(255)
    np.testing.assert_allclose(array_image(of(kind, (12, 16, 3))).pixels, expected, atol=5e-4)


def test_gray_stays_gray_and_alpha_stays() -> None:
    """A gray image gets the result's luminance (BT.601), transparency comes back as it was."""
    image = array_image(of("u1", (12, 16, 2)))
    changed = np.full((12, 16, 3), [1.0, 0.0, 0.0], np.float32)
    result = image.like_given(changed)
    assert set(result[:, :, 0].reshape(-1)) == {76}
    np.testing.assert_array_equal(result[:, :, 1], LEVELS[:, :, 1])
    assert image.alpha is not None
    np.testing.assert_array_equal(image.alpha, LEVELS[:, :, 1])


REFUSED = {
    "batch": (np.zeros((2, 8, 8, 3), np.uint8), r"batch one by one"),
    "channels first": (np.zeros((3, 8, 8), np.float32), r"transpose\(1, 2, 0\)"),
    "five channels": (np.zeros((8, 8, 5), np.uint8), "choose three"),
    "one axis": (np.zeros(9, np.uint8), r"but has \[9\]"),
    "scalar": (3, r"but has \[\]"),
    "empty": (np.zeros((0, 8, 3), np.uint8), "no pixels"),
    "nothing": (None, r"but has \[\]"),
    "booleans": (np.zeros((8, 8, 3), bool), r"astype\(np\.uint8\) \* 255"),
    "int64": (np.zeros((8, 8, 3), np.int64), r"image\.astype\(np\.uint8\)"),
    "uint32": (np.zeros((8, 8, 3), np.uint32), "holds uint32"),
    "complex": (np.zeros((8, 8, 3), np.complex64), "holds complex64"),
    "objects": (np.zeros((8, 8, 3), object), "holds object"),
    "text": (np.full((8, 8, 3), "x"), "holds <U1"),
    "ragged": ([[1, 2], [3]], "numpy cannot make one"),
    "a name": ("photo.jpg", r"dream\(read\(name\)\)"),
    "a path": (Path("photo.jpg"), r"dream\(read\(name\)\)"),
    "a palette": (Image.new("P", (8, 8)), r"has P; convert it with image\.convert\('RGB'\)"),
    "a clear palette": (Image.new("PA", (8, 8)), r"has PA; .*\('RGBA'\)"),
    "32 bits": (Image.new("I", (8, 8)), r"has I; numpy\.asarray\(image\)\.astype\(numpy\.uint16"),
    "CMYK": (Image.new("CMYK", (8, 8)), "has CMYK"),
    "masked": (np.ma.masked_equal(np.zeros((8, 8, 3)), 1), "fill it first"),
}


@pytest.mark.parametrize(("image", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_image_is_refused(image: Any, pattern: str) -> None:
    """One sentence says what came and what to do."""
    with pytest.raises(ImageError, match=pattern):
        dream(image, "gentle")


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_images_of_pillow_are_taken(mode: str) -> None:
    """As arrays of their channels."""
    assert array_image(Image.new(mode, (8, 6), 3)).pixels.shape == (6, 8, 3)


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "F"])
def test_modes_that_converting_would_clip(mode: str) -> None:
    """Pillow's pictures of 16 bits and of floats are taken as they are."""
    values = of("u2" if mode[0] == "I" else "f4", (12, 16))
    image = Image.fromarray(values)
    image = image if image.mode == mode else image.convert("I").convert(mode)
    assert image.mode == mode
    result = array_image(image)
    np.testing.assert_allclose(result.pixels[:, :, 0], array_image(values).pixels[:, :, 0])
    assert result.like_given(result.pixels).dtype == np.asarray(image).dtype


HALF = np.concatenate([np.zeros((8, 16, 3)), LEVELS[:6, :, :3] + 0.25])
FLOATS = {
    "0..255": (LEVELS[:, :, :3].astype(np.float32), "such as 255"),
    "0..255, resampled": (LEVELS[:, :, :3] * np.float32(0.97), "such as 255"),
    "0..255, mostly black": (np.where(LEVELS[:, :, :3] > 250, LEVELS[:, :, :3], 0), "such as 255"),
    "0..65535": (LEVELS[:, :, :3] * np.float32(257), "such as 65535"),
    "0..255, half black": (HALF, "such as 255"),
    "0..255, nine tenths black": (np.concatenate([np.zeros((60, 16, 3)), HALF]), "such as 255"),
    "0..255, half almost black": (np.maximum(HALF, 0.3), "such as 255"),
    "0..65535, half black": (HALF * 257, "such as 65535"),
    "-1..1": (LEVELS[:, :, :3] / np.float32(127.5) - 1, "from -1 to 1"),
    "standardized": ((LEVELS[:, :, :3] / np.float32(255) - 0.45) / 0.225, "bring them to"),
}


@pytest.mark.parametrize(("values", "pattern"), FLOATS.values(), ids=FLOATS)
def test_floats_of_another_range_are_refused(values: np.ndarray, pattern: str) -> None:
    """They would be white or black almost everywhere, and change next to nothing."""
    with pytest.raises(ImageError, match=pattern):
        check_range(values.astype(np.float32))


def test_highlights_and_rounding_are_sound() -> None:
    """A photo may go beyond white, and a resampled one below black; black and white are whole."""
    photo = RNG.random((40, 50, 3)).astype(np.float32)
    sun = photo.copy()
    sun[:9] = 40
    night = np.where(RNG.random((40, 50, 1)) < 0.01, np.float32(300), photo * 0)
    night[:20] = 0.01
    for values in (photo, sun, night, photo * 1.2 - 0.1, np.rint(photo), photo * 0, photo * 0 + 1):
        check_range(values)


def test_what_clipping_would_ruin() -> None:
    """Levels, and what runs from -1 to 1; not what was made brighter or darker on purpose."""
    photo = RNG.random((40, 50, 3)).astype(np.float32)
    for bad in (photo * 255, np.rint(photo * 255), HALF, photo * 65535, photo * 2 - 1):
        with pytest.raises(ImageError, match="0 is black and 1 is white"):
            check_clipping(bad)
    for sound in (photo, photo * 1.9, photo + 0.9, photo - 0.3, photo * 0):
        check_clipping(sound)


def test_masks_of_many_types() -> None:
    """What was chosen by comparing is booleans; masks from files are whole numbers."""
    chosen = LEVELS[:, :, 0] > 99
    np.testing.assert_array_equal(as_mask(chosen), chosen.astype(np.float32))
    np.testing.assert_array_equal(as_mask(chosen.astype(np.uint8) * 255), chosen)
    np.testing.assert_array_equal(as_mask(chosen.tolist()), chosen)
    with pytest.raises(ImageError, match="holds int64"):
        as_mask(chosen.astype(np.int64))


@pytest.fixture
def plain(recipe: Recipe) -> dict[str, Any]:
    """A recipe as a dict."""
    return recipe.replace(octaves=1, steps=1).to_dict()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_dream_of_each_layout(shape: tuple[int, ...], plain: dict[str, Any]) -> None:
    """It changes colors, never alpha; a recipe may be a dict, a mask booleans."""
    given = of("u1", shape)
    if len(shape) == 3 and shape[2] in (2, 4):
        given[:, :, -1] = 255
        given[:3, :, -1] = 0
    mask = np.ones((12, 16), bool)
    mask[:, :4] = False
    result = dream(given, plain, mask=mask, provider="cpu")
    assert (result.shape, result.dtype) == (given.shape, given.dtype)
    assert (result != given).any()
    np.testing.assert_array_equal(result[:, :4], given[:, :4])
    if len(shape) == 3 and shape[2] in (2, 4):
        np.testing.assert_array_equal(result[:, :, -1], given[:, :, -1])
        np.testing.assert_array_equal(result[:3], given[:3])


def test_what_is_no_recipe_is_refused() -> None:
    """One sentence says what it may be."""
    for given in (3, None, Term("mixed3"), ["gentle"]):
        with pytest.raises(RecipeError, match="a recipe must be a Recipe, a mapping of its"):
            dream(LEVELS[:, :, :3], given)  # type: ignore[call-overload]
    with pytest.raises(RecipeError, match="unknown setting 'stepz'"):
        dream(LEVELS[:, :, :3], {"stepz": 3})
