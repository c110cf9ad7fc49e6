"""What a dream looks like so far."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.ascent.numpy_backend import NumpyBackend
from dreamlayer.core.ascent.preview import Preview, PreviewMaker
from dreamlayer.core.images.resampling import resize
from dreamlayer.core.recipe.recipe import Recipe

RNG = np.random.default_rng(0)
BASE = RNG.random((3, 60, 90)).astype(np.float32)
DREAMT = RNG.random((3, 60, 90)).astype(np.float32)


def seen(
    image: np.ndarray,
    side: int,
    mask: np.ndarray | None = None,
    strength: float = 1,
    pixels: np.ndarray | None = None,
) -> Preview:
    """The preview of one octave on `BASE`."""
    shown: list[Preview] = []
    backend = NumpyBackend(Recipe(), lambda tile: (0.0, tile))
    finish = lambda change, _: change * strength  # noqa: E731
    PreviewMaker(backend, BASE, mask, finish, side, shown.append, pixels)(image, 2, 3)
    return shown[0]


def rounded(image: np.ndarray) -> np.ndarray:
    """8-bit [height, width, 3] of planes."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def test_preview_at_full_size_is_the_image() -> None:
    """Where nothing is reduced, pixels are those of the dream."""
    preview = seen(DREAMT, 90)
    assert (preview.octave, preview.octaves) == (2, 3)
    np.testing.assert_allclose(preview.pixels, rounded(DREAMT), atol=1)


@pytest.mark.parametrize(
    ("side", "size"),
    [(45, (30, 45)), (89, (59, 89)), (90, (60, 90)), (9999, (60, 90)), (1, (1, 1))],
)
def test_all_octaves_give_the_size_asked_for(side: int, size: tuple[int, int]) -> None:
    """Reduced or enlarged, but never beyond the picture's own size."""
    for octave in ((6, 9), (30, 45), (60, 90)):
        assert seen(resize(BASE, octave), side).pixels.shape == (*size, 3)


def test_octave_that_changed_nothing_shows_the_original_sharp() -> None:
    """What a small octave cannot hold is not taken from the picture."""
    np.testing.assert_array_equal(seen(resize(BASE, (6, 9)), 90).pixels, rounded(BASE))


def test_mask_and_strength_show() -> None:
    """The preview is what the result will be."""
    mask = np.zeros(BASE.shape[1:], np.float32)
    mask[:, 45:] = 0.5
    expected = BASE + 0.5 * mask * (DREAMT - BASE)
    preview = seen(DREAMT, 90, mask, strength=0.5).pixels
    np.testing.assert_allclose(preview, rounded(expected), atol=1)
    np.testing.assert_array_equal(preview[:, :45], rounded(BASE)[:, :45])


def test_change_is_shown_on_the_pixels_that_are_given() -> None:
    """Where the dream's base has other colors than the picture, the picture's are seen."""
    own = BASE.copy()
    own[:, :30, :45] = np.array([2.0, 0.25, -1.0], np.float32)[:, None, None]
    mask = np.ones(BASE.shape[1:], np.float32)
    mask[:30, :45] = 0
    given = np.ascontiguousarray(own.transpose(1, 2, 0))
    expected = own + mask * (DREAMT - BASE)
    preview = seen(DREAMT, 90, mask, pixels=given).pixels
    np.testing.assert_allclose(preview, rounded(expected), atol=1)
    np.testing.assert_array_equal(preview[:30, :45], rounded(own)[:30, :45])
    assert seen(DREAMT, 45, mask, pixels=given).pixels.shape == (30, 45, 3)
