"""Contact sheets: labelled cells under a title, drawn with Pillow.

Pillow alone, because a plotting library would resample the pixels of a sheet, and because
Pillow's own scalable font looks the same on every machine. It has Latin letters only, so texts
here use `x` for times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from dreamlayer.core.errors import OutputError
from dreamlayer.core.visualize.colormaps import apply_colormap

Pixels = npt.NDArray[np.uint8]

PAPER, INK, FAINT, LINE = (250, 250, 248), (28, 28, 30), (98, 98, 104), (190, 190, 188)
"""Colors of background, text, small print and frames."""

TITLE, TEXT = 22, 15
MARGIN, GAP = 24, 12
_BAR = (180, 12)
_MIN_ASPECT, _MAX_ASPECT = 1.0, 2.0
_MIN_WIDTH = 640


@dataclass(frozen=True)
class Cell:
    """One picture of a sheet.

    Attributes
    ----------
    image : array
        uint8 [height, width, 3]; all cells of a sheet have boxes of the same size, in which
        smaller images are left-aligned.
    label : str
        Text below it, such as a number.
    note : str
        Small print below that; empty for none.
    """

    image: Pixels
    label: str
    note: str = ""


@dataclass(frozen=True)
class Legend:
    """The values that colors stand for.

    Attributes
    ----------
    colormap : str
        One of `core.visualize.colormaps.COLORMAPS`.
    low, high : float
        Values of its ends.
    """

    colormap: str
    low: float
    high: float


@dataclass(frozen=True)
class Layout:
    """Positions on a sheet, in pixels.

    Attributes
    ----------
    count, columns : int
        Number of cells, and of cells side by side.
    box : (int, int)
        Maximum height and width of each cell's image.
    notes : bool
        Whether there is small print below labels.
    lines : int
        Lines of text below the title.
    legend : bool
        Whether there is a color bar below them.
    above : int
        Height of a picture between the texts and the cells, 0 for none.
    """

    count: int
    columns: int
    box: tuple[int, int]
    notes: bool = True
    lines: int = 0
    legend: bool = False
    above: int = 0

    @property
    def label_size(self) -> int:
        """Height of a label's font."""
        return min(max(self.box[1] // 9, 11), 17)

    @property
    def note_size(self) -> int:
        """Height of the small print's font."""
        return max(self.label_size - 3, 10)

    @property
    def step(self) -> tuple[int, int]:
        """Height and width from one cell to the next."""
        texts = self.label_size + 6 + (self.note_size + 4 if self.notes else 0)
        return self.box[0] + texts + GAP, self.box[1] + GAP

    @property
    def top(self) -> int:
        """Top of the first row of cells."""
        texts = TITLE + 8 + self.lines * (TEXT + 6) + (_BAR[1] + 14 if self.legend else 0)
        return MARGIN + texts + GAP + (self.above + GAP if self.above else 0)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the sheet."""
        rows = math.ceil(self.count / self.columns)
        width = 2 * MARGIN + self.columns * self.step[1] - GAP
        return self.top + rows * self.step[0] - GAP + MARGIN, max(width, _MIN_WIDTH)

    def place(self, number: int) -> tuple[int, int]:
        """Top and left of a cell, counted from 0."""
        row, column = divmod(number, self.columns)
        return self.top + row * self.step[0], MARGIN + column * self.step[1]


def columns_for(count: int, box: tuple[int, int], notes: bool = True) -> int:
    """Number of cells side by side for a sheet that is wider than high, with few empty places."""

    def emptiness(columns: int) -> tuple[bool, float]:
        rows = math.ceil(count / columns)
        down, across = Layout(count, columns, box, notes).step
        shape = columns * across / (rows * down)
        empty = (rows * columns - count) / count
        return not _MIN_ASPECT <= shape <= _MAX_ASPECT, 2 * empty + abs(math.log(shape / 1.4))

    return min(range(1, count + 1), key=emptiness)


def draw_sheet(
    cells: Sequence[Cell],
    layout: Layout,
    title: str,
    lines: Sequence[str] = (),
    legend: Legend | None = None,
    above: Pixels | None = None,
) -> Pixels:
    """Draw a sheet.

    Parameters
    ----------
    cells : sequence of Cell
        At most as many as in the layout.
    layout : Layout
        Positions.
    title, lines
        Texts at the top: one line in large print, others in small; truncated if too long.
    legend : Legend, optional
        Drawn below the lines.
    above : array, optional
        uint8 [layout.above, width, 3]: a picture between the texts and the cells.

    Returns
    -------
    array
        uint8 [*layout.size, 3].
    """
    height, width = layout.size
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    room = width - 2 * MARGIN
    write(draw, (MARGIN, MARGIN), title, TITLE, INK, room)
    y = MARGIN + TITLE + 8
    for line in lines:
        write(draw, (MARGIN, y), line, TEXT, FAINT, room)
        y += TEXT + 6
    if legend is not None:
        _draw_legend(sheet, draw, legend, y + 4)
    if above is not None:
        sheet.paste(Image.fromarray(above), (MARGIN, layout.top - GAP - layout.above))
    for number, cell in enumerate(cells):
        _draw_cell(sheet, draw, cell, layout, *layout.place(number))
    return np.asarray(sheet)


def _draw_cell(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, cell: Cell, layout: Layout, top: int, left: int
) -> None:
    height, width = cell.image.shape[:2]
    y, x = top + (layout.box[0] - height) // 2, left
    sheet.paste(Image.fromarray(np.ascontiguousarray(cell.image)), (x, y))
    draw.rectangle((x - 1, y - 1, x + width, y + height), outline=LINE)
    y, room = top + layout.box[0] + 5, layout.box[1]
    write(draw, (left, y), cell.label, layout.label_size, INK, room)
    if cell.note:
        write(draw, (left, y + layout.label_size + 3), cell.note, layout.note_size, FAINT, room)


def _draw_legend(sheet: Image.Image, draw: ImageDraw.ImageDraw, legend: Legend, top: int) -> None:
    low, high = number(legend.low), number(legend.high)
    width, height = _BAR
    write(draw, (MARGIN, top), low, TEXT, INK)
    left = MARGIN + round(font(TEXT).getlength(low)) + 8
    ramp = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), (height, width))
    sheet.paste(Image.fromarray(apply_colormap(ramp, legend.colormap, 0, 1)), (left, top + 1))
    draw.rectangle((left - 1, top, left + width, top + height + 1), outline=LINE)
    write(draw, (left + width + 8, top), high, TEXT, INK)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's built-in font at a height in pixels.

    Raises
    ------
    OutputError
        Pillow was built without FreeType.
    """
    try:
        return ImageFont.load_default(size)
    except ImportError as error:
        raise OutputError(
            "text cannot be drawn, because this Pillow was built without FreeType; reinstall it "
            "with: pip install --force-reinstall Pillow"
        ) from error


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    ink: tuple[int, int, int],
    room: float = math.inf,
    anchor: str = "la",
) -> None:
    """Write one line at (x, y), truncated with dots if it is wider than `room`."""
    face = font(size)
    # A file name may contain bytes that are not text.
    shown = text = text.encode("utf-8", "replace").decode()
    while face.getlength(shown) > room and len(text) > 1:
        text = text[:-1]
        shown = text.rstrip() + "..."
    draw.text(place, shown, fill=ink, font=face, anchor=anchor)


def number(value: float) -> str:
    """Format a number with three digits, without an exponent if that is short."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
    return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")


def write_sheet(pixels: Pixels, target: str, facts: str, format: str | None = None) -> None:
    """Write a drawing as `core.images.write` does; a PNG file gets a description.

    Parameters
    ----------
    pixels : array
        uint8 [height, width, 3].
    target, format
        As for `core.images.write`.
    facts : str
        Description of the drawing, for the text chunk `Description`.

    Raises
    ------
    OutputError
        As for `core.images.write`.
    """
    from dreamlayer.core import images

    chunk = (b"iTXt", b"Description\0\0\0\0\0" + facts.encode("utf-8", "replace"))
    scaled = pixels.astype(np.float32)
    scaled /= 255
    images.write(images.Picture(scaled, png_chunks=(chunk,)), target, format=format)


def check_sheet(size: tuple[int, int], target: str, format: str | None = None) -> None:
    """Raise the errors of `write_sheet` for a sheet of a height and width, before the work.

    Raises
    ------
    OutputError
        As for `core.images.check_target`.
    """
    from dreamlayer.core import images

    blank = np.broadcast_to(np.float32(0), (*size, 3))
    images.check_target(target, format, images.Picture(blank))
