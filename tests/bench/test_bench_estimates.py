"""The table of estimates, and the pictures that it is measured with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.measure.estimates import HEADING, KINDS, table, with_section, write_picture
from bench.measure.large import Run
from dreamlayer import read

GIB = 2.0**30


def test_rows_say_by_how_much_they_are_off() -> None:
    """What is off by too much is marked."""
    runs = [("JPEG", 12.0, 0, Run(0, 1, 4 * GIB, 3.5 * GIB)), ("WebP", 1.0, 1, Run(0, 1, 1, 2))]
    assert table(runs).splitlines()[2:] == [
        "| JPEG | 12 | 0 | 3.50 | 4.00 | -12% |",
        "| WebP | 1 | 1 | 0.00 | 0.00 | +100% (too much) |",
    ]


@pytest.mark.parametrize("name", list(KINDS))
def test_pictures_are_of_their_kind(name: str, tmp_path: Path) -> None:
    """As the program reads them."""
    kind = KINDS[name]
    path, options = write_picture(kind, 0.01, tmp_path)
    found = read(path)
    assert found.depth == kind.depth
    assert (found.alpha is not None) == kind.alpha
    assert ("--mask" in options) == kind.masked
    assert found.pixels.shape[:2] == (87, 116)


def test_section_of_a_document_is_replaced() -> None:
    """What is before and behind it stays."""
    document = f"# Large\n\n{HEADING}\n\nold\n\n## Next\n\nmore\n"
    section = f"{HEADING}\n\nnew\n"
    assert with_section(document, section) == document.replace("old", "new")
    assert with_section("# Large\n", section) == f"# Large\n\n{section}"
    assert with_section("", section) == section
