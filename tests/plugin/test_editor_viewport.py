"""The arithmetic of what is seen of the preview in GIMP 3's dialog."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugin_modules import module
from repeatable import REPEATABLE

viewport = module("editor.dialog.viewport")

SIDES = st.integers(1, 20_000)
VIEWS = st.integers(2, 4000)


def _seen(width: int, height: int, view: tuple[int, int]) -> Any:
    made = viewport.Viewport(width, height)
    made.resize(*view)
    return made


def test_fits_at_first_and_after_each_resize() -> None:
    """The whole picture fills the view in one direction, whatever size the window gets."""
    port = _seen(4000, 2000, (800, 800))
    assert port.scale == 0.2
    assert port.visible() == (0, 0, 4000, 2000)
    port.resize(1000, 300)
    assert port.scale == 0.15
    assert port.shows_all()


def test_does_not_enlarge_a_pixel_without_end() -> None:
    """A picture of one pixel is not made as large as the window."""
    assert _seen(1, 1, (800, 800)).scale == viewport.LARGEST


def test_wheel_keeps_what_is_under_the_pointer() -> None:
    """Zooming in and out around a point leaves that point of the picture below it."""
    port = _seen(4000, 2000, (800, 400))
    before = port.to_picture(200, 300)
    for _ in range(4):
        port.zoom_in(200, 300)
    assert port.to_picture(200, 300) == pytest.approx(before)
    assert port.scale == pytest.approx(2**0.5 * 0.5)
    port.zoom_out(200, 300)
    assert port.to_picture(200, 300) == pytest.approx(before)


def test_zoom_steps_meet_one_to_one() -> None:
    """From any scale, steps lead over exactly one screen pixel per pixel."""
    port = _seen(3000, 1700, (777, 555))
    scales = []
    for _ in range(12):
        port.zoom_in()
        scales.append(port.scale)
    assert min(abs(scale - 1) for scale in scales) < 1e-12
    for _ in range(30):
        port.zoom_out()
    assert port.fitting


def test_zooming_out_ends_at_the_whole_picture() -> None:
    """The last step out fits the picture, and fits it again when the window changes."""
    port = _seen(4000, 2000, (800, 400))
    port.zoom_in()
    assert not port.fitting
    port.zoom_out()
    assert port.fitting
    port.zoom_out()
    assert port.scale == 0.2


def test_small_picture_can_be_seen_at_its_own_size() -> None:
    """A picture smaller than the view may be shown smaller than the view."""
    port = _seen(100, 50, (800, 400))
    assert port.scale == 8
    port.zoom_to(1.0)
    assert port.scale == 1
    assert port.shows_all()


def test_pan_stops_at_the_edges() -> None:
    """Dragging moves the picture with the pointer, and never out of the view."""
    port = _seen(4000, 2000, (800, 400))
    port.zoom_to(1.0)
    left, top, _, _ = port.visible()
    port.pan(-50, 30)
    assert port.visible()[:2] == (left + 50, top - 30)
    port.pan(100_000, 100_000)
    assert port.visible() == (0, 0, 800, 400)
    port.pan(-100_000, -100_000)
    assert port.visible() == (3200, 1600, 800, 400)


def test_replaced_picture_stays_in_view() -> None:
    """After the layer has shrunk, what is seen lies within it."""
    port = _seen(4000, 2000, (800, 400))
    port.zoom_to(1.0)
    port.pan(-100_000, -100_000)
    port.replace(900, 500)
    left, top, width, height = port.visible()
    assert left + width <= 900
    assert top + height <= 500


@REPEATABLE
@given(SIDES, SIDES, VIEWS, VIEWS, st.floats(0.001, 100), st.integers(-5000, 5000), VIEWS)
def test_always_sees_a_part_of_the_picture(
    width: int, height: int, across: int, down: int, scale: float, move: int, again: int
) -> None:
    """Whatever is done, a part of the picture is seen, and the way to the view and back agrees."""
    port = _seen(width, height, (across, down))
    port.zoom_to(scale, across / 3, down / 4)
    port.pan(move, -move)
    port.resize(again, down)
    left, top, wide, high = port.visible()
    assert left >= 0
    assert top >= 0
    assert 0 < wide <= width - left
    assert 0 < high <= height - top
    there = port.to_view(*port.to_picture(12.5, 7.25))
    assert there == pytest.approx((12.5, 7.25), abs=1e-4)
