"""The 8-bit pixels of the GIMP 2.10 filter, against numpy; `test_gimp2_filter.py` has the rest."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pixels = importlib.import_module("dreamlayer.plugin.dreamlayer.gimp2.pixels")

ALL = np.arange(256, dtype=np.uint8)


def _noise(*shape: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


class _Drawable:
    """A drawable of one component that can be read from."""

    def __init__(self, levels: npt.NDArray[np.uint8]) -> None:
        self.levels = levels
        self.height, self.width = levels.shape

    def get_pixel_rgn(self, *_: Any) -> _Drawable:
        return self

    def __getitem__(self, key: tuple[slice, slice]) -> bytes:
        across, down = key
        return self.levels[down, across].tobytes()


@pytest.mark.parametrize("components", [1, 2, 3, 4])
def test_as_rgba(components: int) -> None:
    """Grey fills all three colours, and what has no alpha is opaque."""
    levels = _noise(50, components)
    rgba = np.frombuffer(pixels.as_rgba(levels.tobytes(), components), np.uint8).reshape(50, 4)
    colors = levels[:, :3] if components > 2 else np.repeat(levels[:, :1], 3, axis=1)
    np.testing.assert_array_equal(rgba[:, :3], colors)
    alpha = levels[:, -1] if components in (2, 4) else 255
    np.testing.assert_array_equal(rgba[:, 3], alpha)


@pytest.mark.parametrize("components", [3, 4])
def test_merged(components: int) -> None:
    """Active colours are taken from the dream; the others and alpha stay."""
    levels, dreamt = _noise(40, components), _noise(40, 4, seed=1)
    active = [True, False, True]
    result = pixels.merged(dreamt.tobytes(), levels.tobytes(), components, active, None)
    expected = levels.copy()
    expected[:, [0, 2]] = dreamt[:, [0, 2]]
    assert result == expected.tobytes()


@pytest.mark.parametrize("components", [1, 2])
def test_gray_stays_exact(components: int) -> None:
    """Each level of grey comes back as itself, and its alpha stays."""
    levels = np.stack([ALL, ALL[::-1]], axis=1)[:, :components]
    rgba = pixels.as_rgba(levels.tobytes(), components)
    merged = pixels.merged(rgba, levels.tobytes(), components, [True], pixels.Gray())
    assert merged == levels.tobytes()
    black = bytes(4 * 256)
    kept = pixels.merged(black, levels.tobytes(), components, [False], pixels.Gray())
    assert kept == levels.tobytes()


def test_gray_is_luminance_in_linear_light() -> None:
    """Colours become grey by the light that they give, as in GIMP; off by one level at most."""
    rgba = _noise(2000, 4)
    share = rgba[:, :3] / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    gray = light @ [0.2225, 0.7169, 0.0606]
    curve = np.where(gray <= 0.0031308, gray * 12.92, 1.055 * gray ** (1 / 2.4) - 0.055)
    made = np.frombuffer(pixels.Gray()(rgba.tobytes()), np.uint8)
    assert np.abs(made - curve * 255).max() < 1


def test_cropped() -> None:
    """A part is cut out of an area row by row, also where it has the area's width."""
    levels = _noise(7, 9, 3)
    outer = pixels.Area(10, 20, 9, 7)
    for inner in (pixels.Area(12, 21, 4, 5), pixels.Area(10, 22, 9, 3), outer):
        x, y = inner.x - 10, inner.y - 20
        expected = levels[y : y + inner.height, x : x + inner.width]
        assert pixels.cropped(levels.tobytes(), 3, outer, inner) == expected.tobytes()


@pytest.mark.parametrize("x", [-20, -4, 0, 3, 8, 30])
@pytest.mark.parametrize("y", [-20, -4, 0, 3, 8, 30])
def test_read_padded(x: int, y: int) -> None:
    """What lies beyond a drawable is 0, on every side."""
    levels = _noise(11, 9)
    padded = np.pad(levels, 50)
    expected = padded[50 + y : 50 + y + 7, 50 + x : 50 + x + 6]
    area = pixels.Area(x, y, 6, 7)
    assert pixels.read_padded(_Drawable(levels), area) == expected.tobytes()
