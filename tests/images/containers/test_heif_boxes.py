"""The boxes of a HEIF file tell its primary picture's codec, size and color, or are an error."""

from __future__ import annotations

import io

import pytest
from format_samples import box, code_points, heif_of, image_size

from dreamlayer.core.images.containers.heif_boxes import (
    BadHeifError,
    HeifHeader,
    brands,
    read_header,
)

SIZE = image_size(40, 30)


def header(data: bytes) -> HeifHeader:
    return read_header(io.BytesIO(data))


def test_header() -> None:
    """Codec, size, code points, and no premultiplied alpha."""
    data = heif_of([(1, b"av01")], properties=[SIZE, code_points(12, 13)])
    assert header(data) == HeifHeader(b"av01", 40, 30, (12, 13), False)


def test_derived_pictures() -> None:
    """A grid's codec is that of its tiles, whatever is derived in between."""
    items = [(1, b"iovl"), (2, b"grid"), (3, b"hvc1")]
    references = [(b"dimg", 1, 2), (b"dimg", 2, 3), (b"prem", 1, 3)]
    found = header(heif_of(items, references=references, properties=[SIZE]))
    assert (found.codec, found.premultiplied) == (b"hvc1", True)


def test_a_profile_goes_before_code_points() -> None:
    """Where a file has both, the ICC profile counts."""
    profile = box(b"colr", b"prof", bytes(200))
    data = heif_of([(1, b"av01")], properties=[SIZE, code_points(12, 13), profile])
    assert header(data).code_points is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        box(b"ftyp", b"avif", bytes(4)),
        box(b"ftyp", b"avif", bytes(4)) + b"\xff\xff\xff\xffmeta",
        box(b"ftyp", b"avif", bytes(4)) + box(b"meta", bytes(4)),
        box(b"ftyp", b"avif", bytes(4)) + box(b"meta", bytes(4), b"\0\0\0\3pitm"),
        box(b"ftyp", b"avif", bytes(4)) + box(b"meta", bytes(4), box(b"pitm")),
        heif_of([(1, b"av01")]),
        heif_of([(2, b"av01")], properties=[SIZE]),
        heif_of([(1, b"grid")], properties=[SIZE]),
        heif_of([(1, b"grid")], references=[(b"dimg", 1, 1)], properties=[SIZE]),
        heif_of([(1, b"grid"), (2, b"grid")], references=[(b"dimg", 1, 2), (b"dimg", 2, 1)],
                properties=[SIZE]),
        heif_of([(1, b"av01")], properties=[box(b"ispe")]),
    ],
)  # fmt: skip
def test_damaged(data: bytes) -> None:
    """Missing or damaged boxes, and pictures derived from themselves, are errors."""
    with pytest.raises(BadHeifError):
        header(data)


def test_every_cut_is_an_error_or_a_header() -> None:
    """Wherever the file is cut, reading ends with an error of its own kind."""
    data = heif_of([(1, b"av01")], properties=[SIZE, code_points(1, 13)])
    for length in range(len(data)):
        with pytest.raises(BadHeifError):
            header(data[:length])


def test_brands() -> None:
    """The major brand comes first, then the compatible ones."""
    assert brands(box(b"ftyp", b"mif1", bytes(4), b"heic", b"avif")) == (b"mif1", b"heic", b"avif")
    assert brands(b"\0\0\0\x18ftyp") in ((), (b"",))
    assert brands(b"PNG") == ()
