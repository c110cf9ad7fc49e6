"""Octave sizes and schemes."""

from __future__ import annotations

from core.octaves import octave_sizes
from core.recipe import Recipe


def test_octaves_grow_to_the_full_size() -> None:
    """Sizes follow the scale, smallest first."""
    assert octave_sizes(400, 600, Recipe(octaves=3, octave_scale=2.0)) == [
        (100, 150),
        (200, 300),
        (400, 600),
    ]


def test_octaves_of_a_tiny_image_are_kept_once() -> None:
    """No octave is below one pixel, and equal ones are not repeated."""
    assert octave_sizes(1, 3, Recipe(octave_scale=1.4)) == [(1, 1), (1, 2), (1, 3)]
    assert octave_sizes(1, 1, Recipe(octave_scale=1.4)) == [(1, 1)]
