"""The boxes of a HEIF file tell its primary picture's codec, size and color, or are an error."""

from __future__ import annotations

import io

import pytest
from format_samples import box, code_points, heif_of, image_size

from dreamlayer.core.images.containers.heif_boxes import (
    BadHeifError,
    HeifHeader,
    brands,
    has_credentials,
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


AUXILIARY = {
    "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha": (False, False, False),
    "urn:mpeg:hevc:2015:auxid:1": (False, False, False),
    "urn:mpeg:hevc:2015:auxid:2": (False, True, False),
    "urn:mpeg:mpegB:cicp:systems:auxiliary:depth": (False, True, False),
    "urn:com:apple:photo:2020:aux:hdrgainmap": (True, False, False),
    "urn:com:apple:photo:2018:aux:portraiteffectsmatte": (False, False, True),
}


@pytest.mark.parametrize("name", AUXILIARY)
def test_auxiliary_pictures(name: str) -> None:
    """Gain maps, depth maps and mattes are told from transparency."""
    auxiliary = box(b"auxC", bytes(4), name.encode(), b"\0")
    # The properties are those of the primary picture, so that is made another's auxiliary one.
    data = heif_of([(1, b"av01")], references=[(b"auxl", 1, 1)], properties=[SIZE, auxiliary])
    found = header(data)
    assert (found.has_gain_map, found.has_depth, found.has_others) == AUXILIARY[name]


@pytest.mark.parametrize(
    ("items", "references", "beside"),
    [
        ([(2, b"av01")], [], (False, False, True)),
        ([(2, b"grid"), (3, b"av01")], [(b"dimg", 2, 3)], (False, False, True)),
        ([(2, b"av01")], [(b"thmb", 2, 1)], (False, False, False)),
        ([(2, b"Exif"), (3, b"mime")], [(b"cdsc", 2, 1)], (False, False, False)),
        ([(2, b"tmap"), (3, b"av01")], [(b"dimg", 2, 1), (b"dimg", 2, 3)], (True, False, False)),
        ([(2, b"av01")], [(b"auxl", 2, 1)], (False, False, True)),
    ],
)
def test_other_pictures(items: list, references: list, beside: tuple) -> None:
    """Those that are no parts and no thumbnails of the primary one, and what makes it brighter."""
    found = header(heif_of([(1, b"av01"), *items], references=references, properties=[SIZE]))
    assert (found.has_gain_map, found.has_depth, found.has_others) == beside


def test_credentials() -> None:
    """They lie in a box of their own, before or behind the others."""
    plain = heif_of([(1, b"av01")], properties=[SIZE])
    mark = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    for data, found in (
        (plain, False),
        (plain + box(b"uuid", mark, bytes(20)), True),
        (plain + box(b"uuid", bytes(36)), False),
        (plain + box(b"jumb", bytes(20)), True),
    ):
        assert has_credentials(io.BytesIO(data)) == found
