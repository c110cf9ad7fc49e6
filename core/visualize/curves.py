"""Curves over the steps of a run, with its octaves separated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from dreamlayer.core.visualize.sheets import FAINT, INK, LINE, PAPER, TEXT, Pixels, write

_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 12, 26, 48
_FINE = 4
_COLOR = (0x2C, 0x72, 0x8E)
_MIN_LABEL = 70


@dataclass(frozen=True)
class Curve:
    """One number per step.

    Attributes
    ----------
    name : str
        Written above it.
    values : sequence of float
        At least one.
    height : int
        Height of the drawing in pixels.
    low, high : float
        Values that the axis reaches in any case.
    """

    name: str
    values: Sequence[float]
    height: int
    low: float = math.inf
    high: float = -math.inf

    @property
    def ticks(self) -> list[float]:
        """The axis's numbers."""
        return nice_ticks(
            min(self.low, *self.values), max(self.high, *self.values), 6 if self.height > 200 else 4
        )


def draw_curves(
    curves: Sequence[Curve], steps: Sequence[int], octaves: dict[int, tuple[int, int]], width: int
) -> Pixels:
    """Draw curves, one below the other; the first says which octave is where.

    Parameters
    ----------
    curves : sequence of Curve
        Of the same number of values.
    steps : sequence of int
        The octave of each step.
    octaves : dict
        Height and width of each octave.
    width : int
        Width of the drawing in pixels.

    Returns
    -------
    array
        uint8 [sum of heights, width, 3].
    """
    runs = _runs(steps)
    drawn = [_curve(curve, runs, width, named=curve is curves[-1]) for curve in curves]
    first = Image.fromarray(drawn[0])
    draw = ImageDraw.Draw(first)
    inner = (width - _LEFT - _RIGHT) / len(steps)
    for begin, end in runs:
        room = (end - begin + 1) * inner
        octave = steps[begin - 1]
        if room >= _MIN_LABEL:
            height, wide = octaves[octave]
            text = f"octave {octave}: {wide} x {height}" if room > 140 else f"octave {octave}"
            middle = _LEFT + (begin + end - 1) / 2 * inner
            write(draw, (middle, _TOP - 4), text, TEXT - 2, FAINT, room, "mb")
    return np.concatenate([np.asarray(first), *drawn[1:]])


def _curve(curve: Curve, runs: Sequence[tuple[int, int]], width: int, *, named: bool) -> Pixels:
    """One curve; the axis of the steps is `named` or not."""
    values, ticks = curve.values, curve.ticks
    inner_w, inner_h = width - _LEFT - _RIGHT, curve.height - _TOP - _BOTTOM
    low, high = ticks[0], ticks[-1]

    def x(step: float) -> float:
        return _LEFT + (step - 0.5) / len(values) * inner_w

    def y(value: float) -> float:
        return _TOP + inner_h - (value - low) / (high - low) * inner_h

    # Lines are drawn large and reduced, which antialiases them; texts come later.
    large = Image.new("RGB", (width * _FINE, curve.height * _FINE), PAPER)
    pen = ImageDraw.Draw(large)

    def line(points: Sequence[tuple[float, float]], ink: tuple[int, int, int], wide: float) -> None:
        scaled = [(px * _FINE, py * _FINE) for px, py in points]
        pen.line(scaled, fill=ink, width=round(wide * _FINE), joint="curve")

    right = width - _RIGHT
    for tick in ticks:
        line([(_LEFT, y(tick)), (right, y(tick))], (226, 226, 223), 1)
    for first, _ in runs[1:]:
        line([(x(first - 0.5), _TOP), (x(first - 0.5), _TOP + inner_h)], LINE, 1)
    line([(_LEFT, _TOP + inner_h), (right, _TOP + inner_h)], FAINT, 1)
    for first, last in runs:
        points = [(x(step), y(values[step - 1])) for step in range(first, last + 1)]
        if len(points) > 1:
            line(points, _COLOR, 2)
        if len(values) <= 120:
            for px, py in points:
                pen.ellipse([(v + s) * _FINE for s in (-2.5, 2.5) for v in (px, py)], fill=_COLOR)
    image = large.resize((width, curve.height), Image.Resampling.BOX)
    draw = ImageDraw.Draw(image)
    for tick, text in zip(ticks, _tick_texts(ticks), strict=True):
        write(draw, (_LEFT - 8, y(tick)), text, TEXT - 2, FAINT, anchor="rm")
    for step in step_ticks(len(values)):
        write(draw, (x(step), _TOP + inner_h + 7), str(step), TEXT - 2, FAINT, anchor="ma")
    if named:
        write(draw, (_LEFT + inner_w / 2, curve.height - 2), "step", TEXT, INK, anchor="mb")
    write(draw, (0, 0), curve.name, TEXT, INK)
    return np.asarray(image)


def _runs(steps: Sequence[int]) -> list[tuple[int, int]]:
    """First and last step of each octave, counted from 1 over all."""
    starts = [i + 1 for i, octave in enumerate(steps) if i == 0 or octave != steps[i - 1]]
    ends = [*(start - 1 for start in starts[1:]), len(steps)]
    return list(zip(starts, ends, strict=True))


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Evenly spaced round numbers that enclose `low` to `high`: steps of 1, 2 or 5."""
    if not high > low:
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if low else (-1.0, 1.0)
    rough = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]


def step_ticks(count: int, most: int = 10) -> list[int]:
    """Step numbers at the axis: 1, then round ones."""
    if count <= most:
        return list(range(1, count + 1))
    step = max(1, round(nice_ticks(0, count, most + 1)[1]))
    return [1, *(n for n in range(step, count + 1, step) if n > 1)]


def _tick_texts(ticks: Sequence[float]) -> list[str]:
    """Format all ticks with the decimals of their spacing."""
    step = ticks[1] - ticks[0]
    largest = max(abs(ticks[0]), abs(ticks[-1]))
    if step < 1e-4 or largest >= 1e6:
        return [f"{tick:.2g}" for tick in ticks]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{tick:.{decimals}f}" for tick in ticks]
