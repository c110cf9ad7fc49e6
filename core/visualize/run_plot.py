"""Figure of a run: the objective over its steps, and what steps added to the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from dreamlayer.core.ascent.loop import Step
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.visualize.sheets import (
    FAINT,
    GAP,
    INK,
    LINE,
    MARGIN,
    PAPER,
    TEXT,
    Cell,
    Layout,
    Pixels,
    draw_sheet,
    number,
    write,
)

Array = npt.NDArray[np.float32]

_SIDE = 220
_MAX_OCTAVES = 6
_CURVE = 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 12, 26, 48
_FINE = 4
_COLOR = (0x2C, 0x72, 0x8E)
_MIN_LABEL = 70
_WIDTH = 900
_CAPTION = (
    "Pictures: what a step added to the image, grey for nothing, bright for more. Below each: its",
    "least and largest value, where 1 is black to white, and what the gradient was divided by (/).",
)


@dataclass(frozen=True)
class View:
    """What one step added to the image, reduced for the figure.

    Attributes
    ----------
    octave, step : int
        Counted from 1.
    size : (int, int)
        Height and width of the octave.
    image : array
        uint8 [height, width, 3]: gray where nothing was added, brighter where more was.
    low, high : float
        Minimum and maximum added, over all pixels and channels.
    divisor : float
        Divisor of the gradient.
    """

    octave: int
    step: int
    size: tuple[int, int]
    image: Pixels
    low: float
    high: float
    divisor: float


class Recorder:
    """Records what the figure of a run shows; called after every step of a dream.

    Memory: one number per step, and three small pictures per octave.

    Parameters
    ----------
    steps : int
        The recipe's steps on each octave.
    """

    def __init__(self, steps: int) -> None:
        self._middle = (steps + 1) // 2
        self.losses: list[tuple[int, float]] = []
        """Octave, counted from 1, and objective of each step."""
        self._views: dict[tuple[int, int], View] = {}
        self._sizes: dict[int, tuple[int, int]] = {}

    def __call__(self, step: Step) -> None:
        """Record one step."""
        self.losses.append((step.octave, step.loss))
        self._sizes[step.octave] = step.change.shape[1], step.change.shape[2]
        place = {1: 0, self._middle: 1}.get(step.step)
        # The last step is not known in advance, since a limit may end an octave early.
        for kept in {2} if place is None else {2, place}:
            self._views[step.octave, kept] = _view(step)

    @property
    def views(self) -> list[list[View]]:
        """For each octave its first, middle and last step, each once."""
        found: dict[int, dict[int, View]] = {}
        for (octave, _), view in sorted(self._views.items()):
            found.setdefault(octave, {})[view.step] = view
        return [list(steps.values()) for steps in found.values()]

    @property
    def octaves(self) -> dict[int, tuple[int, int]]:
        """Height and width of each octave that had a step."""
        return dict(self._sizes)


def _view(step: Step) -> View:
    _, height, width = step.change.shape
    scale = min(1.0, _SIDE / max(height, width))
    box = max(1, round(width * scale)), max(1, round(height * scale))
    planes = [
        np.asarray(Image.fromarray(plane).resize(box, Image.Resampling.BOX))
        for plane in step.change
    ]
    small = np.stack(planes, axis=2)
    # Without the few outliers, which would make all the rest look gray.
    limit = float(np.percentile(np.abs(small), 99.5)) or 1.0
    shown = np.rint(np.clip(small / limit, -1, 1) * 127 + 128).astype(np.uint8)
    low, high = float(step.change.min()), float(step.change.max())
    return View(step.octave, step.step, (height, width), shown, low, high, step.divisor)


def figure(record: Recorder, title: str, line: str = "") -> Pixels:
    """Draw the figure of a run.

    Parameters
    ----------
    record : Recorder
        Record of the run.
    title, line : str
        Texts at the top.

    Returns
    -------
    array
        uint8 [height, width, 3].

    Raises
    ------
    RecipeError
        No step was made, because the objective was above its limit from the start.
    """
    if not record.losses:
        raise RecipeError(
            "there is no figure, only the picture, because no step was made: the objective is "
            "above max_loss from the start; raise --max-loss"
        )
    views = record.views
    chosen = [views[i] for i in _spread(len(views), _MAX_OCTAVES)]
    rows = max(len(steps) for steps in chosen)
    # Each octave is a column, a single one a row; one that ended early repeats its last step.
    ordered = (
        chosen[0]
        if len(chosen) == 1
        else [steps[min(row, len(steps) - 1)] for row in range(rows) for steps in chosen]
    )
    columns = len(ordered) if len(chosen) == 1 else len(chosen)
    lines = [line] if line else []
    if len(chosen) < len(views):
        lines.append(f"Pictures of {len(chosen)} of {len(views)} octaves.")
    lines += _CAPTION
    height = max(_box(view)[0] for view in ordered)
    wide = max(max(_box(view)[1] for view in ordered), (_WIDTH + GAP) // columns - GAP)
    layout = Layout(len(ordered), columns, (height, wide), lines=len(lines), above=_CURVE)
    cells = [_cell(view) for view in ordered]
    curve = loss_curve(record.losses, record.octaves, layout.size[1] - 2 * MARGIN)
    return draw_sheet(cells, layout, title, lines, above=curve)


def _cell(view: View) -> Cell:
    label = f"octave {view.octave}, step {view.step}"
    divided = "" if view.divisor == 1 else f"  / {number(view.divisor)}"
    note = f"{number(view.low)} to {number(view.high)}{divided}"
    image = Image.fromarray(view.image)
    shape = _box(view)
    if shape != view.image.shape[:2]:
        image = image.resize((shape[1], shape[0]), Image.Resampling.NEAREST)
    return Cell(np.asarray(image), label, note)


def _box(view: View) -> tuple[int, int]:
    """Height and width at which a view is drawn, the same for all octaves."""
    scale = _SIDE / max(view.size)
    return max(1, round(view.size[0] * scale)), max(1, round(view.size[1] * scale))


def _spread(count: int, most: int) -> list[int]:
    """Up to `most` evenly spaced numbers below `count`, including the first and the last."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def loss_curve(
    losses: Sequence[tuple[int, float]], octaves: dict[int, tuple[int, int]], width: int
) -> Pixels:
    """Draw the objective over all steps, with octaves separated.

    Parameters
    ----------
    losses : sequence of (int, float)
        Octave and objective of each step.
    octaves : dict
        Height and width of each octave.
    width : int
        Width of the drawing in pixels.

    Returns
    -------
    array
        uint8 [320, width, 3].
    """
    values = [loss for _, loss in losses]
    ticks = nice_ticks(min(values), max(values))
    inner_w, inner_h = width - _LEFT - _RIGHT, _CURVE - _TOP - _BOTTOM
    low, high = ticks[0], ticks[-1]

    def x(step: float) -> float:
        return _LEFT + (step - 0.5) / len(values) * inner_w

    def y(value: float) -> float:
        return _TOP + inner_h - (value - low) / (high - low) * inner_h

    # Lines are drawn large and reduced, which antialiases them; texts come later.
    large = Image.new("RGB", (width * _FINE, _CURVE * _FINE), PAPER)
    pen = ImageDraw.Draw(large)

    def line(points: Sequence[tuple[float, float]], ink: tuple[int, int, int], wide: float) -> None:
        scaled = [(px * _FINE, py * _FINE) for px, py in points]
        pen.line(scaled, fill=ink, width=round(wide * _FINE), joint="curve")

    right = width - _RIGHT
    for tick in ticks:
        line([(_LEFT, y(tick)), (right, y(tick))], (226, 226, 223), 1)
    runs = _runs(losses)
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
    curve = large.resize((width, _CURVE), Image.Resampling.BOX)
    draw = ImageDraw.Draw(curve)
    for tick, text in zip(ticks, _tick_texts(ticks), strict=True):
        write(draw, (_LEFT - 8, y(tick)), text, TEXT - 2, FAINT, anchor="rm")
    for step in step_ticks(len(values)):
        write(draw, (x(step), _TOP + inner_h + 7), str(step), TEXT - 2, FAINT, anchor="ma")
    write(draw, (_LEFT + inner_w / 2, _CURVE - 2), "step", TEXT, INK, anchor="mb")
    write(draw, (0, 0), "objective", TEXT, INK)
    for first, last in runs:
        room = x(last + 0.5) - x(first - 0.5)
        octave = losses[first - 1][0]
        if room >= _MIN_LABEL:
            height, wide = octaves[octave]
            text = f"octave {octave}: {wide} x {height}" if room > 140 else f"octave {octave}"
            write(draw, (x((first + last) / 2), _TOP - 4), text, TEXT - 2, FAINT, room, "mb")
    return np.asarray(curve)


def _runs(losses: Sequence[tuple[int, float]]) -> list[tuple[int, int]]:
    """First and last step of each octave, counted from 1 over all."""
    starts = [i + 1 for i, (octave, _) in enumerate(losses) if i == 0 or octave != losses[i - 1][0]]
    return [
        (first, after - 1)
        for first, after in zip(starts, [*starts[1:], len(losses) + 1], strict=True)
    ]


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
