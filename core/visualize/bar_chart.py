"""Bar charts of a vector, such as a classifier's output, with the values beside the bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from dreamlayer.core.visualize.sheets import (
    FAINT,
    INK,
    LINE,
    MARGIN,
    PAPER,
    TEXT,
    TITLE,
    Pixels,
    number,
    write,
)

Array = npt.NDArray[np.float32]

_ROW, _LENGTH, _LABEL, _VALUE = 22, 200, 56, 64
_ROWS = 32
_ACROSS = _LABEL + _LENGTH + _VALUE + MARGIN
_TOP = MARGIN + TITLE + TEXT + 28
_ABOVE, _BELOW = (0x2C, 0x72, 0x8E), (0xB0, 0x4A, 0x3A)


def bar_size(count: int) -> tuple[int, int]:
    """Height and width of a sheet with `count` bars."""
    columns = math.ceil(count / _ROWS)
    height = _TOP + min(count, _ROWS) * _ROW + MARGIN
    return height, max(2 * MARGIN + columns * _ACROSS - MARGIN, 520)


def bar_sheet(values: Array, chosen: Sequence[int], title: str, line: str) -> Pixels:
    """Draw one bar for each chosen channel, in columns of 32.

    Parameters
    ----------
    values : array
        float32 [channels].
    chosen : sequence of int
        Channel numbers, in the order to show them.
    title, line : str
        Texts at the top.

    Returns
    -------
    array
        uint8 [height, width, 3].
    """
    height, width = bar_size(len(chosen))
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    write(draw, (MARGIN, MARGIN), title, TITLE, INK, width - 2 * MARGIN)
    write(draw, (MARGIN, MARGIN + TITLE + 8), line, TEXT, FAINT, width - 2 * MARGIN)
    shown = [float(values[channel]) for channel in chosen]
    low, high = min(0.0, *shown), max(0.0, *shown)
    scale = _LENGTH / (high - low) if high > low else 0.0
    for index, (channel, value) in enumerate(zip(chosen, shown, strict=True)):
        column, row = divmod(index, _ROWS)
        y = _TOP + row * _ROW
        left = MARGIN + column * _ACROSS
        zero = left + _LABEL - low * scale
        ends = sorted((zero, zero + value * scale))
        write(draw, (left + _LABEL - 10, y), str(channel), TEXT, INK, anchor="ra")
        draw.rectangle((ends[0], y + 2, ends[1], y + 16), fill=_ABOVE if value >= 0 else _BELOW)
        draw.line((zero, y - 1, zero, y + _ROW - 2), fill=LINE)
        write(draw, (left + _LABEL + _LENGTH + 8, y), number(value), TEXT, FAINT)
    return np.asarray(sheet)
