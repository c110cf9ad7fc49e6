"""Figure of a run: numbers over its steps, and what steps added to the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from dreamlayer.core.ascent.loop import Step
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.visualize.curves import Curve, draw_curves
from dreamlayer.core.visualize.sheets import (
    GAP,
    MARGIN,
    Cell,
    Layout,
    Pixels,
    draw_sheet,
    number,
)

Array = npt.NDArray[np.float32]

_SIDE = 220
_MAX_OCTAVES = 6
_CURVE, _SMALL_CURVE = 320, 170
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

    Memory: four numbers per step, and three small pictures per octave.

    Parameters
    ----------
    steps : int
        The recipe's steps on each octave.
    """

    def __init__(self, steps: int) -> None:
        self._middle = (steps + 1) // 2
        self.losses: list[tuple[int, float]] = []
        """Octave, counted from 1, and objective of each step."""
        self.divisors: list[float] = []
        """Each step's divisor of the gradient."""
        self.clipped: list[float] = []
        """The share of clipped pixels after each step."""
        self._views: dict[tuple[int, int], View] = {}
        self._sizes: dict[int, tuple[int, int]] = {}

    def __call__(self, step: Step) -> None:
        """Record one step."""
        self.losses.append((step.octave, step.loss))
        self.divisors.append(step.divisor)
        self.clipped.append(step.clipped)
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
    curves = curves_of(record)
    above = sum(curve.height for curve in curves)
    layout = Layout(len(ordered), columns, (height, wide), lines=len(lines), above=above)
    cells = [_cell(view) for view in ordered]
    octaves = [octave for octave, _ in record.losses]
    drawn = draw_curves(curves, octaves, record.octaves, layout.size[1] - 2 * MARGIN)
    return draw_sheet(cells, layout, title, lines, above=drawn)


def curves_of(record: Recorder) -> list[Curve]:
    """What is drawn over the steps of a run: objective, clipped pixels, and the divisor if any."""
    shares = [100 * share for share in record.clipped]
    curves = [
        Curve("objective", [loss for _, loss in record.losses], _CURVE),
        Curve("clipped pixels, % (black or white in a channel)", shares, _SMALL_CURVE, 0, 1),
    ]
    if any(divisor != 1 for divisor in record.divisors):
        curves.append(Curve("divisor of the gradient", record.divisors, _SMALL_CURVE))
    return curves


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
