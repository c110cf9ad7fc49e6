"""Contact sheets: where cells lie, what is written, and how they are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamlayer.core.errors import OutputError
from dreamlayer.core.visualize.bar_chart import bar_sheet
from dreamlayer.core.visualize.colormaps import COLORMAPS, apply_colormap
from dreamlayer.core.visualize.sheets import (
    PAPER,
    Cell,
    Layout,
    Legend,
    check_sheet,
    columns_for,
    draw_sheet,
    font,
    number,
    write_sheet,
)


def plain(shade: int, height: int = 40, width: int = 60) -> Cell:
    """A cell of one grey."""
    return Cell(np.full((height, width, 3), shade, np.uint8), str(shade), "small print")


def test_cells_lie_where_the_layout_says() -> None:
    """Each image is found whole at its place, on a sheet of the size that was told before."""
    layout = Layout(5, 3, (40, 60), lines=1, legend=True)
    cells = [plain(shade) for shade in (10, 60, 110, 160, 210)]
    sheet = draw_sheet(cells, layout, "Title", ["line"], Legend("viridis", 0, 1))
    assert sheet.shape == (*layout.size, 3)
    for i, cell in enumerate(cells):
        top, left = layout.place(i)
        np.testing.assert_array_equal(sheet[top : top + 40, left : left + 60], cell.image)


def test_texts_stay_within_their_cells() -> None:
    """However long a label is, the gap to the next cell stays empty."""
    layout = Layout(2, 2, (40, 60))
    cells = [Cell(plain(0).image, "a very long label indeed", "and longer small print still")] * 2
    sheet = draw_sheet(cells, layout, "T" * 500)
    top, left = layout.place(1)
    below = sheet[top + 42 :, left - 8 : left - 1]
    assert (below == PAPER).all()
    assert (sheet[:, -20:] == PAPER).all()


def test_a_sheet_of_many_cells_is_wider_than_high_and_nearly_full() -> None:
    """The number of columns is chosen for the eye."""
    for count in (1, 2, 7, 16, 65, 769):
        columns = columns_for(count, (128, 128))
        height, width = Layout(count, columns, (128, 128)).size
        assert columns <= count
        assert width >= height or count == 1
        assert -(-count // columns) * columns - count < columns


def test_numbers_have_three_digits() -> None:
    """Without an exponent where that is short."""
    written = [number(x) for x in (0, 1.23456, 123.4, 0.012345, -5, 1e-9, 123456)]
    assert written == ["0", "1.23", "123", "0.0123", "-5.00", "1.0e-9", "1.2e5"]


def test_colormaps_end_where_they_should() -> None:
    """Grey is black to white; the diverging one is nearly white in its middle; values are cut."""
    ramp = np.array([[-9, -1, 0, 1, 9]], np.float32)
    grey = apply_colormap(ramp, "grey", -1, 1)[0]
    assert grey.tolist() == [[0] * 3, [0] * 3, [128] * 3, [255] * 3, [255] * 3]
    assert apply_colormap(ramp, "diverging", -1, 1)[0, 2].min() > 240
    assert apply_colormap(ramp, "viridis", -1, 1)[0, [0, 4]].tolist() == [
        [68, 1, 84],
        [253, 231, 37],
    ]
    for name in COLORMAPS:
        assert (apply_colormap(ramp, name, 3, 3) == apply_colormap(ramp, name, 0, 99)[0, 0]).all()


def test_a_sheet_is_stored_with_what_it_shows(tmp_path: Path) -> None:
    """PNG keeps the pixels and, in a text chunk, the facts."""
    pixels = draw_sheet([plain(99)], Layout(1, 1, (40, 60)), "Title")
    write_sheet(pixels, str(tmp_path / "s.png"), "what: ümlaut")
    with Image.open(tmp_path / "s.png") as stored:
        stored.load()
        assert stored.info["Description"] == "what: ümlaut"
        np.testing.assert_array_equal(np.asarray(stored), pixels)


def test_a_format_that_cannot_hold_the_sheet_is_refused_beforehand() -> None:
    """Before hours of work, without making the pixels."""
    with pytest.raises(OutputError, match=r"at most 16383 pixels"):
        check_sheet(Layout(4000, 1, (512, 512)).size, "s.webp")


def test_bars_are_as_long_as_their_values() -> None:
    """The largest has the full length, half of it half, and none none."""
    sheet = bar_sheet(np.array([0.0, 2.0, 1.0], np.float32), [1, 2, 0], "Title", "line")
    coloured = (sheet == (0x2C, 0x72, 0x8E)).all(axis=2).sum(axis=1)
    lengths = [n for n in dict.fromkeys(coloured.tolist()) if n > 5]
    assert len(lengths) == 2
    assert lengths[0] == pytest.approx(2 * lengths[1], abs=3)


def test_the_font_is_there_in_any_size() -> None:
    """Pillow brings it along, so that sheets look the same everywhere."""
    assert font(30).getlength("mixed4") > font(10).getlength("mixed4") > 0


def test_a_name_that_is_no_text_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    """A file name may hold bytes that are no text."""
    sheet = draw_sheet([plain(9)], Layout(1, 1, (40, 60)), "a\udcff")
    write_sheet(sheet, str(tmp_path / "s.png"), "picture a\udcff.png")
    with Image.open(tmp_path / "s.png") as stored:
        stored.load()
        assert stored.info["Description"] == "picture a?.png"
