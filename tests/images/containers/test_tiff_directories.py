"""TIFF directories come back as they were written, in both byte orders and both forms."""

from __future__ import annotations

import io

import pytest

from dreamlayer.core.images.containers.tiff_directories import enter, read_directory, read_header
from dreamlayer.core.images.containers.tiff_values import (
    BadTiffError,
    Directory,
    Value,
    fraction,
    long,
    short,
)
from dreamlayer.core.images.containers.tiff_writing import block_of

FIELDS: Directory = {
    1: short(513),
    2: long(0x01020304),
    3: fraction(1, 0x01000000),
    4: Value(2, 6, b"hello\0"),
    5: Value(12, 1, bytes(range(8))),
    6: Value(7, 3, b"abc"),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("fixed", [None, 8, 30, 400])
def test_round_trip(order: str, fixed: int | None) -> None:
    """Values of every size, a directory within, and a value that has its place."""
    note = Value(7, 40, b"n" * 40)
    tags: Directory = {**FIELDS, 0x8769: {**FIELDS, 9: note}}
    place = None if fixed is None else (fixed, note.data)
    file = io.BytesIO(block_of(tags, order, place))
    layout, start = read_header(file)
    assert (layout.order, layout.big, start % 2) == (order, False, 0)
    found = read_directory(file, layout, start).fields
    offsets = enter(file, layout, found, 0x8769)
    assert found == tags
    assert fixed is None or offsets[9] == fixed


def test_limit() -> None:
    """Values beyond the limit, in all, are skipped."""
    file = io.BytesIO(block_of({1: Value(7, 60, bytes(60)), 2: Value(7, 60, bytes(60))}))
    assert list(read_directory(file, *read_header(file), limit=100).fields) == [1]


@pytest.mark.parametrize("data", [b"", b"II", b"II*\0", b"XX*\0" + bytes(9), b"II9\0" + bytes(9)])
def test_no_tiff(data: bytes) -> None:
    """What is no TIFF structure is told apart."""
    with pytest.raises(BadTiffError):
        read_header(io.BytesIO(data))


def test_wanted_tags_alone_count() -> None:
    """What is not wanted is not read, so that it takes nothing of the limit."""
    file = io.BytesIO(block_of({1: Value(7, 60, bytes(60)), 2: Value(7, 60, bytes(60))}))
    assert list(read_directory(file, *read_header(file), limit=100, wanted={2}).fields) == [2]
