"""Draw the times as bars for the README, with Pillow, at twice the size that it is shown at."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from bench.measure.results import (
    Conditions,
    Measure,
    PictureMeasure,
    Results,
    geometric_mean,
    median_ratio,
)
from bench.peers.table import FULL
from bench.report.families import family_measures
from bench.report.tables import counted
from dreamlayer.core.visualize.sheets import (
    FAINT,
    INK,
    LINE,
    PAPER,
    Pixels,
    font,
    write,
    write_sheet,
)

OURS, OURS_REDUCED = (0x1F, 0x6F, 0x8B), (0x7F, 0xB5, 0xC8)
OTHERS, OTHERS_REDUCED = (0xB4, 0xB0, 0xA8), (0xD9, 0xD6, 0xCF)
"""Colours of bars: our rows in float32 and in reduced precision, and those of all others."""

_WIDTH, _MARGIN = 1680, 56
_TITLE, _HEAD, _TEXT, _SMALL = 44, 32, 28, 24
_ROW, _BAR = 46, 30
_GAP, _LABEL, _VALUE = 48, 440, 250


@dataclass(frozen=True)
class Bar:
    """One row of a panel.

    Attributes
    ----------
    label : str
        The row.
    seconds, best : float
        Its time, the median and the best round.
    ratio : float
        Its time divided by the first row's.
    color : (int, int, int)
        Red, green and blue of the bar.
    """

    label: str
    seconds: float
    best: float
    ratio: float
    color: tuple[int, int, int]


@dataclass(frozen=True)
class Panel:
    """One quantity.

    Attributes
    ----------
    title : str
        The quantity.
    bars : list of Bar
        The fastest first.
    """

    title: str
    bars: list[Bar]


def panels(results: Results) -> list[Panel]:
    """Largest tile of each network that ships, mean of the families, picture of most rows."""
    largest: dict[str, Measure] = {}
    for measure in results.gradients.measures:
        if not measure.family:
            largest[measure.subject] = measure
    found = [
        Panel(
            f"Seconds per gradient, {one.title}, tile of {one.side} × {one.side}",
            _sorted(one.seconds, results),
        )
        for one in largest.values()
    ]
    families = family_measures(results)
    if families:
        # Some rows have the smaller tile only.
        side, measures = max(families.items(), key=lambda pair: len(_in_all(pair[1])))
        title = (
            f"Seconds per gradient, geometric mean of {counted(len(measures), 'network')} of "
            f"torchvision, tile of {side} × {side}"
        )
        found.append(Panel(title, _means(measures, results)))
    if results.pictures:
        most = max(results.pictures, key=lambda p: (len(p.runs), p.megapixels))
        seconds = {name: [run.seconds for run in runs] for name, runs in most.runs.items()}
        found.append(Panel(_picture_title(most), _sorted(seconds, results)))
    return [panel for panel in found if panel.bars]


def _in_all(measures: Sequence[Measure]) -> set[str]:
    return set.intersection(*(set(one.seconds) for one in measures))


def _means(measures: Sequence[Measure], results: Results) -> list[Bar]:
    there, first = _in_all(measures), results.ours[0]
    if first not in there:
        return []
    bars = []
    for label in there:
        middle, best = (
            geometric_mean(of(one.seconds[label]) for one in measures)
            for of in (statistics.median, min)
        )
        ratio = geometric_mean(
            median_ratio(one.seconds[label], one.seconds[first]) for one in measures
        )
        bars.append(Bar(label, middle, best, ratio, _color(label, results)))
    return sorted(bars, key=lambda bar: bar.seconds)


def _picture_title(measured: PictureMeasure) -> str:
    return (
        f"Seconds from process start to picture, default recipe, {measured.width} × "
        f"{measured.height} pixels"
    )


def _sorted(seconds: dict[str, list[float]], results: Results) -> list[Bar]:
    first = seconds.get(results.ours[0])
    if first is None:
        return []
    bars = [
        Bar(
            label,
            statistics.median(row),
            min(row),
            median_ratio(row, first),
            _color(label, results),
        )
        for label, row in seconds.items()
    ]
    return sorted(bars, key=lambda bar: bar.seconds)


def chart(results: Results, conditions: Conditions) -> Pixels:
    """Draw all panels, one below the other: uint8 [height, width, 3]."""
    drawn = panels(results)
    heights = [_HEAD + 24 + len(panel.bars) * _ROW + _GAP for panel in drawn]
    top = _MARGIN + _TITLE + 16 + _SMALL + _GAP
    sheet = Image.new("RGB", (_WIDTH, top + sum(heights) + _SMALL + 12), PAPER)
    draw = ImageDraw.Draw(sheet)
    room = _WIDTH - 2 * _MARGIN
    write(draw, (_MARGIN, _MARGIN), "How long a dream takes", _TITLE, INK, room)
    threads = counted(conditions.threads, "thread")
    where = conditions.machine.gpu or f"{conditions.machine.processor}, {threads}"
    line = f"Shorter is better. {where}. Same weights, layers and tiles for all."
    write(draw, (_MARGIN, _MARGIN + _TITLE + 16), line, _SMALL, FAINT, room)
    for panel, height in zip(drawn, heights, strict=True):
        _draw_panel(draw, panel, top)
        top += height
    note = f"x: the time divided by that of {results.ours[0]}. Light bars compute in bf16 or TF32."
    write(draw, (_MARGIN, top - _GAP // 2), note, _SMALL, FAINT, room)
    return np.asarray(sheet)


def _draw_panel(draw: ImageDraw.ImageDraw, panel: Panel, top: int) -> None:
    # The font has no multiplication sign.
    write(draw, (_MARGIN, top), panel.title.replace("×", "x"), _HEAD, INK, _WIDTH - 2 * _MARGIN)
    top += _HEAD + 24
    left = _MARGIN + _LABEL
    scale = (_WIDTH - _MARGIN - _VALUE - left) / max(bar.seconds for bar in panel.bars)
    for number, bar in enumerate(panel.bars):
        y = top + number * _ROW
        middle = y + _ROW / 2
        name = INK if bar.color in (OURS, OURS_REDUCED) else FAINT
        write(draw, (left - 20, middle), bar.label, _TEXT, name, _LABEL - 20, anchor="rm")
        end = left + max(bar.seconds * scale, 3)
        box = left, middle - _BAR / 2, end, middle + _BAR / 2
        draw.rounded_rectangle(box, 5, fill=bar.color, corners=(False, True, True, False))
        value = f"{_rounded(bar.seconds)} s"
        write(draw, (end + 14, middle), value, _TEXT, INK, anchor="lm")
        after = end + 14 + font(_TEXT).getlength(value) + 16
        write(draw, (after, middle), f"{bar.ratio:.2f}x", _SMALL, FAINT, anchor="lm")
    draw.line((left, top - 4, left, top + len(panel.bars) * _ROW), fill=LINE, width=2)


def _color(label: str, results: Results) -> tuple[int, int, int]:
    full = results.precisions[label] == FULL
    if label in results.ours:
        return OURS if full else OURS_REDUCED
    return OTHERS if full else OTHERS_REDUCED


def _rounded(seconds: float) -> str:
    """Format three digits, or whole seconds where they have more."""
    if seconds < 1:
        return f"{seconds:.3f}"
    return f"{seconds:.{max(0, 2 - int(math.log10(seconds)))}f}"


def write_chart(results: Results, conditions: Conditions, path: Path) -> None:
    """Draw the chart and write it as a PNG, with its numbers in the description too.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    facts = "; ".join(
        f"{panel.title}: " + ", ".join(f"{bar.label} {_rounded(bar.seconds)}" for bar in panel.bars)
        for panel in panels(results)
    )
    write_sheet(chart(results, conditions), str(path), facts, "png")
